"""Images built without an engine: buildah runs the Dockerfiles on stand-ins for their bases.

A base can't be pulled here, so a small Debian takes its name. The machine's certificates and its package index are
mounted while a build runs, and are in no image.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.conftest import ROOT

TOOLS = ("buildah", "mmdebstrap")
MISSING = [tool for tool in TOOLS if not shutil.which(tool)]
BASES = Path(__file__).with_name("bases")
PACKAGES = ("ca-certificates", "curl", "dumb-init", "python3", "python3-venv", "redis-server", "wget")
"""Of the stand-ins: what the real bases have, Redis, and what the health checks of the S3 server need."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's bundle, in a base."""


@attrs.frozen
class Image:
    """An image that was built: its files, and how it is started."""

    root: Path
    config: Mapping[str, Any]
    """Env, Entrypoint, Cmd, User, WorkingDir, Healthcheck."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its ENV lines."""
        return dict(line.split("=", 1) for line in self.config["Env"] or ())

    @property
    def health_check(self) -> list[str]:
        """The words of its HEALTHCHECK line."""
        return list(self.config["Healthcheck"]["Test"])


@contextmanager
def built_images() -> Iterator[dict[str, Image]]:
    """Build all of docker/*/Dockerfile; yield the images by folder, and `base`. All of it is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pressmark-images-"))
    builder = _Builder(folder)
    try:
        yield builder.build()
    finally:
        builder.unmount()
        shutil.rmtree(folder)


@attrs.frozen
class _Builder:
    folder: Path

    def build(self) -> dict[str, Image]:
        context = self.folder / "context"
        context.mkdir()
        (self.folder / "tmp").mkdir()
        (self.folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        storage = f'driver = "{self._driver}"\ngraphroot = "{self.folder}/graph"\nrunroot = "{self.folder}/run"\n'
        (self.folder / "storage.conf").write_text(f"[storage]\n{storage}")
        _make_debian(context / "root.tar")
        self._build(BASES / "python.Dockerfile", "stand-in/python", context)
        dockerfiles = sorted((ROOT / "docker").glob("*/Dockerfile"))
        bases = {name for path in dockerfiles for name in re.findall(r"(?m)^FROM (\S+)", path.read_text())}
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: self._build(_stand_in(name), name, context), sorted(bases)))
            list(pool.map(lambda path: self._build(path, f"pressmark/{path.parent.name}", ROOT), dockerfiles))
        made = {path.parent.name: self._image(f"pressmark/{path.parent.name}") for path in dockerfiles}
        return made | {"base": self._image("stand-in/python")}

    def unmount(self) -> None:
        """Unmount the images' files."""
        self._buildah("rm", "--all")

    @property
    def _driver(self) -> str:
        """How layers are stored: overlaid, or copied where the file system is an overlay itself."""
        kind = subprocess.run(["stat", "-fc", "%T", self.folder], capture_output=True, text=True, check=True).stdout
        return "vfs" if kind.startswith("overlay") else "overlay"

    def _build(self, dockerfile: Path, name: str, context: Path) -> None:
        mounts = [f"--volume={ours}:{theirs}:ro" for theirs, ours in self._machine().items()]
        how = [
            f"--signature-policy={self.folder}/policy.json",
            "--format=docker",
            "--pull-never",
        ]  # OCI's has no HEALTHCHECK.
        self._buildah("build", *how, *mounts, f"--file={dockerfile}", f"--tag={name}", str(context))

    def _image(self, name: str) -> Image:
        config = json.loads(self._buildah("inspect", "--type", "image", name))["Docker"]["config"]
        container = self._buildah("from", f"--signature-policy={self.folder}/policy.json", "--pull-never", name)
        return Image(Path(self._buildah("mount", container.strip()).strip()), config)

    def _buildah(self, *arguments: str) -> str:
        environment = os.environ | {
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "STORAGE_DRIVER": self._driver,
            "TMPDIR": str(self.folder / "tmp"),
        }
        done = subprocess.run(["buildah", *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"buildah {arguments[0]} failed: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def _machine(self) -> dict[str, Path]:
        """Return files that say how this machine reaches packages, by their path during a build."""
        index = re.search(r"(?m)^\S*index-url='(\S+)'$", _pip("config", "list"))
        bundle = self.folder / "certificates.crt"
        shutil.copyfile(ssl.get_default_verify_paths().cafile or CERTIFICATES, bundle)
        texts = {
            "/etc/pip.conf": f"[global]\ncert = {CERTIFICATES}\n" + (f"index-url = {index[1]}\n" if index else ""),
            "/etc/uv/uv.toml": "system-certs = true\n" + (f'index-url = "{index[1]}"\n' if index else ""),
            "/root/.npmrc": f"cafile={CERTIFICATES}\n",
        }
        for path, text in texts.items():
            (self.folder / Path(path).name).write_text(text)
        return {CERTIFICATES: bundle, **{path: self.folder / Path(path).name for path in texts}}


def _stand_in(name: str) -> Path:
    """Return the Dockerfile that stands in for a base."""
    return BASES / f"{name.partition(':')[0].rpartition('/')[2]}.Dockerfile"


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _make_debian(target: Path) -> None:
    """Write the smallest system that a base can be made of, from the machine's own Debian mirror."""
    release = Path("/etc/os-release").read_text()
    [suite] = re.findall(r"(?m)^VERSION_CODENAME=(\w+)$", release)
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    named = re.compile(rf"(?m)^(Suites:|deb ).*(?<![\w-]){suite}(?![\w-])")
    sources = [
        path
        for path in files
        if path.suffix in {".list", ".sources"} and path.is_file() and named.search(path.read_text())
    ]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += ['--aptopt=Acquire::Check-Valid-Until "false"', suite, str(target), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"mmdebstrap failed: {done.stderr[-3000:]}"
