"""Earlier commits of this repository, checked out to leave something that today's code takes over."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

COMMITS = ("413216c", "88a4982", "d77e1df", "f168f16", "8f6b60b", "dc86c34")
"""Ends of the stages since manifests have a schema."""


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Check a commit out for the block; skip the test where there is no history, as in an archive of the files."""
    git = shutil.which("git")
    if not git or subprocess.run([git, "-C", ROOT, "cat-file", "-e", commit], check=False).returncode:
        pytest.skip("needs the history of this repository")
    code = folder / commit
    subprocess.run(
        [git, "-C", ROOT, "worktree", "add", "--detach", "--force", code, commit], check=True, capture_output=True
    )
    try:
        yield code
    finally:
        subprocess.run([git, "-C", ROOT, "worktree", "remove", "--force", code], check=True)


def write_its_site_file(code: Path, folder: Path, url: str) -> Path:
    """Write the newsroom's site file as a checkout ships it: later ones have fields that it does not know."""
    folder.mkdir(parents=True, exist_ok=True)
    places = ("pressmark/sites/newsroom.yml", "pressmark/local/newsroom/newsroom.yml")  # Since 0.1.0 the latter.
    shipped = next(code / each for each in places if (code / each).is_file()).read_text("utf-8")
    (folder / "newsroom.yml").write_text(re.sub(r"(?m)^origin: .*$", f"origin: {url}", shipped))
    return folder
