"""The documents name tests and modules that are there, and each line of their tables of promises names one."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

TABLES = {
    "alarms.md": ("What holds",),
    "architecture.md": ("What survives what", "Promises"),
    "console.md": ("What holds",),
    "reading_room.md": ("What holds",),
    "replay.md": ("What holds",),
    "security.md": ("Set the bucket up", "Who may do what", "What a site can't do"),
}
"""By document: the sections with a table each line of which names a test."""
FILE = re.compile(r"`((?:tests/)?(?:\w+/)*test_\w+\.py)`")
MODULE = re.compile(r"`((?:\w+/)*\w+\.py)`")
FUNCTION = re.compile(r"`(test_\w+)(?:\.\.\.)?`")
"""A test, or how the names of some begin."""


def files(name: str) -> list[Path]:
    """Return the test files that a name means: a path from the root, or the end of one."""
    return [path for path in (ROOT / "tests").rglob("test_*.py") if f"/{path.relative_to(ROOT)}".endswith(f"/{name}")]


@pytest.mark.parametrize("document", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.stem)
def test_each_test_that_a_document_names_is_one_that_is_there(document: Path) -> None:
    text = document.read_text()
    assert [name for name in FILE.findall(text) if len(files(name)) != 1] == []
    if names := FUNCTION.findall(text):
        tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
        assert [name for name in names if f"def {name}" not in tests] == []


@pytest.mark.parametrize(("document", "heading"), [(name, each) for name, found in TABLES.items() for each in found])
def test_each_line_of_a_table_names_a_test(document: str, heading: str) -> None:
    text = (ROOT / "docs" / document).read_text()
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    [_, _, *lines] = [line for line in section.splitlines() if line.startswith("|")]
    assert lines
    assert [line for line in lines if not (FILE.search(line) or FUNCTION.search(line))] == []


def test_each_module_that_a_document_names_is_one_that_is_there() -> None:
    folders = ("benchmarks", "dags", "pipelines", "pressmark", "spiders", "tests")
    modules = [f"/{path.relative_to(ROOT)}" for folder in folders for path in (ROOT / folder).rglob("*.py")]
    documents = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    named = {(path.name, name) for path in documents for name in MODULE.findall(path.read_text())}
    assert [each for each in sorted(named) if not any(path.endswith(f"/{each[1]}") for path in modules)] == []
