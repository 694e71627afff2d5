"""Names that connect DAG runs with their crawls."""

import re
from types import SimpleNamespace
from typing import Any

from pressmark.airflow import ids
from pressmark.airflow.operators.crawl import new_crawl_id
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.sites.site import Section
from pressmark.sites.site_files import load_sites


def test_the_digest_stands_in_the_run_id_of_a_crawl() -> None:
    context: Any = {"ti": SimpleNamespace(dag_id="archive_x", try_number=2), "run_id": "manual__1"}
    assert re.fullmatch(rf"\d{{8}}T\d{{6}}-{ids.digest('archive_x', 'manual__1')}-2", new_crawl_id(context))


def test_a_dag_id_names_sections_or_none_and_so_all() -> None:
    site = newsroom_site()
    more = {"world": Section(name="World", path="/world"), "Asia-Pacific": Section(name="Asia", path="/asia")}
    sites = [site.model_copy(update={"sections": {**site.sections, **more}}), load_sites()["chinadaily"]]

    def named(dag_id: str) -> list[str]:
        return [f"{site.site}/{section}" for site, section in ids.sections_of(dag_id, sites)]

    assert (
        named("archive_newsroom_world_europe") == named("backfill_newsroom_world_europe") == ["newsroom/world/europe"]
    )
    assert named("archive_newsroom_world") == ["newsroom/world"]
    assert named("archive_newsroom_asia_pacific") == ["newsroom/Asia-Pacific"]
    everywhere = sum(len(each.sections) for each in sites)
    assert len(named("verify")) == len(named("other_world_europe")) == everywhere
