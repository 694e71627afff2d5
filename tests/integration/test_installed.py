"""What an installation has: the wheel, by itself, in an empty folder; each role with its extra and no other."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import attrs
import httpx
import pytest

from pressmark.cli.main import COMMANDS
from pressmark.system.ports import free_port
from pressmark.web.reading_room.player import player_folder
from tests.conftest import ROOT
from tests.support.tools import until

pytestmark = pytest.mark.long
UV = Path(sys.executable).with_name("uv")
SECTION = "newsroom/world/europe"
ROLES = ("airflow", "crawl", "demo", "exports", "newsroom", "reader", "reading-room", "replay", "s3server", "all")
LOCKS = {"replay": "docker/replay/requirements.lock"}
"""By extra, where its versions are pinned; the others have the first lock."""
BUNDLE = '[{"name": "pressmark", "classpath": "pressmark.airflow.dag_bundle.PressmarkDagBundle", "kwargs": {}}]'


@attrs.frozen
class Installed:
    """The wheel in environments of its own, and an empty folder to work in."""

    wheel: Path
    folder: Path

    def bin(self, extra: str) -> Path:
        """Return the programs of an environment that has this extra alone."""
        made = self.folder / "environments" / extra
        if not made.exists():
            subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, made], check=True)
            lock = (ROOT / LOCKS.get(extra, "requirements.lock")).read_text()
            pins = made / "pins.txt"
            pins.write_text(re.sub(r" \\\n( +--hash=\S+( \\)?\n)+", "\n", lock))
            wanted = f"pressmark[{extra}] @ file://{self.wheel}"
            subprocess.run(
                [UV, "pip", "install", "--quiet", "--python", made / "bin/python", "--constraint", pins, wanted],
                check=True,
            )
        return made / "bin"

    @property
    def empty(self) -> Path:
        """The folder that commands run in."""
        return self.folder / "empty"

    def environment(self) -> dict[str, str]:
        """Return what commands find: nothing of this checkout, or of Airflow's home of the tests."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "AWS", "PRESSMARK", "PYTHON", "VIRTUAL_ENV"))
        }
        sites, written = self.empty / ".pressmark" / "sites", self.empty / ".pressmark" / "s3" / "s3.env"
        keys = re.findall(r"export (\w+)=(\S+)", written.read_text()) if written.exists() else []
        return {
            **kept,
            **dict(keys),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": BUNDLE,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            **({"PRESSMARK_SITES": str(sites)} if sites.exists() else {}),
        }

    def run(self, extra: str, *command: str, code: int = 0) -> str:
        """Run a program of an environment; return what it printed on both streams."""
        done = subprocess.run(
            [self.bin(extra) / command[0], *command[1:]],
            cwd=self.empty,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    @contextmanager
    def serving(self, extra: str, url: str, *command: str) -> Iterator[None]:
        """Run a server of an environment until the block ends; it answers at this URL when the block begins."""
        log = self.folder / f"{command[0]}-{extra}.log"
        with log.open("w") as written:
            process = subprocess.Popen(
                [self.bin(extra) / "pressmark", *command],
                cwd=self.empty,
                env=self.environment(),
                stdout=written,
                stderr=subprocess.STDOUT,
            )
            try:
                until(lambda: process.poll() is not None or answers(url), 120)
                assert process.poll() is None, log.read_text()
                yield
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(60)


def answers(url: str) -> bool:
    """Whether a server answers, whatever it says."""
    try:
        httpx.get(url, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def tracked() -> list[str]:
    """Return the files of the repository."""
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of sdist and wheel; the wheel is built from the sdist."""
    folder, source = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("source")
    for name in tracked():  # A build leaves metadata where it builds, which hides those of the environment.
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name, follow_symlinks=False)
    build = [UV, "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder, source]
    subprocess.run(build, check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    (folder / "empty").mkdir()
    [wheel] = built.glob("*.whl")
    return Installed(wheel, folder)


def test_the_wheel_holds_one_name_and_all_that_runs(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == {"pressmark"}
    ours = {name for name in tracked() if name.startswith("pressmark/") and not (ROOT / name).is_symlink()}
    ours |= {f"pressmark/{name}" for name in tracked() if name.startswith(("dags/", "pipelines/", "spiders/"))}
    assert ours == set(names)


def test_the_sdist_holds_docs_tests_and_changelog(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"CHANGELOG.md", "README.md", "LICENSE", "setup.cfg", "docs/architecture.md", "tests/conftest.py"}
    assert wanted <= names
    assert {"pressmark/dags/archive.py", "pressmark/spiders/section.py", "pressmark/pipelines/base.py"} <= names


@pytest.mark.parametrize("extra", ROLES)
def test_each_command_runs_with_its_extra_and_names_it_where_it_is_missing(installed: Installed, extra: str) -> None:
    for command, (_, _, needed) in COMMANDS.items():
        done = subprocess.run(
            [installed.bin(extra) / "pressmark", command, "--help"],
            cwd=installed.empty,
            env=installed.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            assert needed != extra, done.stderr
            assert done.stderr.endswith(f"`{command}` needs the extra {needed}: pip install 'pressmark[{needed}]'\n")
    assert "Traceback" not in installed.run(extra, "pressmark", "--help")


def test_a_section_is_archived_verified_read_and_replayed(installed: Installed) -> None:
    ports = {name: free_port() for name in ("s3", "newsroom", "room", "player", "pywb")}
    where = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with (
        installed.serving("s3server", where["s3"], "s3server", "--port", str(ports["s3"])),
        installed.serving(
            "newsroom", where["newsroom"], "newsroom", "--port", str(ports["newsroom"]), "--articles", "30"
        ),
    ):
        until(lambda: "AWS_ACCESS_KEY_ID" in installed.environment(), 30)
        assert "26" in installed.run("crawl", "pressmark", "crawl", SECTION)
        assert "every object is there, whole" in installed.run("crawl", "pressmark", "verify", SECTION, "--full")
        for job, extra in (("export", "exports"), ("index", "crawl"), ("package", "crawl")):
            installed.run(extra, "pressmark", job, "newsroom")
        assert SECTION in installed.run("crawl", "pressmark", "status")

        player = installed.folder / "player"
        shutil.copytree(player_folder(), player)
        room = ["reading-room", "--port", str(ports["room"]), "--replay-port", str(ports["player"])]
        with installed.serving("reading-room", where["room"], *room, "--player", str(player)):
            page = httpx.get(where["room"], headers={"Host": f"pressmark.localhost:{ports['room']}"}, trust_env=False)
            assert page.status_code == HTTPStatus.OK
            assert "/articles/newsroom/" in page.text
        with installed.serving("replay", where["pywb"], "replay", "--port", str(ports["pywb"])):
            address = f"{where['pywb']}/newsroom/2030/{where['newsroom']}/world/europe"
            page = httpx.get(address, headers={"Host": f"pywb.localhost:{ports['pywb']}"}, trust_env=False)
            assert page.status_code == HTTPStatus.OK


def test_airflow_has_the_dags_of_the_package(installed: Installed) -> None:
    installed.run("airflow", "airflow", "db", "migrate")
    installed.run("airflow", "airflow", "dags", "reserialize")
    assert "No data found" in installed.run("airflow", "airflow", "dags", "list-import-errors")
    listed = installed.run("airflow", "airflow", "dags", "list", "--columns", "dag_id,bundle_name", "--output", "plain")
    found = dict(re.findall(r"^(\w+) +(\w+)$", listed, re.MULTILINE))
    kinds = ("archive_chinadaily_world_europe", "audit_chinadaily", "backfill_chinadaily_world_europe")
    assert {*kinds, "package_chinadaily", "recrawl_article_chinadaily", "rederive_chinadaily"} <= found.keys()
    assert set(found.values()) - {"bundle_name"} == {"pressmark"}
    assert "host_chinadaily" in installed.run("airflow", "pressmark", "pools")
