"""What is installed, and whether somebody looked at its licence."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.tools import licences

OF_THE_LIST = pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11),
    reason="the list is that of Python 3.11 on Linux, as CI has it; others install a few other packages",
)


@OF_THE_LIST
def test_the_list_is_that_of_what_is_installed() -> None:
    assert licences.PATH.read_text("utf-8") == licences.head() + licences.written(), "make fixtures"


@OF_THE_LIST
def test_every_licence_that_asks_for_more_is_explained() -> None:
    packages = {
        name: kind for each in licences.ENVIRONMENTS.values() for name, kind in licences.installed(each).items()
    }
    rows = re.findall(r"(?m)^\| ([\w., -]+) \| [^|]+ \| [^|]+ \|$", licences.head())
    explained = {name for row in rows for name in row.split(", ")} - {"package"}
    assert explained == {name for name, kind in packages.items() if not licences.is_permissive(kind)}


@pytest.mark.parametrize(
    ("licence", "permissive"),
    [("MIT", True), ("MIT OR GPL-3.0", True), ("Apache-2.0 AND (MIT)", True), ("MPL-2.0 AND MIT", False), ("", False)],
)
def test_a_choice_needs_one_and_a_sum_all(licence: str, permissive: bool) -> None:
    assert licences.is_permissive(licence) == permissive


@pytest.mark.long
def test_a_bill_of_materials_names_every_package_of_a_lock(tmp_path: Path) -> None:
    subprocess.run(["make", "sbom", f"SBOM={tmp_path}"], cwd=ROOT, check=True, capture_output=True)
    made = {path.name.removesuffix(".cdx.json"): json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert made.keys() == {"airflow", "reading-room", "replay", "environment", "environment-replay"}
    for image in ("airflow", "reading-room", "replay"):
        lock = (ROOT / "docker" / image / "requirements.lock").read_text()
        components = made[image]["components"]
        assert {(each["name"], each["version"]) for each in components} == set(re.findall(r"(?m)^(\S+)==(\S+)", lock))
        assert all(each["externalReferences"][0]["hashes"] for each in components)
        assert made[image]["bomFormat"] == "CycloneDX"
    assert "pressmark" in {each["name"] for each in made["environment"]["components"]}
