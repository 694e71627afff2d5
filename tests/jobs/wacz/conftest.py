"""Days of an archive: segments as a crawl of that day writes and stores them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import TEXT, WARC, Store
from pressmark.archive.spool.segment import Segment
from pressmark.archive.warc import cdxj
from pressmark.jobs.wacz.packager import Packaged, Packager
from pressmark.model import keys
from pressmark.model.capture import Capture, Exchange, Original
from pressmark.model.document import Document, to_bytes, with_captures
from tests.support.manifests import manifest_of
from tests.support.samples import ARTICLE_ID, article, document, exchange

SITE = "news"
FIRST, SECOND = date(2026, 11, 24), date(2026, 11, 25)
URL = f"https://news.example/a/202202/18/{ARTICLE_ID}.html"
LAMP = "https://img.example/1.jpeg"


@attrs.define
class Days:
    """The archive of a site, written a crawl at a time."""

    store: Store
    folder: Path
    runs: int = 0

    @contextmanager
    def crawl(self, day: date, hour: int = 10, *, goes_on: bool = False) -> Iterator["Crawl"]:
        """Crawl on a day; at the end its segment is in the bucket and in the run's manifest.

        Args:
            day: UTC.
            hour: UTC.
            goes_on: it is a further segment of the run before.
        """
        self.runs += not goes_on
        run_id = f"r{self.runs}"
        (self.folder / run_id).mkdir(parents=True, exist_ok=True)
        segment = Segment(self.folder / run_id, SITE, run_id, 1, {"software": "test"})
        began = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        crawl = Crawl(segment, began)
        yield crawl
        done = segment.seal()
        key = keys.segment(SITE, began, done.path.name)
        warc = self.store.put_file(key, done.path, done.sha256, WARC)
        index = self.store.put(cdxj.index_key(key), done.index.encode(), TEXT)
        objects = []
        for made, page in crawl.documents:
            said = with_captures(made, [attrs.evolve(page, warc=key)])
            version = article(updated_at=datetime.fromisoformat(made["dateModified"])).version
            stored = self.store.put_new(keys.version(SITE, "2022/02/18", version), to_bytes(said))
            assert stored
            objects.append(attrs.asdict(stored))
        segments = [{**attrs.asdict(warc), "records": done.records, "index": attrs.asdict(index)}]
        where = {"site": SITE, "section": "world", "ended_at": (began + timedelta(minutes=5)).isoformat()}
        manifest.write(self.store, manifest_of(began, run_id, segments=segments, objects=objects, **where))

    def package(self, day: date) -> Packaged:
        return Packager(self.store, SITE).package(day)

    def changed(self, **how: Any) -> list[date]:
        """Return the days whose packages were written."""
        return [each.day for each in Packager(self.store, SITE).changed(**how) if each.changed]


@attrs.define
class Crawl:
    """What one crawl captures."""

    segment: Segment
    at: datetime
    documents: list[tuple[Document, Capture]] = attrs.field(factory=list)

    def page(self, url: str = URL, body: bytes = b"<h1>Lamps lit</h1>", kind: str = "text/html") -> Capture:
        """Capture a page."""
        return self.segment.write(self._exchange(url, body, kind))

    def again(self, url: str, body: bytes, earlier: Capture, kind: str = "text/html") -> Capture:
        """Capture a page that said the same before."""
        return self.segment.write(self._exchange(url, body, kind), earlier, lambda *_: True)

    def unchanged(self, page: Capture) -> None:
        """Send a conditional request for a page that did not change."""
        original = Original(url=page.url, record_id=page.record_id, captured_at=page.captured_at)
        head = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
        asked = attrs.evolve(self._exchange(page.url, b"", "text/html"), status=304, response_head=head)
        self.segment.write(attrs.evolve(asked, original=original))

    def publish(self, page: Capture, **changes: Any) -> None:
        """Read an article from a page."""
        self.documents.append((document(**changes), page))

    def _exchange(self, url: str, body: bytes, kind: str) -> Exchange:
        self.at += timedelta(seconds=1)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return attrs.evolve(exchange(1, body), url=url, response_head=head, started_at=self.at)


@pytest.fixture
def days(store: Store, tmp_path: Path) -> Days:
    return Days(store, tmp_path / "crawls")


def listed(pages: bytes) -> list[dict[str, Any]]:
    """Return the pages of a list of pages, after its head."""
    head, *rest = map(json.loads, pages.splitlines())
    assert head["format"] == "json-pages-1.0"
    return rest
