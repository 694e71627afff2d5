"""A wrong site file removes only its own site's DAGs, and Airflow shows its error."""

from pathlib import Path

import pytest

from pressmark.local.newsroom.site_file import write_site_file
from tests.conftest import ROOT
from tests.dags.conftest import read_dags

WRONG = str(ROOT / "dags" / "wrong_site_files.py")


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the newsroom's site file."""
    folder = write_site_file(tmp_path / "sites", "http://127.0.0.1:8765")
    monkeypatch.setenv("PRESSMARK_SITES", str(folder))
    return folder


def other(folder: Path, name: str, text: str = "", **changes: object) -> None:
    write_site_file(folder, "http://127.0.0.1:8765", site=name, title=name, **changes)
    if text:
        (folder / f"{name}.yml").write_text(text)


def test_all_other_sites_keep_their_dags(sites: Path) -> None:
    section = {"name": "Europe", "path": "/europe"}
    other(sites, "good")
    known = set(read_dags().dags)
    other(sites, "cut", "site: cut\nhosts: [")
    other(sites, "cron", sections={"europe": {**section, "schedule": "61 * * * *"}})
    other(sites, "twice", sections={"cn-eu": section, "cn_eu": section})
    other(sites, "good-world", sections={"europe": section})  # As the section world/europe of site good.
    bag = read_dags()
    assert set(bag.dags) == known
    assert list(bag.import_errors) == [WRONG]
    import_error = bag.import_errors[WRONG]
    line = next(n for n, text in enumerate((sites / "cron.yml").read_text().splitlines(), 1) if "61 * * * *" in text)
    for said in (
        f"{sites}/cut.yml: ",
        f"{sites}/cron.yml: line {line}: sections.europe.schedule: ",
        "twice/cn-eu and twice/cn_eu would have one DAG id, ..._twice_cn_eu",
        "good/world/europe and good-world/europe would have one DAG id, ..._good_world_europe",
    ):
        assert said in import_error


def test_without_its_folder_only_the_watch_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path / "nowhere"))
    bag = read_dags()
    assert set(bag.dags) == {"watch_site_files"}
    assert all("no such folder" in error for error in bag.import_errors.values())


def test_where_all_are_right_nothing_is_wrong(sites: Path) -> None:
    assert not read_dags().import_errors
