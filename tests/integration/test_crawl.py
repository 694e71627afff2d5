"""The main job, end to end: the newsroom over real HTTP, a real S3 server, the crawl in its own process."""

import gzip
import json
import subprocess
import sys
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.spool.segment import IDENTICAL
from pressmark.local.newsroom.content.story import Kind
from pressmark.local.newsroom.faults import FaultKind
from pressmark.model.outcomes import Outcome
from pressmark.model.schema import MANIFEST
from tests.support.archive import READABLE, Archive
from tests.support.schemas import keeps_its_schemas
from tests.support.tools import fastwarc_check


def test_the_first_run_publishes_all_and_the_next_nothing(archive: Archive) -> None:
    first = archive.crawl()
    assert first.exit_code == 0
    assert first.manifest["ended"] == "complete"
    assert first.counts["seen"] == 30
    assert first.counts["published"] == len(archive.documents()) == READABLE
    assert first.counts["rejected"] == 30 - READABLE
    second = archive.crawl()
    assert second.exit_code == 0
    assert second.counts["published"] == 0
    assert second.counts["listing_pages"] == 1


def test_only_what_changed_is_published(archive: Archive) -> None:
    archive.crawl()
    before = archive.documents()
    newsroom = archive.newsroom
    newsroom.advance(timedelta(minutes=30))
    new_id = newsroom.publish()
    updated = newsroom.update(newsroom.article_id(29))
    run = archive.crawl()
    documents = archive.documents()
    added = {key: documents[key] for key in documents.keys() - before.keys()}
    assert (run.counts["published"], run.counts["updated"]) == (1, 1)
    assert {each["identifier"] for each in added.values()} == {new_id, updated.article_id}
    assert {key: documents[key] for key in before} == before
    [version] = [each for each in added.values() if each["identifier"] == updated.article_id]
    assert version["dateModified"] == updated.updated_at.isoformat()


def test_every_document_says_what_the_newsroom_wrote(archive: Archive) -> None:
    archive.crawl()
    documents = archive.documents().values()
    assert len(documents) == READABLE
    for document in documents:
        story = archive.newsroom.story(document["identifier"])
        assert document["headline"] == story.headline
        assert document.get("alternativeHeadline") == story.standfirst
        assert document.get("dateline") == story.dateline
        assert document["dateModified"] == story.updated_at.isoformat()
        assert document["datePublished"] == story.created_at.isoformat()
        for paragraph in story.paragraphs:
            assert paragraph in document["articleBody"].split("\n\n")


def test_every_pointer_gives_back_the_page_it_was_read_from(archive: Archive) -> None:
    archive.crawl()
    documents = archive.documents().values()
    pages = 0
    for document in documents:
        for capture in document["pressmark"]["captures"]:
            member = archive.store.get(capture["warc"], capture["offset"], capture["length"])
            record = next(ArchiveIterator(BytesIO(member), check_digests="raise"))
            assert record.rec_headers.get_header("WARC-Record-ID") == f"<{capture['recordId']}>"
            assert record.rec_headers.get_header("WARC-Target-URI") == capture["url"]
            assert record.http_headers.get_statuscode() == "200"
            page = record.content_stream().read().decode()
            assert f'content="{document["identifier"]}"' in page
            pages += 1
    assert pages > len(documents)


def test_a_rejected_page_is_kept_with_its_reason_and_its_capture(archive: Archive) -> None:
    path = archive.newsroom.story(archive.newsroom.article_id(28)).path
    archive.newsroom.fault(path, FaultKind.WRONG_CONTENTID)
    run = archive.crawl()
    [fate] = [each for each in run.manifest["articles"] if each.get("reason") == "id-mismatch"]
    [key] = [key for key in archive.store.keys("rejected/") if key.endswith("/id-mismatch.json")]
    rejection = json.loads(archive.store.get(key))
    assert rejection["identifier"] == fate["article_id"] == archive.newsroom.article_id(28)
    capture = rejection["pressmark"]["captures"][0]
    member = archive.store.get(capture["warc"], capture["offset"], capture["length"])
    assert rejection["url"].encode() in gzip.decompress(member)

    again = archive.crawl()
    assert again.counts["rejected"] == 0, "not read again as long as it is the same"
    assert [line for line in again.log if "rejected" in line["message"]] == [], "logged once"
    assert json.loads(archive.store.get(key)) == rejection


