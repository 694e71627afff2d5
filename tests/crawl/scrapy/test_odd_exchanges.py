"""Every reader of the archive reads what the recorder records; a refused response has a reason."""

import io
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cdxj_indexer.main import CDXJIndexer
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.spool.segment import SealedSegment, Segment
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.http_head import parse_head
from pressmark.jobs.audit.segment_records import read_records
from pressmark.model.capture import Exchange
from tests.crawl.scrapy.odd_connection import Taken, content_in_the_archive, content_in_the_crawl, leads_to, taken
from tests.crawl.scrapy.odd_responses import odd_response

HOPS = 3


def recorded(choose: random.Random, number: int) -> tuple[Exchange, bytes] | None:
    """Return a recorded response with its message; None if it is refused."""
    found = taken(choose, f"http://news.example/{number}", None, odd_response(choose))
    return (found.exchange, found.message) if found else None


def visit(choose: random.Random, number: int) -> Iterator[Taken]:
    """Return the recorded responses of a URL and of its redirect's target."""
    url: str | None = f"http://news.example/{number}"
    via = None
    for _ in range(HOPS):
        sent = odd_response(choose, redirects=choose.random() < 0.3)
        found = taken(choose, str(url), via, sent)
        if not found:
            return
        assert found.message in sent.data
        yield found
        url, via = leads_to(found.response) if found.response else None, url
        if not url:
            return


def lines_of_cdxj_indexer(path: Path) -> list[str]:
    text = io.StringIO()
    indexer = CDXJIndexer(None, [str(path)], fields="warc-record-id,warc-date", sort=False)
    indexer.output = "-"
    with path.open("rb") as file:
        indexer.curr_filename = path.name
        indexer.process_one(file, text, path.name)
    if indexer.writer:
        indexer.writer.out.close()  # It computes missing digests in a file that it leaves open.
    return sorted(line for line in text.getvalue().splitlines() if '"status": "304"' not in line)


def holds(sealed: SealedSegment, messages: dict[str, Taken]) -> None:
    """Check that every reader finds every message, and the content that the crawl read."""
    with sealed.path.open("rb") as file:
        found, problems = read_records(file, sealed.size)
        assert problems == []
        for record_id, each in messages.items():
            message, response = each.message, each.response
            file.seek(found[record_id].offset)
            member = file.read(found[record_id].length)
            record = next(iter(ArchiveIterator(io.BytesIO(member), no_record_parse=True)))
            if record.rec_type == "response":
                assert record.raw_stream.read() == message
                body = next(iter(ArchiveIterator(io.BytesIO(member)))).raw_stream.read()
                assert body == message[parse_head(message).size :], "warcio finds the same end of the head"
                if response and response.status == 200:
                    assert content_in_the_archive(member) == content_in_the_crawl(response)
    with sealed.path.open("rb") as file:
        assert sum(1 for _ in FastIterator(file, parse_http=False)) == sealed.records
    assert sealed.index.splitlines() == lines_of_cdxj_indexer(sealed.path) == cdxj.index(sealed.path).splitlines()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 64))
def test_every_reader_finds_what_was_recorded(seed: int) -> None:
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        segment = Segment(Path(folder), "wire", "run1", 1, {"software": "test"})
        messages = {}
        for number in range(choose.randrange(1, 8)):
            for each in visit(choose, number):
                with each.exchange.response_body:
                    segment.write(each.exchange)
                if each.exchange.status != 304:
                    messages[each.exchange.record_id] = each
        holds(segment.seal(), messages)
