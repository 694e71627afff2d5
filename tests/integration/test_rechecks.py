"""Revisits of known articles: updates, silent edits, withdrawals, and the cost of a visit."""

import json
from collections import Counter
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.bucket import visits
from pressmark.jobs.audit.verify import verify_run
from pressmark.local.newsroom.http import responses as answers
from pressmark.model.outcomes import Outcome
from pressmark.model.schema import ARTICLE, MANIFEST, REJECTION, WITHDRAWAL
from tests.support.archive import READABLE, Archive, Crawl
from tests.support.schemas import keeps_its_schemas

PAGES = "/a/"
EVERYTHING = {"steps": [{"until": "P9000D", "every": "PT0S"}]}


def responses(archive: Archive, run: Crawl) -> list[tuple[str, str, dict[str, str]]]:
    """Return URL, HTTP status and WARC headers of each article page that the run captured."""
    return [
        (
            record.rec_headers.get_header("WARC-Target-URI"),
            record.http_headers.get_statuscode(),
            dict(record.rec_headers.headers),
        )
        for segment in run.manifest["segments"]
        for record in ArchiveIterator(BytesIO(archive.store.get(segment["key"])))
        if record.rec_type in {"response", "revisit"} and PAGES in record.rec_headers.get_header("WARC-Target-URI")
    ]


def stored_visits(archive: Archive, run: Crawl) -> dict[str, visits.Visit]:
    return visits.read(archive.store, run.manifest["visits"]["key"])


def test_what_did_not_change_costs_a_304_and_refers_to_what_it_is_the_same_as(archive: Archive) -> None:
    first = archive.crawl("--recheck")
    assert first.counts["seen"] == 30
    second = archive.crawl()
    again = responses(archive, second)
    assert {status for _, status, _ in again} == {"304"}
    assert second.counts["not_modified"] == second.counts["seen"] == 20
    originals = {head["WARC-Record-ID"]: (url, head["WARC-Date"]) for url, _, head in responses(archive, first)}
    for url, _, head in again:
        assert originals[head["WARC-Refers-To"]] == (url, head["WARC-Refers-To-Date"])
        assert head["WARC-Refers-To-Target-URI"] == url
        assert head["WARC-Profile"].endswith("server-not-modified")
    assert archive.crawl().counts["not_modified"] == 20, "by what the second run handed on"


def test_each_change_has_its_outcome_and_they_add_up(archive: Archive) -> None:
    archive.set_site(recheck=EVERYTHING)
    archive.crawl()
    newsroom = archive.newsroom
    known = [document["identifier"] for document in archive.documents().values()]
    listed = [entry.article_id for entry in newsroom.listing("world/europe", 1) if entry.article_id in known]
    updated, edited, gone = listed[:3]
    newsroom.advance(timedelta(minutes=5))
    published = newsroom.publish()
    newsroom.update(updated)
    story = newsroom.edit_silently(edited)
    newsroom.withdraw(gone, 410)
    run = archive.crawl()
    fates = {each["article_id"]: each for each in run.manifest["articles"]}
    assert {name: fates[name]["outcome"] for name in (published, updated, edited, gone)} == {
        published: "published",
        updated: "updated",
        edited: "silent_edit",
        gone: "withdrawn",
    }
    assert run.counts["seen"] == sum(run.counts[outcome] for outcome in Outcome)
    assert verify_run(archive.store, run.manifest_key or "") == []

    document = json.loads(archive.store.get(fates[edited]["key"]))
    assert story.paragraphs[0] in document["articleBody"]
    stays = json.loads(archive.store.get(f"articles/newsroom/{fates[edited]['key'].split('/', 2)[2][:-18]}.json"))
    assert stays["pressmark"]["version"] == document["pressmark"]["version"]
    assert stays["pressmark"]["contentSha256"] != document["pressmark"]["contentSha256"]

    tombstone = json.loads(archive.store.get(fates[gone]["key"]))
    assert tombstone["pressmark"]["status"] == tombstone["pressmark"]["captures"][0]["status"] == 410
    assert tombstone["pressmark"]["withdrawn"].startswith(f"{gone}/")
    assert keeps_its_schemas(archive.store) == {
        ("articles", ARTICLE): READABLE + 2,
        ("silent-edits", ARTICLE): 1,
        ("withdrawn", WITHDRAWAL): 1,
        ("rejected", REJECTION): 30 - READABLE,
        ("runs", MANIFEST): 2,
    }

    quiet = archive.crawl()
    assert quiet.exit_code == 0
    assert {outcome for outcome in Outcome if quiet.counts[outcome]} == {"not_modified", "unchanged"}
    assert len(archive.documents()) == READABLE + 2


@pytest.mark.long
@pytest.mark.parametrize(
    "kept",
    [
        lambda etag, modified: {"etag": etag},
        lambda etag, modified: {"etag": etag.removeprefix("W/")},
        lambda etag, modified: {"last-modified": modified},
    ],
    ids=["a weak ETag", "a strong ETag", "Last-Modified"],
)
def test_either_validator_will_do(archive: Archive, monkeypatch: pytest.MonkeyPatch, kept: Any) -> None:
    monkeypatch.setattr(answers, "_validators", lambda etag, modified: kept(etag, answers.http_date(modified)))
    archive.crawl()
    edited = archive.newsroom.article_id(29)  # The newest: on the first page.
    archive.newsroom.advance(timedelta(minutes=5))
    archive.newsroom.edit_silently(edited)
    run = archive.crawl()
    assert {each["article_id"] for each in run.manifest["articles"] if each["outcome"] == "silent_edit"} == {edited}
    assert run.counts["not_modified"] == run.counts["seen"] - 1 == 19


def test_a_server_that_lies_is_found_out_by_a_forced_recheck(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    always = {"etag": '"1"', "last-modified": "Thu, 17 Feb 2022 16:25:16 GMT"}
    monkeypatch.setattr(answers, "_validators", lambda etag, modified: always)
    archive.crawl()
    edited = archive.newsroom.article_id(0)
    archive.newsroom.edit_silently(edited)
    assert archive.crawl().counts["not_modified"] == 20, "it says that all is the same"
    run = archive.crawl("--recheck")
    assert Counter(status for _, status, _ in responses(archive, run)).keys() == {"200"}
    assert {each["article_id"] for each in run.manifest["articles"] if each["outcome"] == "silent_edit"} == {edited}
    assert run.counts["unchanged"] == READABLE - 1


def test_an_article_that_is_not_due_is_left_alone(archive: Archive) -> None:
    archive.set_site(recheck={"steps": [{"until": "P9000D", "every": "PT1H"}]})
    archive.crawl()
    asked = archive.newsroom.requests.total
    run = archive.crawl()
    assert (run.counts["seen"], run.counts["not_due"]) == (0, 20)
    assert archive.newsroom.requests.total - asked == 2, "robots.txt and the listing"
    assert run.exit_code == 0


def test_a_young_article_is_visited_though_no_listing_shows_it(archive: Archive) -> None:
    archive.set_site(recheck=EVERYTHING)
    first = archive.crawl()
    run = archive.crawl("--pages", "1")
    assert run.counts["listing_pages"] == 1
    assert run.counts["not_modified"] == first.counts["seen"] == 30
    assert all(
        visit.visited_at > datetime.fromisoformat(first.manifest["ended_at"])
        for visit in stored_visits(archive, run).values()
    )
