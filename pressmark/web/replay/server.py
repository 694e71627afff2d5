"""The replay server: pywb reads WARCs directly from the bucket."""

import os
import shutil
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import yaml
from filelock import FileLock, Timeout

from pressmark.archive.s3.store import Store
from pressmark.config import wayback_program
from pressmark.errors import ServiceFailed, UsageError
from pressmark.private import make_folder, opener
from pressmark.system.child_process import Program
from pressmark.system.periodic import PeriodicThread
from pressmark.system.ports import LOOPBACK, answers, origin, require_free
from pressmark.web.common.caches import cache_name
from pressmark.web.replay.local_indexes import LocalIndexes

PORT = 8092
READY_SECONDS = 60
HOSTS, HERE, FRAMES = "PRESSMARK_REPLAY_HOSTS", "PRESSMARK_REPLAY_URL", "PRESSMARK_REPLAY_FRAMES"
"""Variables of `guarded_wayback.py`: its names, and the origins for people and for captured pages."""
LOCAL, LOCAL_FRAMES = "pywb.localhost", "replay.pywb.localhost"
"""Names of this machine that browsers resolve, for people and for captured pages; both belong to one site."""


def wayback() -> Path:
    """Return the path of pywb's program: `PRESSMARK_WAYBACK`, the one beside our Python, or one on the PATH."""
    ours = Path(sys.executable).parent / "wayback"
    found = None if ours.is_file() else shutil.which("wayback")
    return Path(wayback_program() or found or ours)


@attrs.define
class ReplayServer:
    """pywb, which runs while its context is entered; each site is a collection of that name."""

    store: Store
    cache: Path
    """Folder of the copied indexes, for one server at a time."""
    host: str = LOOPBACK
    port: int = PORT
    every: float = 30.0
    """Seconds between two synchronizations of the indexes."""
    url: str = ""
    """Origin for people; by default a name of this machine."""
    frames: str = ""
    """Origin of captured pages, with another name; by default a name of this machine."""
    wayback: Path = attrs.Factory(wayback)
    """pywb's program."""

    @contextmanager
    def running(self) -> Iterator[Program]:
        """Copy the indexes and start pywb; it is ready when the context is entered.

        Raises:
            UsageError: pywb is not installed.
            BucketError: the bucket can't be used.
            ServiceFailed: the port is taken, pywb did not start, or another server uses the folder.
        """
        if not self.wayback.is_file():
            raise UsageError(
                f"pywb is not installed ({self.wayback} does not exist). Install it in an environment of its own with "
                "`pip install 'pressmark[replay]'`, and set PRESSMARK_WAYBACK to its program."
            )
        require_free(self.port, "the replay server", "Give it another one with --port.")
        folder = self._folder
        make_folder(folder)
        try:
            with FileLock(folder / "lock", timeout=0, mode=0o600):
                indexes = LocalIndexes(self.store, folder / "collections")
                make_folder(indexes.folder)
                indexes.sync()
                program = self._program(folder)
                with PeriodicThread(indexes.sync_or_log, self.every, "indexes"):
                    try:
                        program.start()
                        program.wait_until(lambda: answers(self.host, self.port), READY_SECONDS)
                        yield program
                    finally:
                        program.stop()
        except Timeout:
            raise ServiceFailed(
                f"another replay server of this bucket uses {folder}. Choose another folder with --cache."
            ) from None

    @property
    def _folder(self) -> Path:
        return self.cache / cache_name(self.store)

    def _program(self, folder: Path) -> Program:
        config = {
            "collections_root": "collections",
            "archive_paths": f"s3://{self.store.bucket}/",
            "enable_memento": True,
        }
        with open(folder / "config.yaml", "w", encoding="utf-8", opener=opener) as file:
            yaml.safe_dump(config, file)
        log = folder / "pywb.log"
        log.unlink(missing_ok=True)
        guard = Path(__file__).with_name("guarded_wayback.py")
        # The Python with pywb is beside its program.
        command: list[str | Path] = [self.wayback.resolve().with_name("python"), guard]
        command += ["--bind", self.host, "--port", str(self.port)]
        return Program("the replay server", command, self._environment(folder), folder, log)

    def _environment(self, folder: Path) -> dict[str, str]:
        """Return the caller's environment; pywb's boto3 must name buckets in paths, as ours does."""
        file = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
        profile = os.environ.get("AWS_PROFILE", "default")
        config = ConfigParser(interpolation=None)
        config.read(file, "utf-8")
        section = profile if profile == "default" else f"profile {profile}"
        if not config.has_section(section):
            config.add_section(section)
        config[section]["s3"] = f"{config[section].get('s3', '')}\naddressing_style = path"
        with open(folder / "aws.config", "w", encoding="utf-8", opener=opener) as written:
            config.write(written)
        here = self.url or origin(LOCAL, self.port)
        return os.environ | {
            "AWS_CONFIG_FILE": str(folder / "aws.config"),
            HOSTS: ",".join(filter(None, (urlsplit(here).hostname, self.host))),
            HERE: here,
            FRAMES: self.frames or origin(LOCAL_FRAMES, self.port),
        }