BAD = {
    FaultKind.STATUS_500: ("failed", "http-500"),
    FaultKind.CUT_BODY: ("failed", "cut-short"),
    FaultKind.REDIRECT_LOOP: ("failed", "redirects"),
    FaultKind.NO_HEADLINE: ("rejected", "no-headline"),
    FaultKind.NO_BODY: ("rejected", "no-body"),
    FaultKind.GZIP_GARBAGE: ("rejected", "undecodable"),
    FaultKind.WRONG_CHARSET: ("published", None),
    FaultKind.MANGLED: ("published", None),
}


def test_a_bad_page_of_each_kind_harms_no_other(archive: Archive) -> None:
    stories = [archive.newsroom.story(each) for each in archive.newsroom.ids()]
    readable = [story for story in stories if story.kind not in {Kind.GALLERY, Kind.VIDEO}]
    assert len(readable) == READABLE
    bad = dict(zip(BAD, readable[::-1], strict=False))
    for kind, story in bad.items():
        archive.newsroom.fault(story.path, kind)
    run = archive.crawl()
    fates = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    assert run.exit_code == 0
    assert {kind: fates[story.article_id] for kind, story in bad.items()} == BAD
    assert run.counts["published"] == READABLE - 6
    counts = run.counts
    assert counts["seen"] == sum(counts[outcome] for outcome in Outcome)


def test_a_site_that_asks_for_patience_gets_it(archive: Archive) -> None:
    path = archive.newsroom.story(archive.newsroom.article_id(29)).path
    archive.newsroom.fault(path, FaultKind.TOO_MANY_REQUESTS, times=1)  # It says: Retry-After: 1.
    assert archive.crawl().counts["published"] == READABLE
    [segment] = [key for key in archive.store.keys("warc/") if key.endswith(".gz")]
    tries = [
        (record.http_headers.get_statuscode(), datetime.fromisoformat(record.rec_headers.get_header("WARC-Date")))
        for record in ArchiveIterator(BytesIO(archive.store.get(segment)))
        if record.rec_type == "response" and record.rec_headers.get_header("WARC-Target-URI").endswith(path)
    ]
    assert [status for status, _ in tries] == ["429", "200"]
    assert tries[1][1] - tries[0][1] >= timedelta(seconds=1)


def test_an_empty_listing_is_never_green(archive: Archive) -> None:
    archive.newsroom.fault("/world/europe", FaultKind.EMPTY_LISTING)
    run = archive.crawl()
    assert run.exit_code == 4
    assert run.error is not None
    assert run.error["type"] == "LayoutChanged"
    assert "layout changed?" in run.error["message"]
    assert run.manifest["ended"] == "failed"
    assert keeps_its_schemas(archive.store)["runs", MANIFEST] == 1


def test_what_was_missed_is_found_though_the_first_page_brings_nothing_new(archive: Archive) -> None:
    archive.newsroom.fault("/world/europe/page_2.html", FaultKind.STATUS_500)
    first = archive.crawl()
    assert (first.exit_code, first.counts["seen"]) == (4, 20)
    archive.newsroom.clear_faults()
    second = archive.crawl()
    assert (second.counts["seen"], second.counts["listing_pages"]) == (30, 2)
    assert len(archive.documents()) == READABLE


def test_without_a_bucket_nothing_is_crawled(archive: Archive) -> None:
    run = archive.crawl(AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert run.exit_code == 3
    assert run.error is not None
    assert run.error["type"] == "BucketUnreachable"
    assert archive.newsroom.requests.counts.get("/world/europe", 0) == 0


def test_two_crawls_of_a_host_take_turns(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.05, "concurrency": 1, "timeout": 10})
    both = [archive.finish(*started) for started in [archive.start(), archive.start()]]
    assert [run.exit_code for run in both] == [0, 0]
    assert sorted(run.counts["published"] for run in both) == [0, READABLE]
    first, second = sorted((run.manifest["started_at"], run.manifest["ended_at"]) for run in both)
    assert first[1] <= second[0]


