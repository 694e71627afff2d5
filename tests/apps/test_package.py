import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.cli import main
from pressmark.archive import keys
from pressmark.archive.store import JSON
from tests.apps.conftest import READABLE, Archive

ROOT = Path(__file__).parents[2]


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.slow
def test_a_day_of_the_newsroom_is_packaged_checked_and_found_broken(archive: Archive, tmp_path: Path) -> None:
    assert "no segments have arrived" in run("package", "newsroom")
    archive.crawl()
    [told] = json.loads(run("package", "newsroom", "--json").rpartition("]")[0] + "]")
    day = told["day"]
    assert day == datetime.now(UTC).date().isoformat()
    assert (told["segments"], told["pages"], told["lost"], told["changed"]) == (1, READABLE, 0, True)
    key = f"wacz/newsroom/{day}.wacz"
    package = tmp_path / "day.wacz"
    package.write_bytes(archive.store.get(key))
    command = [ROOT / ".replay/bin/wacz", "validate", "-f", package]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "no segments have arrived" in run("package", "newsroom")
    assert "as it was" in run("package", "newsroom", "--day", day)
    assert "1 days looked at, 0 packages written" in run("package", "newsroom", "--all")
    assert "nothing was captured" in run("package", "newsroom", "--day", "2001-01-01")
    run("package", "newsroom", "--day", day, "--all", code=2)

    run("verify", "newsroom", "--full")
    flipped = bytearray(package.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    archive.store.put(key, bytes(flipped), JSON)
    assert key in run("verify", "--full", code=8)
    assert key in run("verify", "newsroom", "--day", day, "--full", code=8)
    run("verify", "newsroom")
    assert keys.packaged("newsroom") in archive.store.keys(keys.packages(""))


def test_a_wrong_key_is_told_before_anything_is_made(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSMARK_WACZ_KEY", "/nowhere/key.pem")
    assert archive.store
    assert "PRESSMARK_WACZ_KEY=/nowhere/key.pem" in run("package", "newsroom", code=2)
