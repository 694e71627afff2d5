"""The files of docker/ agree with each other and with the code; no Docker engine is needed."""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
FREE = {"statsd", "prometheus", "grafana", "s3", "postgres", "redis", "init"}
"""Images of others, and what ends by itself."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
    return loaded


def test_every_setting_is_explained_and_used(compose: dict[str, Any]) -> None:
    text = (DOCKER / "compose.yml").read_text()
    lines = (DOCKER / ".env.example").read_text().splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[A-Z0-9_]+=", line)]
    for number in settings:
        assert lines[number - 1].startswith("# "), f"nothing explains {lines[number]}"
    named = {lines[number].partition("=")[0] for number in settings}
    used = set(re.findall(r"\$\{([A-Z_0-9]+)\}", text))
    assert used == named - {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
    assert compose["services"]


def test_every_service_has_limits(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] or name == "init", name
        assert "healthcheck" in service or name in {"init", "reading-room", "replay"}, name
        assert "latest" not in service["image"], name
        assert ":" in service["image"], name
        for port in service.get("ports", ()):
            assert port.startswith("${LISTEN}:"), ".env says where, by default loopback"
    for image in ("reading-room", "replay"):
        assert "HEALTHCHECK CMD" in (DOCKER / image / "Dockerfile").read_text()


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] in {"service_healthy", "service_completed_successfully"}, name
            assert needed in services
    assert services["worker"]["depends_on"].keys() == {"init", "apiserver"}


def test_secrets_are_made_and_never_committed(compose: dict[str, Any], tmp_path: Path) -> None:
    secrets = compose["secrets"]
    shutil.copy(DOCKER / "new-secrets", tmp_path)
    subprocess.run([tmp_path / "new-secrets"], check=True, capture_output=True)
    made = {path.name: path for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() == secrets.keys()
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    before = {name: path.read_bytes() for name, path in made.items()}
    (tmp_path / "secrets/jwt_secret").unlink()
    subprocess.run([tmp_path / "new-secrets"], check=True, capture_output=True)
    changed = {name for name, path in made.items() if path.read_bytes() != before[name]}
    assert changed == {"jwt_secret"}, "existing files stay"
    assert made["postgres_password"].read_text() in made["database_url"].read_text()
    identities = json.loads(made["s3_identities"].read_text())["identities"]
    for identity in identities:
        keys = identity["credentials"][0]
        assert keys["secretKey"] in made[f"{identity['name']}_keys"].read_text()
    actions = {each["name"]: each["actions"] for each in identities}
    assert actions["reader"] == ["Read", "List"]
    assert "PutObjectRetention" in actions["crawler"]
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/docker/secrets/", "/docker/.env"} <= set(ignored)


def test_images_are_built_of_locks_with_hashes() -> None:
    ours = dict(re.findall(r"(?m)^(\S+)==(\S+)", (ROOT / "requirements.lock").read_text()))
    for image in ("airflow", "reading-room", "replay"):
        dockerfile = (DOCKER / image / "Dockerfile").read_text()
        assert "--require-hashes" in dockerfile
        assert "apt-get" not in dockerfile, "pin their versions if one is needed"
        assert re.search(r"(?m)^USER 50000$", dockerfile)
    for image in ("airflow", "reading-room"):
        lock = (DOCKER / image / "requirements.lock").read_text()
        theirs = dict(re.findall(r"(?m)^(\S+)==(\S+)", lock))
        different = {name for name in theirs.keys() & ours.keys() if theirs[name] != ours[name]}
        assert not different, "images have the versions that the tests run with"
        assert all(f"{name}==" in lock and "--hash=sha256:" in lock for name in theirs)


def test_the_dashboard_uses_documented_metrics() -> None:
    documented = (ROOT / "docs/metrics.md").read_text()
    dashboard = json.loads((DOCKER / "monitoring/dashboards/pressmark.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    for name in set(re.findall(r"pressmark_[a-z_]+", asked)):
        assert f"`{name.replace('_', '.', 1)}" in documented, name
    mapped = (DOCKER / "monitoring/statsd.yml").read_text()
    for name in set(re.findall(r"airflow_[a-z_]+?(?=_sum|_count|[^a-z_]|$)", asked)):
        assert f"name: {name}" in mapped, name
