"""Recovery makes of a capture what the crawl would have made: what is no page of an article becomes no document."""

from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc.captures import SegmentCaptures
from pressmark.crawl.derive import derive
from pressmark.local.newsroom.site_file import newsroom_site
from tests.support.hostile_site import article_id, page, path
from tests.support.samples import exchange

SITE = newsroom_site()
ORIGIN = "http://127.0.0.1:8765"
REFRESH = '<meta http-equiv="Refresh" content="0; url=/world/europe">'


def derived(folder: Path, address: str, body: bytes, status: int = 200, head: bytes = b"") -> list[tuple[str, str]]:
    """Return article and kind of what a capture becomes."""
    batches: list[Any] = []
    spool = Spool(folder, "newsroom", "run1", {"software": "test"}, batches.append)
    sent = b"HTTP/1.1 %d Odd\r\nContent-Type: text/html\r\n%sContent-Length: %d\r\n\r\n" % (status, head, len(body))
    made = exchange(now=True, body=body)
    spool.record(
        attrs.evolve(made, url=ORIGIN + address, status=status, response_head=sent, response_body=BytesIO(body))
    )
    spool.close()
    captured = SegmentCaptures([(each.segment.path, each.segment.key) for each in batches])
    return [(each.article_id, str(each.document.get("reason", "version"))) for each in derive(SITE, captured)]


@pytest.mark.parametrize(
    ("address", "body", "status", "becomes"),
    [
        (path(1), page(1), 200, "version"),
        (f"{path(1)}?from=rss", page(1), 200, "version"),
        (path(1).replace(".html", "_1.html"), page(1), 200, "version"),
        (path(1), page(1), 206, None),
        (path(1), "", 200, None),
        (path(1), "\ufeff \n", 200, None),
        (path(1), f"<html><head>{REFRESH}</head></html>", 200, "meta-refresh"),
        (path(1), page(1, head=REFRESH), 200, "version"),
        (path(1, "202213/18"), page(1), 200, None),
        (path(1).replace(".html", f"_{'9' * 5000}.html"), page(1), 200, None),
        ("/world/europe", page(1), 200, None),
        (path(1), page(2), 200, "id-mismatch"),
    ],
)
def test_a_capture_becomes_what_the_crawl_makes_of_it(
    tmp_path: Path, address: str, body: str, status: int, becomes: str | None
) -> None:
    assert derived(tmp_path, address, body.encode(), status) == ([(article_id(1), becomes)] if becomes else [])


@pytest.mark.parametrize("header", [b"X-Author: caf\xe9\r\n", "X-Author: café\r\n".encode()])
def test_bytes_of_a_header_change_nothing(tmp_path: Path, header: bytes) -> None:
    assert derived(tmp_path, path(1), page(1).encode(), head=header) == [(article_id(1), "version")]
