"""The plugin as Airflow loads it, and its guard."""

import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from pressmark.airflow.plugin import ArchivePlugin
from tests.conftest import ROOT

HEAVY = {"boto3", "jinja2", "pressmark.airflow.console.app", "pressmark.sites.site"}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)


def test_the_entry_point_names_the_plugin() -> None:
    setup = (ROOT / "setup.cfg").read_text()
    value = setup.partition("airflow.plugins =\n    pressmark = ")[2].partition("\n")[0]
    assert EntryPoint("pressmark", value, "airflow.plugins").load() is ArchivePlugin


def test_it_brings_a_page_and_a_tab() -> None:
    views: dict[str, dict[str, Any]] = {each["destination"]: each for each in ArchivePlugin.external_views}
    assert {each["name"] for each in views.values()} == {"Archive"}
    assert views["nav"]["href"] == "archive/"
    assert "dag_id={DAG_ID}&run_id={RUN_ID}" in views["dag_run"]["href"]
    assert len({each["url_route"] for each in views.values()}) == 2
    assert [each["url_prefix"] for each in ArchivePlugin.fastapi_apps] == ["/archive"]


def test_loading_it_makes_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, airflow.plugins_manager; before = set(sys.modules); import pressmark.airflow.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = set(python("-c", script).stdout.split())
    assert "pressmark.airflow.plugin" in loaded
    assert not loaded & HEAVY
    assert len(loaded) < 10


def test_airflows_own_guard_protects_every_route(tmp_path: Path) -> None:
    statuses = json.loads(python("-m", "tests.airflow.console.guarded", str(tmp_path)).stdout.splitlines()[-1])
    assert statuses.pop("viewer") == 200
    assert statuses.pop("wrong") == 403
    assert len(statuses) == 10
    assert set(statuses.values()) == {401}
