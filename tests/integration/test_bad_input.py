"""Bad input from sites and clocks: nothing crashes, and every article has one clear outcome."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result

from pressmark.archive.bucket import manifest, visits
from pressmark.archive.bucket.manifest_model import manifest_of
from pressmark.cli.main import main
from pressmark.jobs.audit.verify import verify_run
from pressmark.local.newsroom.content.story import Story
from pressmark.model import keys
from pressmark.model.document import timestamp
from pressmark.model.outcomes import Outcome
from tests.support.archive import READABLE, SECTION, Archive, Crawl

pytestmark = pytest.mark.long
QUICK: dict[str, Any] = {"requisites": {"number": 0, "size": 0}}
EUROPE = {"name": "World / Europe", "path": "/world/europe", "schedule": None, "pages": 5}
TWO = {"world/europe": EUROPE, "world/again": {**EUROPE, "name": "World / Again"}}
"""Two sections that list the same articles."""


def command(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def fates(run: Crawl) -> dict[str, tuple[str, str | None]]:
    """Return outcome and reason of each article, which add up."""
    found = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    assert run.counts["seen"] == len(found) == sum(run.counts[outcome] for outcome in Outcome)
    assert Counter(outcome for outcome, _ in found.values()) == {
        outcome: run.counts[outcome] for outcome in Outcome if run.counts[outcome]
    }
    return found


def warnings(run: Crawl, words: str) -> list[str]:
    return [line["message"] for line in run.log if line["level"] == "WARNING" and words in line["message"]]


@pytest.fixture(autouse=True)
def quick(archive: Archive) -> None:
    archive.set_site(**QUICK)


# Clocks.


def set_clock_back(archive: Archive, run: Crawl, by: timedelta) -> None:
    """Let a run, the only one, have begun so much later: as if the clock had been set back since."""
    written, store = run.manifest, archive.store
    old = list(store.keys("runs/"))
    began = datetime.fromisoformat(written["started_at"]) + by
    run_id = f"{began:%Y%m%dT%H%M%S}-aaaaaa"
    visited = [
        attrs.evolve(each, visited_at=each.visited_at + by, listed_at=each.listed_at + by)
        for each in visits.read(store, written["visits"]["key"]).values()
    ]
    stored = visits.write(store, keys.visits(written["site"], written["section"], began, run_id), visited)
    manifest.start(store, written["site"], written["section"], began, run_id)
    ended = timestamp(datetime.fromisoformat(written["ended_at"]) + by)
    times = {"started_at": timestamp(began), "ended_at": ended}
    manifest.write(store, manifest_of({**written, **times, "run_id": run_id, "visits": attrs.asdict(stored)}))
    for key in old:
        store.client.delete_object(Bucket=store.bucket, Key=key)


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(days=366)])
def test_a_clock_that_was_set_back_costs_visits_and_nothing_else(archive: Archive, by: timedelta) -> None:
    set_clock_back(archive, archive.crawl(), by)
    before = archive.documents()
    [row] = json.loads(command("status", "--json").stdout)[-1:]
    assert (row["section"], row["ended"], row["ago"]) == (SECTION, "complete", "in the future")

    second = archive.crawl()
    assert (second.exit_code, second.manifest["ended"]) == (0, "complete")
    assert {outcome for outcome, _ in fates(second).values()} == {"not_modified"}, "by the visits of the first run"
    assert second.counts["seen"] == 30
    assert second.counts["listing_pages"] == 2, "who was last can't be known, so nothing is left out"
    assert archive.documents() == before
    assert command("verify", SECTION, "--full").exit_code == 0

    third = archive.crawl()
    assert (third.exit_code, third.counts["published"]) == (0, 0)
    assert third.counts["listing_pages"] == 2, "until the clock has come there"


# Times as sites print them.


def print_bylines(archive: Archive, monkeypatch: pytest.MonkeyPatch, bylines: dict[str, str]) -> None:
    """Let the newsroom print other bylines on some articles."""
    story = archive.newsroom.story

    def other(article_id: str, page: int | None = None) -> Story:
        article = story(article_id, page)
        return attrs.evolve(article, byline_raw=bylines.get(article_id, article.byline_raw))

    monkeypatch.setattr(archive.newsroom, "story", other)


def test_an_updated_time_is_taken_as_printed_or_not_at_all(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = {
        "future": "China Daily | Updated: 2098-01-01 00:00",
        "before its creation": "China Daily | Updated: 2001-01-01 00:00",
        "missing": "China Daily",
        "empty": "China Daily | Updated: ",
        "unknown": "China Daily | Updated: Feb 18, 2022",
        "no such day": "China Daily | Updated: 2022-02-30 08:53",
        "no such year": "China Daily | Updated: 0001-01-01 00:00",
    }
    newsroom = archive.newsroom
    plain = [newsroom.article_id(index) for index in (29, 28, 25, 23, 21, 20, 19)]
    ids = dict(zip(printed, plain, strict=True))
    print_bylines(archive, monkeypatch, {ids[case]: text for case, text in printed.items()})
    run = archive.crawl()
    assert run.exit_code == 0
    became = fates(run)
    unreadable = ("rejected", "unreadable-updated")
    assert {case: became[article_id] for case, article_id in ids.items()} == {
        "future": ("published", None),
        "before its creation": ("published", None),
        "missing": ("published", None),
        "empty": ("published", None),
        "unknown": unreadable,
        "no such day": unreadable,
        "no such year": unreadable,
    }
    documents = {document["identifier"]: document for document in archive.documents().values()}
    updated = {case: documents[ids[case]]["dateModified"] for case in list(printed)[:4]}
    created = {case: documents[ids[case]]["datePublished"] for case in printed if ids[case] in documents}
    assert updated == {
        "future": "2098-01-01T00:00:00+08:00",
        "before its creation": "2001-01-01T00:00:00+08:00",
        "missing": created["missing"],
        "empty": created["empty"],
    }
    noted = warnings(run, "published as printed")
    assert [any(ids[case] in line for line in noted) for case in printed] == [True, True, *[False] * 5]
    assert len(noted) == 2

    print_bylines(archive, monkeypatch, {ids["future"]: "China Daily | Updated: 2022-02-18 12:00"})
    newsroom.edit_silently(ids["future"])
    again = archive.crawl()
    assert fates(again)[ids["future"]] == ("updated", None), "a corrected time is a new version"
    assert verify_run(archive.store, again.manifest_key or "") == []
    assert len(list(archive.store.keys("articles/"))) == len(documents) + 1


# One article in several places.


def test_an_article_of_two_sections_is_one(archive: Archive) -> None:
    archive.set_site(**QUICK, sections=TWO)
    archive.crawl()
    before = archive.documents()
    objects = set(archive.store.keys(""))
    again = archive.crawl(section="newsroom/world/again")
    assert again.exit_code == 0
    assert (again.counts["unchanged"], again.counts["rejected"]) == (READABLE, 30 - READABLE)
    fates(again)
    assert again.manifest["objects"] == []
    assert archive.documents() == before
    new = {key.split("/")[0] for key in set(archive.store.keys("")) - objects}
    assert new == {"warc", "runs"}
    assert archive.crawl(section="newsroom/world/again").counts["not_modified"] == 20


def test_an_article_of_two_hosts_is_one(archive: Archive) -> None:
    archive.crawl()
    before = archive.documents()
    other = archive.url.replace("127.0.0.1", "localhost")
    archive.set_site(**QUICK, origin=other, hosts=["127.0.0.1", "localhost"], sections=TWO)
    for section in (SECTION, "newsroom/world/again"):
        run = archive.crawl("--recheck", section=section)
        assert run.exit_code == 0
        assert all(each["url"].startswith(other) for each in run.manifest["articles"])
        assert (run.counts["unchanged"], run.counts["published"]) == (READABLE, 0)
        fates(run)
        assert run.manifest["objects"] == []
    assert archive.documents() == before
    assert command("verify", "newsroom", "--full").exit_code == 0


def test_a_following_page_on_a_listing_is_its_article(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom = archive.newsroom
    listing = newsroom.listing
    long = newsroom.story(newsroom.article_id(22))
    assert len(long.pages) == 2 + 22 // 19 % 2

    def twice(section: str, page: int, *more: int) -> list[Any]:
        return [
            each
            for entry in listing(section, page, *more)
            for each in (
                [attrs.evolve(entry, path=entry.path.replace(".html", "_2.html")), entry]
                if entry.article_id == long.article_id
                else [entry]
            )
        ]

    monkeypatch.setattr(newsroom, "listing", twice)
    run = archive.crawl()
    assert run.counts["seen"] == 30
    assert fates(run)[long.article_id] == ("published", None)
    [document] = [each for each in archive.documents().values() if each["identifier"] == long.article_id]
    assert document["url"].endswith(f"{long.article_id}.html")
    assert len(document["pressmark"]["captures"]) == len(long.pages)
    asked = newsroom.requests.counts
    addresses = [long.path, *(long.path.replace(".html", f"_{page}.html") for page in range(2, len(long.pages) + 1))]
    assert [asked[path] for path in addresses] == [1] * len(addresses)
