"""The values for Airflow's Helm chart agree with the compose file and with the chart's schema."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.conftest import ROOT

DOCKER = ROOT / "docker"
CHART = os.environ.get("PRESSMARK_AIRFLOW_CHART")
"""A folder with the chart (`helm pull --untar`); it is neither on PyPI nor in Debian or npm."""


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "helm-values.yaml").read_text())
    return loaded


def test_its_variables_are_those_of_the_compose_file(values: dict[str, Any]) -> None:
    compose = yaml.safe_load((DOCKER / "compose.yml").read_text())
    there = {name for name in compose["x-airflow-environment"] if name.startswith(("PRESSMARK", "AWS"))}
    assert {each["name"] for each in values["env"]} == there | {"AIRFLOW_CONN_AWS_DEFAULT"}


def test_its_image_is_the_one_that_is_built(values: dict[str, Any]) -> None:
    version = re.search(r"(?m)^VERSION=(.+)$", (DOCKER / ".env.example").read_text())
    base = re.search(r"(?m)^FROM apache/airflow:([\d.]+)-", (DOCKER / "airflow/Dockerfile").read_text())
    assert version
    assert base
    assert (values["images"]["airflow"]["tag"], values["airflowVersion"]) == (version[1], base[1])
    assert "COPY --chown=airflow:0 docker/*.sh ./docker/" in (DOCKER / "airflow/Dockerfile").read_text()
    for part in (values["workers"]["celery"], values["databaseCleanup"]):
        [shell, script] = part["args"]
        assert shell == "bash"
        assert (DOCKER / script.removeprefix("/opt/pressmark/docker/")).is_file()


def test_it_maps_the_metrics_of_the_dashboard(values: dict[str, Any]) -> None:
    ours = yaml.safe_load((DOCKER / "monitoring/statsd.yml").read_text())
    assert values["statsd"]["overrideMappings"] == ours["mappings"]


@pytest.mark.skipif(not CHART, reason="needs PRESSMARK_AIRFLOW_CHART: no package registry has the chart")
def test_the_chart_allows_it(values: dict[str, Any]) -> None:
    schema = json.loads(Path(str(CHART), "values.schema.json").read_text())
    assert not [
        f"{each.instance_path}: {each.message}" for each in jsonschema_rs.validator_for(schema).iter_errors(values)
    ]
