"""The images of docker/ are built, and the services of docker/compose.yml run from them, without a Docker engine.

Each service is a container: its files are its image's, read-only where the compose file says so, with its user, no
capabilities, its secrets, tmpfs and volumes. One section is archived through Celery, read in the reading room and
replayed.

What can't be tested here:

- the real bases: their Python 3.12, what else they hold, Airflow's own entry point;
- the images of PostgreSQL, Redis and SeaweedFS: packages stand in; Redis and SeaweedFS run the compose file's commands;
- Compose itself: order of start, restarts, networks, published ports, limits of CPU and memory, rotation of logs;
- an engine's health checks (their commands are run), and more than one worker (here they would share a port for logs);
- the profile `monitoring`.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import attrs
import httpx
import psycopg2
import pytest

from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.system.child_process import Program
from tests.distributed.cluster import POSTGRES, postgres
from tests.docker.containers import Containers, loopback_only, read_compose
from tests.docker.images import MISSING, Image, built_images
from tests.support.tools import until

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"needs apt-get install {' '.join(MISSING)}"),
    pytest.mark.skipif(not POSTGRES, reason="needs apt-get install postgresql"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root: containers have mounts and a network of their own"),
]

AIRFLOW, ROOM, PYWB = (f"http://127.0.0.1:{port}" for port in (8080, 8090, 8092))
SECTION, DAG, PACKAGE_DAG = "newsroom/world/europe", "archive_newsroom_world_europe", "package_newsroom"
SECONDS = 240
SERVICES = ("apiserver", "scheduler", "dag-processor", "triggerer", "worker", "reading-room", "replay")
WEED = "/usr/bin/weed"


@attrs.frozen
class Up:
    """All that runs."""

    containers: Containers
    programs: dict[str, Program]
    site: RunningNewsroom
    client: httpx.Client
    """Of Airflow's API, as the user `operator`."""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask Airflow's API."""
        response = self.client.request(method, f"{AIRFLOW}/api/v2{path}", json=body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:1000]}"
        return response.json()

    def run(self, dag: str) -> set[str]:
        """Run a DAG until it succeeds; return the hosts that its tasks ran on."""
        # A DAG is listed a moment before it can run.
        until(lambda: self.client.get(f"{AIRFLOW}/api/v2/dags/{dag}/dagVersions").json().get("total_entries"), SECONDS)
        assert self.call("GET", "/importErrors")["import_errors"] == []
        self.call("PATCH", f"/dags/{dag}", {"is_paused": False})
        run_id = self.call("POST", f"/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
        path = f"/dags/{dag}/dagRuns/{run_id}"

        def tasks() -> list[dict[str, Any]]:
            time.sleep(0.5)
            return list(self.call("GET", f"{path}/taskInstances")["task_instances"])

        def ended() -> bool:
            assert not [each for each in tasks() if each["state"] in {"failed", "up_for_retry"}], self.logs()
            return bool(self.call("GET", path)["state"] == "success")

        until(ended, SECONDS)
        return {each["hostname"] for each in tasks() if each["state"] == "success"}

    def logs(self) -> str:
        """Return the last lines of all services."""
        return "\n".join(program.log_tail() for program in self.programs.values())


@pytest.fixture(scope="module")
def images() -> Iterator[dict[str, Image]]:
    with built_images() as built:
        yield built


@pytest.fixture(scope="module")
def up(images: dict[str, Image], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("services")
    with ExitStack() as stack:
        stack.enter_context(loopback_only())
        site = stack.enter_context(RunningNewsroom(Newsroom(articles=12, crawl_delay=0)))
        sites = write_site_file(folder / "sites", site.url)
        sites.chmod(0o755)
        (sites / "newsroom.yml").chmod(0o644)
        containers = Containers(folder, read_compose({"SITES": str(sites), "METRICS": "False", "WORKERS": "1"}), images)
        containers.make_secrets()
        stack.enter_context(postgres(folder, 5432))
        _make_database()
        programs = {}

        def start(name: str, container: AbstractContextManager[Program]) -> None:
            programs[name] = stack.enter_context(container)

        start("redis", containers.running("redis"))
        start("s3", _s3(containers))
        for name in ("redis", "s3"):
            programs[name].wait_until(partial(containers.is_healthy, name), SECONDS)
        code, output = containers.run("init")
        assert code == 0, output
        for name in SERVICES:
            start(name, containers.running(name))
            if name == "apiserver":
                programs[name].wait_until(partial(containers.is_healthy, name), SECONDS)
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=60))
        login = {"username": "operator", "password": containers.secret("airflow_operator_password")}
        token = client.post(f"{AIRFLOW}/auth/token", json=login).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield Up(containers, programs, site, client)


def _make_database() -> None:
    connection = psycopg2.connect(host="127.0.0.1", user="airflow", dbname="postgres")
    connection.autocommit = True
    connection.cursor().execute("CREATE DATABASE airflow")
    connection.close()


def _s3(containers: Containers) -> AbstractContextManager[Program]:
    """Run SeaweedFS of the wheel by the compose file's command. Its volume server leaves port 8080 to Airflow."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    command = [WEED, *containers.services["s3"]["command"], "-volume.port=8380"]
    return containers.running("s3", command, [f"ro:{weed}:{WEED}"])


def test_images_are_of_a_user_and_hold_nothing_of_this_machine(images: dict[str, Image]) -> None:
    for name, image in images.items():
        if name != "base":
            assert image.config["User"] == "50000"
            assert not [each for each in ("etc/pip.conf", "etc/uv/uv.toml", "root/.npmrc") if _text(image, each)]
            assert not list(image.root.glob("opt/pressmark/**/secrets"))


def _text(image: Image, path: str) -> str:
    return (image.root / path).read_text() if (image.root / path).exists() else ""


def test_a_section_is_archived_through_celery_read_and_replayed(up: Up) -> None:
    assert up.run(DAG) == {"worker"}
    code, output = up.containers.run("apiserver", ["pressmark", "verify", SECTION, "--full"])
    assert (code, "every object is there, whole" in output) == (0, True), output

    assert up.run(PACKAGE_DAG) == {"worker"}  # Writes the exports and the index that the two servers read.
    until(lambda: "/articles/newsroom/" in _get(ROOM, "/", "pressmark.localhost:8090"), SECONDS)
    listing = f"{up.site.url}/world/europe"
    until(lambda: bool(_get(PYWB, f"/newsroom/2030/{listing}", "pywb.localhost:8092")), SECONDS)
    assert "- World</title>" in _get(PYWB, f"/newsroom/2030mp_/{listing}", "replay.pywb.localhost:8092")


def _get(origin: str, path: str, host: str) -> str:
    response = httpx.get(f"{origin}{path}", headers={"Host": host}, trust_env=False, follow_redirects=False)
    assert response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}, response
    return response.text if response.status_code == HTTPStatus.OK else ""


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_healthy_by_its_own_check(up: Up, name: str) -> None:
    assert up.containers.is_healthy(name), up.programs[name].log_tail()


def test_the_cleaner_can_clean_the_database(up: Up) -> None:
    code, output = up.containers.run("cleaner", ["/opt/pressmark/docker/clean-database.sh"])
    assert code == 0, output


def test_a_worker_ends_in_order(up: Up) -> None:
    up.programs["worker"].terminate()
    until(lambda: not up.programs["worker"].running, SECONDS)
