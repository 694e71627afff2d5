"""The guide to add a field, followed in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.markdown import shell_commands

GUIDE = (ROOT / "docs" / "how_to_add_a_field.md").read_text()
COPIED = ("benchmarks", "dags", "docs", "pipelines", "pressmark", "spiders", "tests", "CHANGELOG.md", "setup.cfg")
FIXTURES = "python -m tests.tools.save_pages && python -m tests.tools.write_schema_docs"
"""`make fixtures`, without the list of licences."""
OF_EXPORTS = (
    "tests/integration/test_reading_doc.py::test_the_table_of_columns_is_that_of_the_schema",
    "tests/jobs/test_exports.py::test_what_a_page_does_not_have_is_null",
)
"""Of the files that the guide runs last, the tests that an added field concerns."""
CHECK = """
from pressmark.jobs.export import SCHEMA, row
from pressmark.model.document import content_sha256, draft, validate, with_captures
from pressmark.reader import Document
from pressmark.web.common.version_diff import NAMES
from tests.support.samples import capture
from tests.support.saved_pages import expected, read_whole, saved_whole

document = with_captures(draft(read_whole(saved_whole("long"))), [capture()])
validate(document)
editor = expected("long")["editor"]
assert document["editor"] == {"@type": "Person", "name": editor} and editor
assert row(Document("articles/news/2022/02/18/WS1/20220218T005300Z.json", document))["editor"] == editor
without = {name: value for name, value in document.items() if name != "editor"}
assert row(Document("articles/news/2022/02/18/WS1/20220218T005300Z.json", without))["editor"] is None
assert content_sha256(document) == content_sha256(without)
assert "editor" in NAMES
"""


@pytest.mark.slow
def test_the_guide_adds_a_field(tmp_path: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    for block in re.findall(r"^   ```diff\n(.*?)^   ```", GUIDE, re.DOTALL | re.MULTILINE):
        apply(re.sub("(?m)^   ", "", block), tmp_path)
    copy, make, quick, longer, all_tests = shell_commands(GUIDE)
    assert (make, all_tests) == ("make fixtures", "make test")
    assert all(test.partition("::")[0] in longer for test in OF_EXPORTS)
    python = f"{sys.executable} -m pytest -n 0 -p no:cacheprovider"
    for command in (
        copy,
        FIXTURES.replace("python", sys.executable),
        quick.replace(".venv/bin/python -m pytest", python) + f" {' '.join(OF_EXPORTS)}",
    ):
        run(["bash", "-c", command], tmp_path)
    run([sys.executable, "-c", CHECK], tmp_path)
    assert "| `editor.name` | string |" in (tmp_path / "docs" / "schema.md").read_text()


def apply(block: str, folder: Path) -> None:
    """Change files as a diff without line numbers says; what it changes must be there once."""
    for path, hunks in re.findall(r"(?ms)^--- a/.*?^\+\+\+ b/(\S+)\n(.*?)(?=^--- a/|\Z)", block):
        text = (folder / path).read_text()
        for hunk in hunks.split("@@\n")[1:]:
            lines = hunk.splitlines(keepends=True)
            old, new = ("".join(each[1:] for each in lines if each[0] in f" {sign}") for sign in "-+")
            assert f"\n{text}".count(f"\n{old}") == 1, (path, old)
            text = f"\n{text}".replace(f"\n{old}", f"\n{new}").removeprefix("\n")
        (folder / path).write_text(text)


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}{done.stderr}"
