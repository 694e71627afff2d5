"""The guides to add a section and a site, followed word by word; only the addresses are the newsroom's."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressmark.sites.site_files import load_sites
from tests.dags.conftest import read_dags
from tests.support.archive import ROOT, Archive, archiving

BIN = Path(sys.executable).parent


@pytest.fixture
def archive(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    folder = tmp_path / "archive"
    folder.mkdir()
    with archiving(folder, monkeypatch) as made:
        assert made.config.bucket == bucket
        yield made


def followed(guide: str, archive: Archive, folder: Path, site: str) -> str:
    """Run all commands of a guide in one shell, and return what they print."""
    text = (ROOT / "docs" / guide).read_text()
    script = "\n".join(
        re.sub(r"(?m)^   ", "", each) for each in re.findall(r"^   ```sh\n(.*?)^   ```", text, re.DOTALL | re.MULTILINE)
    )
    origin, hosts = {
        "chinadaily": ("https://www.chinadaily.com.cn", "[.chinadaily.com.cn]"),
        "gazette": ("https://gazette.example", "[gazette.example]"),
    }[site]
    changes = {
        f"origin: {origin}": f"origin: {archive.url}",
        f"hosts: {re.escape(hosts)}": "hosts: [127.0.0.1]\\nallow_addresses: [127.0.0.0/8]",
        "delay: [0-9.]*": "delay: 0",
    }
    here = "; ".join(f"s|{said}|{meant}|" for said, meant in changes.items())
    path = f"sites/{site}.yml"
    crawled = f"sed -i '{here}' {path}\npressmark crawl"  # Only the address differs from what a reader does.
    assert script.count("pressmark crawl") == 1
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace("pressmark crawl", crawled)],
        cwd=folder,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def dag_ids(monkeypatch: pytest.MonkeyPatch, sites: Path) -> set[str]:
    """Return the ids of the DAGs that Airflow finds."""
    monkeypatch.setenv("PRESSMARK_SITES", str(sites))
    bag = read_dags()
    assert not bag.import_errors
    return set(bag.dags)


@pytest.mark.long
def test_a_section_is_added_by_one_line(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = load_sites()["chinadaily"]
    assert list(shipped.enabled) == ["world/europe"]
    assert len(shipped.sections) == 9
    before = dag_ids(monkeypatch, archive.config.sites or tmp_path)
    assert "archive_chinadaily_world_america" not in before
    output = followed("how_to_add_a_section.md", archive, tmp_path, "chinadaily")
    assert "switched off" in output
    assert re.search(r"chinadaily/world/america +\S+ min ago +complete", output), output
    changed = (tmp_path / "sites/chinadaily.yml").read_text().splitlines()
    assert [line for line in changed if "world/america:" in line] == [
        "  world/america: {name: World / Americas, path: /world/america}"
    ]
    after = dag_ids(monkeypatch, tmp_path / "sites")
    assert after - before == {
        f"{kind}_chinadaily_world_{name}" for kind in ("archive", "backfill") for name in ("america", "oceania")
    }
    assert [key for key in archive.store.keys("runs/chinadaily/world/america/") if key.endswith(".json")]


@pytest.mark.long
def test_a_site_is_added_by_a_file(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dag_ids(monkeypatch, archive.config.sites or tmp_path)
    output = followed("how_to_add_a_site.md", archive, tmp_path, "gazette")
    assert "The Gazette: World / Europe" in output
    assert "every object is there, whole" in output
    after = dag_ids(monkeypatch, tmp_path / "sites")
    assert after - before == {
        "archive_gazette_world_europe",
        "backfill_gazette_world_europe",
        "package_gazette",
        "audit_gazette",
        "recrawl_article_gazette",
        "rederive_gazette",
    }
    assert list(archive.store.keys("articles/gazette/"))