def test_robots_that_say_no_are_obeyed(archive: Archive) -> None:
    archive.set_site(sections={"world/europe": {"name": "Private", "path": "/search", "schedule": None}})
    run = archive.crawl()
    assert run.exit_code == 4
    assert run.error is not None
    assert run.error["type"] == "CrawlRefused"
    assert "/search" not in archive.newsroom.requests.counts


def test_the_crawl_delay_of_robots_is_kept(bucket: str, archive: Archive) -> None:
    archive.newsroom.crawl_delay = 0.3
    archive.set_site(
        sections={"world/europe": {"name": "Europe", "path": "/world/europe", "pages": 1}},
        requisites={"number": 0, "size": 0},
    )
    run = archive.crawl()
    took = datetime.fromisoformat(run.manifest["ended_at"]) - datetime.fromisoformat(run.manifest["started_at"])
    assert took > timedelta(seconds=0.3) * 20


def test_every_segment_passes_the_fields_own_checks(archive: Archive, tmp_path: Path) -> None:
    archive.crawl()
    archive.newsroom.advance(timedelta(hours=1))
    archive.newsroom.publish()
    archive.crawl("--recheck")
    archive.crawl()
    tools = Path(sys.executable).parent
    keys = [key for key in archive.store.keys("warc/") if key.endswith(".gz")]
    lengths = []
    for key in keys:
        path = tmp_path / Path(key).name
        path.write_bytes(archive.store.get(key))
        subprocess.run([tools / "warcio", "check", path], check=True)
        check_with_fastwarc(path)
        subprocess.run(["gzip", "-t", path], check=True)
        asked = [tools / "cdxj-indexer", "--sort", "--fields", "warc-record-id,warc-date", path]
        lines = subprocess.run(asked, check=True, capture_output=True).stdout.splitlines(keepends=True)
        index = b"".join(line for line in lines if b'"status": "304"' not in line)
        assert archive.store.get(key.removesuffix(".warc.gz") + ".cdxj") == index
        lengths.append(index.count(b"\n"))
    assert [length > 10 for length in lengths] == [True, True, False], (
        "responses, revisits, and 304s, which it leaves out"
    )


def check_with_fastwarc(path: Path) -> None:
    """Its `-p` takes a revisit's digest for wrong; by WARC 1.1, 6.7.2, it is the original's: no other may fail."""
    code, faults = fastwarc_check(path)
    with path.open("rb") as file:
        revisits = {
            record.rec_headers.get_header("WARC-Record-ID")
            for record in ArchiveIterator(file)
            if record.rec_headers.get_header("WARC-Profile") == IDENTICAL
        }
    assert faults == revisits
    assert code == bool(revisits)


def test_recheck_goes_on_to_the_last_page_allowed(archive: Archive) -> None:
    archive.crawl()
    assert archive.crawl().counts["listing_pages"] == 1
    again = archive.crawl("--recheck")
    assert (again.counts["listing_pages"], again.counts["unchanged"]) == (2, READABLE)


def test_an_article_with_a_missing_following_page_is_not_published_in_part(archive: Archive) -> None:
    long = archive.newsroom.story(archive.newsroom.article_id(22))
    assert len(long.pages) > 1
    archive.newsroom.fault(long.path.replace(".html", "_2.html"), FaultKind.STATUS_500)
    run = archive.crawl()
    [fate] = [each for each in run.manifest["articles"] if each["article_id"] == long.article_id]
    assert (fate["outcome"], fate["reason"]) == ("failed", "following-page")
    archive.newsroom.clear_faults()
    archive.crawl("--recheck")
    assert long.article_id in {document["identifier"] for document in archive.documents().values()}
