"""Rules of all DAGs, so that operators find the same everywhere."""

import copy
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from pressmark.airflow.dag_defaults import OWNER
from pressmark.airflow.operators.crawl import RETRIES, CrawlOperator
from pressmark.airflow.pools import pools
from pressmark.config import Config
from pressmark.errors import BucketRefused, BucketUnreachable, ClockWrong, KeysExpired, PressmarkError, UsageError
from pressmark.sites.site_files import Sites, load_sites
from tests.conftest import ROOT
from tests.dags.conftest import read_dags

WATCH = "watch_site_files"
"""Of no site."""
KINDS = ("archive", "backfill", "package", "audit", "recrawl_article", "rederive")


def sites() -> Sites:
    return load_sites(Config.from_env(os.environ).sites)


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    bag = read_dags()
    assert not bag.import_errors
    assert not any(bag.captured_warnings.values())
    return dict(bag.dags)


def test_each_site_and_section_has_its_dags(dags: dict[str, Any]) -> None:
    of_sites = {f"{kind}_{site}" for kind in KINDS[2:] for site in sites()}
    of_sections = {f"{kind}_{site}_world_europe" for kind in KINDS[:2] for site in sites()}
    assert set(dags) == of_sites | of_sections | {WATCH}


def test_owners_tags_names_and_words(dags: dict[str, Any]) -> None:
    for dag_id, dag in dags.items():
        if dag_id == WATCH:
            continue
        kind = next(kind for kind in KINDS if dag_id.startswith(f"{kind}_"))
        site = next(site for site in sites() if f"_{site}" in dag_id)
        assert {kind, site} <= dag.tags
        assert dag.dag_display_name.startswith(kind.replace("_", " ").capitalize())
    for dag in dags.values():
        assert dag.description
        assert re.search(r"\*\*When it fails\*\*\n\n\| message \|", dag.doc_md)
        assert (dag.catchup, dag.max_active_runs) == (False, 1)
        assert {task.owner for task in dag.tasks} == {OWNER}
        assert all(
            task.doc_md or task.python_callable.__doc__ for task in dag.tasks if hasattr(task, "python_callable")
        )


def test_every_crawl_waits_for_its_host_and_knows_when_not_to_try_again(dags: dict[str, Any]) -> None:
    known = pools(sites().values())
    crawls = [(dag, task) for dag in dags.values() for task in dag.tasks if isinstance(task, CrawlOperator)]
    assert len({dag.dag_id for dag, _ in crawls}) == 6
    for dag, crawl in crawls:
        assert known[crawl.pool]["slots"] == 1
        assert crawl.pool.removeprefix("host_") in dag.tags
        assert crawl.retries
        assert crawl.retry_exponential_backoff > 1
        assert crawl.retry_policy is RETRIES
        assert crawl.weight_rule == "absolute"


@pytest.mark.parametrize("error", [BucketRefused, ClockWrong, KeysExpired, UsageError])
def test_no_task_tries_again_what_no_other_try_mends(dags: dict[str, Any], error: type[PressmarkError]) -> None:
    """A missing or forbidden bucket is reported at once: the alarm comes with the last try."""
    trying = [(dag.dag_id, task) for dag in dags.values() for task in dag.tasks if task.retries]
    assert len({dag_id for dag_id, _ in trying}) == len(dags)
    for dag_id, task in trying:
        assert task.retry_policy, f"{dag_id}: {task.task_id}"
        assert task.retry_policy.evaluate(error("gone"), 1, task.retries).action is RetryAction.FAIL
        assert task.retry_policy.evaluate(BucketUnreachable("away"), 1, task.retries).action is not RetryAction.FAIL


