"""Tools of the field that judge our files, and patience."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BIN = Path(sys.executable).parent


def fastwarc_check(path: Path) -> tuple[int, set[str]]:
    """Run `fastwarc check`, which must pass, and `-p`, for its exit code and the ids of records it finds fault with."""
    subprocess.run([BIN / "fastwarc", "check", "-q", path], check=True)
    report = path.with_suffix(".report")
    checked = subprocess.run([BIN / "fastwarc", "check", "-q", "-p", "-o", report, path], check=False)
    return checked.returncode, {line.split(": ")[0] for line in report.read_text().splitlines() if "FAIL" in line}


def until(ready: Callable[[], bool], seconds: float = 30) -> None:
    """Return once it is ready; look again and again, and fail when the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not ready within {seconds} s"
        time.sleep(0.05)
