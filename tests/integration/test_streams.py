"""Standard streams that are closed, full or ASCII only: the command does its work and prints what it can."""

import json
import subprocess
from pathlib import Path

import pytest

from pressmark.model.document import to_bytes
from tests.cli.test_cli import PRESSMARK
from tests.support.archive import Archive


def sh(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, timeout=120)


def test_a_crawl_needs_no_stream(archive: Archive) -> None:
    assert sh(f"{PRESSMARK} crawl newsroom/world/europe --pages 1 <&- >&- 2>&-").returncode == 0
    assert archive.documents()


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_command_needs_no_stream(archive: Archive, closed: str) -> None:
    assert sh(f"{PRESSMARK} status {closed}").returncode == 0


def test_a_full_disk_under_the_output_is_reported(archive: Archive) -> None:
    done = sh(f"{PRESSMARK} sites > /dev/full")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pressmark: [Errno 28] No space left on device. This machine is the cause: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_of_temporary_files_is_reported_and_ascii_gets_escapes(archive: Archive, tmp_path: Path) -> None:
    archive.crawl("--pages", "1")
    key = next(archive.store.keys("articles/"))
    document = json.loads(archive.store.get(key)) | {"headline": "Z\N{LATIN SMALL LETTER U WITH DIAERESIS}rich"}
    archive.store.put(key, to_bytes(document))

    done = sh(f"ulimit -f 4; TMPDIR={tmp_path} {PRESSMARK} export newsroom")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr

    done = sh(f"PYTHONIOENCODING=ascii {PRESSMARK} versions {key.split('/')[-2]}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Z\\xfcrich" in done.stdout
