"""The pages over real crawls with all outcomes: published, updated, silent edit, withdrawn, rejected, failed."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import attrs
import pytest

from pressmark.airflow import ids
from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.local.newsroom.faults import FaultKind
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.web.common import formatting
from pressmark.web.common.repository import Repository
from tests.airflow.console.conftest import Visitor, visitor
from tests.conftest import fresh_bucket
from tests.support.archive import READABLE, Archive, Crawl, archiving
from tests.support.identities import keys_of

DAG = "archive_newsroom_world_europe"
DAG_RUN = "manual__2022-02-18T00:53:00+00:00"
SECTION = "/sections/newsroom/world/europe"
EVERYTHING = {"steps": [{"until": "P9000D", "every": "PT0S"}]}


@attrs.frozen(kw_only=True)
class Night:
    """An archive after three runs: a first one, one with all kinds of changes, one that failed."""

    archive: Archive
    first: Crawl
    second: Crawl
    failed: Crawl
    by_outcome: dict[str, dict[str, str]]
    """Articles of the second run, by outcome; the last of each."""

    def path(self, crawl: Crawl) -> str:
        return f"/{crawl.manifest_key}"


def run_id(number: int) -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{ids.digest(DAG, DAG_RUN)}-{number}"


@pytest.fixture(scope="module")
def night(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("night"), patch) as archive:
            archive.set_site(recheck=EVERYTHING)
            first = archive.crawl("--run-id", run_id(1))
            newsroom = archive.newsroom
            known = [document["identifier"] for document in archive.documents().values()]
            updated, edited, gone = [
                e.article_id for e in newsroom.listing("world/europe", 1) if e.article_id in known
            ][:3]
            newsroom.advance(timedelta(minutes=5))
            newsroom.publish()
            newsroom.update(updated)
            newsroom.edit_silently(edited)
            newsroom.withdraw(gone, 410)
            second = archive.crawl("--run-id", run_id(2))
            newsroom.fault("/world/europe", FaultKind.EMPTY_LISTING)
            failed = archive.crawl()
            assert [crawl.manifest["ended"] for crawl in (first, second, failed)] == ["complete", "complete", "failed"]
            by_outcome = {each["outcome"]: each for each in second.manifest["articles"]}
            yield Night(archive=archive, first=first, second=second, failed=failed, by_outcome=by_outcome)


@pytest.fixture(scope="module")
def console(night: Night) -> Visitor:
    return visitor()


@contextmanager
def put(night: Night, key: str, data: bytes | None) -> Iterator[None]:
    """Replace an object for a time, or delete it."""
    store = night.archive.store
    whole = store.get(key) if key in store.keys(key) else None

    def store_object(content: bytes | None) -> None:
        if content is None:
            store.client.delete_object(Bucket=store.bucket, Key=key)
        else:
            store.put(key, content)

    store_object(data)
    try:
        yield
    finally:
        store_object(whole)


def test_the_overview_shows_the_state_the_reason_and_what_to_do(night: Night, console: Visitor) -> None:
    text = console.read("/")
    assert "1 section failing" in text
    assert "The last run failed. Last complete run" in text
    assert night.failed.manifest["reason"] in text
    assert "What to do:" in text
    assert f"{READABLE + 2} new versions, 1 silent edit in 14 days" in text
    size = sum(
        each["size"] for crawl in (night.first, night.second, night.failed) for each in crawl.manifest["segments"]
    )
    assert f"{formatting.size(size)} in 14 days" in text
    assert "the site file sets no limit" in text


def test_a_site_file_that_is_wrong_is_named_and_the_others_are_shown(night: Night, console: Visitor) -> None:
    assert night.archive.config.sites
    wrong = night.archive.config.sites / "mine.yml"
    assert "left out" not in console.read("/")
    wrong.write_text("site: mine\nhosts: [")
    try:
        text = console.read("/")
        assert "1 site file left out" in text
        assert f"{wrong}: " in text
        assert "Last complete run" in text
    finally:
        wrong.unlink()


def test_a_section_that_was_renamed_says_where_its_runs_are(night: Night) -> None:
    assert "renamed" not in visitor().read("/")
    path = night.archive.config.sites / "newsroom.yml"  # type: ignore[operator]
    was = path.read_text()
    night.archive.set_site(sections={"europe": {"name": "Europe", "path": "/world/europe"}})
    try:
        text = visitor().read("/")
        assert "There are runs of newsroom/world/europe, but its site file has no such section: was it renamed?" in text
        assert "They stay at runs/newsroom/world/europe/" in text
    finally:
        path.write_text(was)


def test_each_bar_of_the_overview_links_to_its_run_and_has_its_numbers(night: Night, console: Visitor) -> None:
    page = console.get("/").text
    for crawl in (night.first, night.second, night.failed):
        bar = page[page.index(f'<a href="/archive/{crawl.manifest_key}" aria-label=') :]
        assert f"{crawl.manifest['ended']}. {crawl.counts['seen']} seen" in bar[: bar.index("</a>")]
        assert ('class="mark failed"' in bar[: bar.index("</a>")]) == (crawl is night.failed)


def test_a_section_that_never_ran_says_what_to_do(night: Night, console: Visitor) -> None:
    page = console.get("/").text
    card = page[page.index('id="chinadaily/world/europe"') :]
    assert "never run" in card
    assert 'target="_top" href="/dags/archive_chinadaily_world_europe"' in card
    assert "Nothing is archived yet" in console.read("/sections/chinadaily/world/europe")


def test_a_section_lists_its_runs_newest_first_its_rejections_and_its_silent_edits(
    night: Night, console: Visitor
) -> None:
    page = console.get(SECTION).text
    table = page[page.index('id="runs"') :]
    origins = [table.index(f"/archive/{crawl.manifest_key}") for crawl in (night.failed, night.second, night.first)]
    assert origins == sorted(origins)
    text = console.read(SECTION)
    assert "3 runs, back to" in text
    rejected = [each for each in night.first.manifest["articles"] if each["outcome"] == "rejected"]
    assert len(rejected) == 30 - READABLE
    for each in rejected:
        assert f"{each['article_id']} {each['reason']} {each['message']}"[:90].replace(" ", "") in text.replace(" ", "")
    assert console.links(SECTION, "what changed") == [
        f"/archive/diff?{urlencode({'key': night.by_outcome['silent_edit']['key']})}"
    ]


def test_every_link_of_the_pages_leads_somewhere(night: Night, console: Visitor) -> None:
    pages = ["/", SECTION, night.path(night.first), night.path(night.second), night.path(night.failed)]
    labels = ("what changed", "JSON", "captured page", "WARC", "index", "Open the run", "Archive")
    found = {link for page in pages for label in labels for link in console.links(page, label)}
    assert len(found) > READABLE
    for link in found:
        console.get(link)


def test_a_run_shows_each_article_with_its_outcome_and_filters_by_it(night: Night, console: Visitor) -> None:
    path = night.path(night.second)
    page = console.get(path).text
    assert page.count('<span class="outcome ') == night.second.counts["seen"]
    only = console.get(f"{path}?outcome=updated").text
    assert only.count('<span class="outcome ') == only.count("outcome updated") == 1
    headline = json.loads(night.archive.store.get(night.by_outcome["updated"]["key"]))["headline"]
    assert html.escape(headline) in only
    assert console.read(f"{path}?outcome=nonsense").count("live") == page.count(">live<")


def test_a_failed_run_says_why_and_what_to_do(night: Night, console: Visitor) -> None:
    text = console.read(night.path(night.failed))
    assert night.failed.manifest["reason"] in text
    assert "What to do:" in text
    assert "What to do:" not in console.read(night.path(night.second))


def test_a_dag_run_shows_all_its_crawls_the_newest_in_full(night: Night, console: Visitor) -> None:
    query = urlencode({"dag_id": DAG, "run_id": DAG_RUN})
    text = console.read(f"/run?{query}")
    assert "crawled 2 times" in text
    assert night.second.manifest["run_id"] in text
    assert f"{night.second.counts['seen']} seen" in text
    assert console.links(f"/run?{query}", night.first.manifest_key or "") == [f"/archive/{night.first.manifest_key}"]
    assert night.failed.manifest_key not in console.get(f"/run?{query}").text
    assert console.get(f"/run?{query}&outcome=withdrawn").text.count("outcome withdrawn") == 1


def test_a_dag_run_without_a_crawl_says_so(night: Night, console: Visitor) -> None:
    for dag, run in ((DAG, f"{DAG_RUN}x"), ("package_newsroom", DAG_RUN)):
        assert "No crawl of this DAG run is in the bucket" in console.read(
            f"/run?{urlencode({'dag_id': dag, 'run_id': run})}"
        )


def test_a_running_crawl_is_recognized_by_its_mark(night: Night, console: Visitor) -> None:
    started, run = datetime.now(UTC), "scheduled__2026-01-01T00:00:00+00:00"
    crawl = f"{started:%Y%m%dT%H%M%S}-{ids.digest(DAG, run)}-1"
    key = keys.started("newsroom", "world/europe", started, crawl)
    night.archive.store.put(key, b"")
    text = console.read(f"/run?{urlencode({'dag_id': DAG, 'run_id': run})}")
    assert "A crawl is running, or was killed" in text
    assert f"Crawl {crawl} of newsroom/world/europe began" in text


def test_a_silent_edit_is_marked_word_by_word(night: Night, console: Visitor) -> None:
    key = night.by_outcome["silent_edit"]["key"]
    page = console.get(f"/diff?key={quote(key)}").text
    edited = json.loads(night.archive.store.get(key))
    version = next(each for each in night.archive.documents().values() if each["identifier"] == edited["identifier"])
    new = next(text for text in edited["articleBody"].split("\n\n") if text not in version["articleBody"])
    shown = page[page.index(">Text<") : page.index("All versions")]
    assert set(new.split()) <= set(words_in(shown, "ins")) | set(words_in(shown, "same"))
    assert words_in(shown, "ins")
    assert words_in(shown, "del")
    assert "Silent edit" in page
    assert "the first known version" in console.read(f"/diff?key={quote(key_of(night, version))}")


def words_in(shown: str, kind: str) -> list[str]:
    """Return the words of a page's part inside this element, or outside all elements."""
    if kind == "same":
        text = re.sub(r"<(ins|del)>.*?</\1>", "", shown, flags=re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", " ", text)).split()
    return html.unescape(" ".join(re.findall(rf"<{kind}>(.*?)</{kind}>", shown, re.DOTALL))).split()


def key_of(night: Night, version: dict[str, object]) -> str:
    return next(key for key, each in night.archive.documents().items() if each == version)


def test_markup_in_a_headline_is_text(night: Night) -> None:
    key = night.by_outcome["published"]["key"]
    whole = night.archive.store.get(key)
    night.archive.store.put(key, json.dumps({**json.loads(whole), "headline": "<script>alert(1)</script>"}).encode())
    try:
        console = visitor()
        for path in (night.path(night.second), f"/diff?key={quote(key)}"):
            page = console.get(path).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    finally:
        night.archive.store.put(key, whole)


def test_a_broken_manifest_is_named_and_hides_nothing_else(night: Night) -> None:
    started = datetime.now(UTC)
    key = keys.manifest("newsroom", "world/europe", started, f"{started:%Y%m%dT%H%M%S}-broken")
    with put(night, key, b'{"half": '):
        console = visitor()
        assert "1 manifest can't be read" in console.read("/")
        text = console.read(SECTION)
        assert key in text
        assert "3 runs, back to" in text
        assert "What to do:" in console.read(f"/{key}", 500)
        name = {"run_id": f"{started:%Y%m%dT%H%M%S}-broken", "started_at": started.isoformat()}
        repaired = night.second.manifest | name
        night.archive.store.put(key, json.dumps(repaired).encode())
        assert "4 runs, back to" in console.read(SECTION), "once repaired it is read"


@pytest.mark.parametrize("change", [{"dateModified": None}, {"pressmark": {}}, {"headline": None}, None])
def test_a_broken_document_hides_nothing_else(night: Night, change: dict[str, Any] | None) -> None:
    edited = night.by_outcome["silent_edit"]["key"]
    before = f"articles/{edited.removeprefix('silent-edits/').rpartition('-')[0]}.json"
    for key in (edited, before):
        broken = b"{" if change is None else json.dumps(json.loads(night.archive.store.get(key)) | change).encode()
        with put(night, key, broken):
            console = visitor()
            console.get("/")
            console.get(SECTION)
            console.get(night.path(night.second))
            text = console.read(f"/diff?key={quote(edited)}", 500 if key == edited else 200)
            assert "This can't be read" in text if key == edited else "there is nothing to compare it with" in text
    with put(night, edited, None):
        assert "can't be read" in visitor().read(SECTION)
        assert "can't be read" not in visitor().read("/")


@pytest.mark.parametrize("name", ["copy of x", "deeper/x", "x.y"])
def test_files_with_other_names_hide_nothing(night: Night, name: str) -> None:
    with put(night, f"runs/newsroom/world/europe/{datetime.now(UTC):%Y/%m/%d}/{name}.json", b"{"):
        console = visitor()
        console.get("/")
        assert "3 runs, back to" in console.read(SECTION)


def written(night: Night, data: dict[str, Any]) -> str:
    return manifest.write(night.archive.store, Manifest.from_json(data))


def test_an_invalid_manifest_is_reported(night: Night) -> None:
    for change in ({"requisites": 3}, {"parameters": None}, {"newly_rejected": "many"}, {"articles": [{}]}):
        started = datetime.now(UTC) - timedelta(days=400)
        data = {**night.failed.manifest, "run_id": "wrong", "started_at": started.isoformat()} | change
        key = keys.manifest(data["site"], data["section"], started, "wrong")
        with put(night, key, json.dumps(data).encode()):
            assert "is no manifest" in visitor().read(f"/{key}", 500), change
    data |= {"newly_rejected": 0, "parameters": {}, "articles": []}
    del data["requisites"]
    assert "0 captured, 0 failed" in visitor().read(f"/{written(night, data)}")


def test_hostile_words_of_a_manifest_are_shown_as_text(night: Night) -> None:
    reason = "<img src=x onerror=alert(1)>"
    started = datetime.now(UTC) - timedelta(days=400)
    data = {**night.failed.manifest, "run_id": "hostile", "reason": reason, "started_at": started.isoformat()}
    data["articles"] = [{"article_id": "WS1", "url": "javascript:alert(1)", "outcome": "failed", "reason": reason}]
    key = written(night, data)
    page = visitor().get(f"/{key}").text
    assert "<img" not in page
    assert "javascript:" not in page
    assert html.escape(reason) in page


def test_the_readers_policy_is_all_it_needs(
    night: Night, console: Visitor, s3: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ["/", SECTION, night.path(night.second), *console.links(SECTION, "what changed")]
    paths += console.links(night.path(night.second), "captured page")[:1]
    assert len(paths) >= 4
    now = datetime.now(UTC)

    def shown() -> list[str]:
        repository = attrs.evolve(Repository.open(), clock=lambda: now)
        return [visitor(lambda: repository).read(path) for path in paths]

    before = shown()
    for name, value in keys_of("reader", s3, night.archive.store.bucket).items():
        monkeypatch.setenv(name, value)
    assert shown() == before


def test_objects_of_the_bucket_are_cached(night: Night) -> None:
    repository = Repository.open()
    asked: list[str] = []
    repository.store.client.meta.events.register("before-send.s3", lambda request, **rest: asked.append(request.url))
    console = visitor(lambda: repository)
    console.get("/")
    before = len(asked)
    console.get("/")
    again = len(asked) - before
    assert again <= 4, "a listing of this month and of the next for each section"
    assert night.second.manifest_key
