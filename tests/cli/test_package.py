import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pressmark.archive.s3.store import JSON
from pressmark.cli.main import main
from pressmark.model import keys
from tests.support.archive import READABLE, Archive

ROOT = Path(__file__).parents[2]


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.slow
def test_a_day_of_the_newsroom_is_packaged_checked_and_found_broken(archive: Archive, tmp_path: Path) -> None:
    assert "no segments have arrived" in run("package", "newsroom")
    archive.crawl()
    [day_result] = json.loads(run("package", "newsroom", "--json").rpartition("]")[0] + "]")
    day = day_result["day"]
    assert day == datetime.now(UTC).date().isoformat()
    assert (day_result["segments"], day_result["pages"], day_result["lost"], day_result["changed"]) == (
        1,
        READABLE,
        0,
        True,
    )
    key = f"wacz/newsroom/{day}.wacz"
    package = tmp_path / "day.wacz"
    package.write_bytes(archive.store.get(key))
    command = [ROOT / ".replay/bin/wacz", "validate", "-f", package]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "no segments have arrived" in run("package", "newsroom")
    assert "as it was" in run("package", "newsroom", "--day", day)
    assert "1 day checked, 0 packages written" in run("package", "newsroom", "--all")
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


def test_a_wrong_key_is_reported_before_anything_is_made(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSMARK_WACZ_KEY", "/nowhere/key.pem")
    assert archive.store
    assert "PRESSMARK_WACZ_KEY=/nowhere/key.pem" in run("package", "newsroom", code=2)


@pytest.mark.slow
def test_who_signed_a_package_is_checked_by_verify_and_audit_and_it_is_made_again(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = (_keys(tmp_path / name) for name in ("ours", "other"))
    archive.crawl()
    [day_result] = json.loads(run("package", "newsroom", "--json").rpartition("]")[0] + "]")
    run("verify", "newsroom", "--full")

    def is_trusted(private: Path | None, *public: Path) -> bool:
        monkeypatch.delenv("PRESSMARK_WACZ_KEY", raising=False)
        if private:
            monkeypatch.setenv("PRESSMARK_WACZ_KEY", str(private))
        monkeypatch.setenv("PRESSMARK_WACZ_PUBLIC_KEYS", os.pathsep.join(map(str, public)))
        commands = (["verify", "newsroom", "--full"], ["audit", "newsroom", "--sample", "0"])
        codes = [CliRunner().invoke(main, words).exit_code for words in commands]
        assert codes in ([0, 0], [8, 8])
        return codes == [0, 0]

    assert is_trusted(None)
    assert not is_trusted(None, ours[1]), "it is not signed"
    monkeypatch.setenv("PRESSMARK_WACZ_KEY", str(ours[0]))
    run("package", "newsroom", "--day", day_result["day"])
    assert is_trusted(ours[0])
    assert is_trusted(None, other[1], ours[1])
    assert not is_trusted(None, other[1])
    assert not is_trusted(other[0])
    run("package", "newsroom", "--day", day_result["day"])
    assert is_trusted(other[0])


def _keys(path: Path) -> tuple[Path, Path]:
    """Make a key pair, and return its two files."""
    key = ec.generate_private_key(ec.SECP384R1())
    private, public = path.with_suffix(".key"), path.with_suffix(".pub")
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    private.chmod(0o600)
    of_public = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, of_public))
    return private, public


def test_the_last_day_that_there_is_has_no_package(archive: Archive) -> None:
    assert "nothing was captured" in run("package", "newsroom", "--day", "9999-12-31")
