"""The benchmark of captures runs: what it measures changes, and it is started by hand, once in a while."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.long


def test_each_way_of_ours_reads_every_page() -> None:
    ways = ("tuned", "capture", "whole", "plain")
    options = [word for way in ways for word in ("--only", way)]
    command = [sys.executable, "-m", "benchmarks.capture", "--pages", "30", "--rounds", "1", "--memory-pages", "0"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert all(f"{way} / " in done.stdout for way in ("capture", "whole"))