def test_the_schedule_goes_before_a_backfill_and_a_person_before_both(dags: dict[str, Any]) -> None:
    weights = [
        dags[dag_id].task_dict[task].priority_weight
        for dag_id, task in (
            ("recrawl_article_newsroom", "crawl"),
            ("archive_newsroom_world_europe", "crawl"),
            ("backfill_newsroom_world_europe", "chunk.crawl"),
        )
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == len(weights)


def test_every_field_of_a_form_has_a_title_a_help_and_bounds(dags: dict[str, Any]) -> None:
    for dag_id, dag in dags.items():
        for name in dag.params:
            param = dag.params.get_param(name)
            assert param.schema.get("title"), f"{dag_id}: {name}"
            assert param.description, f"{dag_id}: {name}"
            if "integer" in param.schema["type"]:
                assert {"minimum", "maximum"} <= param.schema.keys(), f"{dag_id}: {name}"


def filled(dag: Any, form: dict[str, object]) -> dict[str, Any]:
    """Return the parameters of a run that is triggered with these values."""
    params = copy.deepcopy(dag.params)
    params.update(form)
    return dict(params.validate())


@pytest.mark.parametrize(
    ("dag_id", "form"),
    [
        ("backfill_newsroom_world_europe", {}),
        ("backfill_newsroom_world_europe", {"number": 5}),
        *(
            ("backfill_newsroom_world_europe", {"first": first})
            for first in (
                "",
                "0",
                "1\n",
                "2022-02-28\n",
                "-1",
                "1000001",
                "yesterday",
                "2022-02-30",
                "2022-2-1",
                "5-2",
                7,
            )
        ),
        *(("backfill_newsroom_world_europe", {"first": "1", "number": number}) for number in (0, 1001, 10**30)),
        ("backfill_newsroom_world_europe", {"first": "1", "requests_per_minute": 10**30}),
        ("archive_newsroom_world_europe", {"pages": 10**30}),
        ("archive_newsroom_world_europe", {"pages": 0}),
        ("recrawl_article_newsroom", {}),
        ("recrawl_article_newsroom", {"article": "http://user:secret@127.0.0.1:8765/a/202202/18/X.html"}),
        ("recrawl_article_newsroom", {"article": "two words"}),
        ("recrawl_article_newsroom", {"article": "X\n"}),
        ("recrawl_article_newsroom", {"article": "X", "section": "world/nowhere"}),
    ],
)
def test_the_form_itself_refuses_what_makes_no_sense(
    dags: dict[str, Any], dag_id: str, form: dict[str, object]
) -> None:
    with pytest.raises(ParamValidationError):
        filled(dags[dag_id], form)


@pytest.mark.parametrize("article", ["WS620eee0ba310cdd1c5c1d2a3", "https://news.example/a/202202/18/X.html?b=@c"])
def test_the_form_takes_an_article(dags: dict[str, Any], article: str) -> None:
    assert filled(dags["recrawl_article_newsroom"], {"article": article})["article"] == article


@pytest.mark.parametrize("first", ["1", "1000000", "2022-02-28"])
def test_the_form_takes_a_page_or_a_day(dags: dict[str, Any], first: str) -> None:
    assert filled(dags["backfill_newsroom_world_europe"], {"first": first})["first"] == first


def test_a_run_of_any_date_has_its_tasks(dags: dict[str, Any]) -> None:
    """A run before its DAG's start has no tasks, and is green at once."""
    assert {dag.start_date.year for dag in dags.values()} == {2000}


def test_no_two_sections_share_an_asset(dags: dict[str, Any]) -> None:
    assets = [dag.task_dict["report"].outlets[0] for name, dag in dags.items() if name.startswith("archive_")]
    assert len({asset.name for asset in assets}) == len({asset.uri for asset in assets}) == len(assets)


def test_reading_twice_gives_the_same(dags: dict[str, Any]) -> None:
    """Otherwise each reading would be a new version of the DAG."""
    again = read_dags().dags
    assert {name: DagSerialization.to_dict(dag) for name, dag in dags.items()} == {
        name: DagSerialization.to_dict(dag) for name, dag in again.items()
    }


def test_reading_stays_light() -> None:
    code = "import runpy, sys; [runpy.run_path(each) for each in sys.argv[1:]]; print(*sys.modules)"
    paths = sorted((ROOT / "dags").glob("*.py"))
    assert len(paths) > 5
    read = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert not {"scrapy", "boto3", "warcio", "pyarrow", "fastapi"} & set(read.stdout.split())


def test_each_template_field_is_an_attribute(dags: dict[str, Any]) -> None:
    """Airflow looks only when the task runs."""
    missing = [
        (task.task_id, name)
        for dag in dags.values()
        for task in dag.tasks
        if not isinstance(task, MappedOperator)  # It has them once it is expanded.
        for name in task.template_fields
        if not hasattr(task, name)
    ]
    assert missing == []
