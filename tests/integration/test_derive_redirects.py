"""Recovery uses the responses that the crawl used, after redirects and retries, under the requested URL."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc.captures import SegmentCaptures
from pressmark.crawl.derive import derive
from pressmark.extract.urls import redirect_target
from pressmark.local.newsroom.site_file import newsroom_site
from tests.support.hostile_site import article_id, page, path
from tests.support.samples import exchange

SITE = newsroom_site()
ORIGIN = "http://127.0.0.1:8765"
FIRST, OTHER_DAY = path(1), path(1, "202203/18")
SECOND = FIRST.replace(".html", "_2.html")
PAGER = f'<p>One.</p><div id="div_currpage"><a href="{article_id(1)}_2.html">2</a></div>'

Answer = tuple[str, int, str]
"""Address, status and body; of a redirect, its Location."""
LONG = (FIRST, 200, page(1, body=PAGER))


def two(text: str) -> str:
    return page(1, body=f"<p>{text}</p>")


def derived(folder: Path, *answers: Answer) -> list[tuple[str, str]]:
    """Return the day in the key, and the text or reason, of what captures of one second each become."""
    batches: list[Any] = []
    spool = Spool(folder, "newsroom", "run1", {"software": "test"}, batches.append)
    for number, (address, status, body) in enumerate(answers):
        moved = f"Location: {body}\r\n" if 300 < status < 400 else ""
        sent = b"" if moved else body.encode()
        length = f"Content-Length: {len(sent)}\r\n"
        head = f"HTTP/1.1 {status} Odd\r\nContent-Type: text/html\r\n{length}{moved}\r\n".encode()
        made = attrs.evolve(exchange(now=True, body=sent), url=ORIGIN + address, status=status, response_head=head)
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(milliseconds=number)
        spool.record(attrs.evolve(made, response_body=BytesIO(sent), started_at=at))
    spool.close()
    captured = SegmentCaptures([(each.segment.path, each.segment.key) for each in batches], redirect_target)
    found = [(each.key, each.document) for each in derive(SITE, captured)]
    return [
        ("/".join(key.split("/")[2:5]), str(document.get("articleBody", document.get("reason"))))
        for key, document in found
    ]


@pytest.mark.parametrize(
    "answers",
    [
        [(SECOND, 200, two("Two."))],
        [(SECOND, 503, "busy"), (SECOND, 200, two("Two."))],
        [(SECOND, 302, f"{SECOND}?x"), (f"{SECOND}?x", 200, two("Two."))],
        [(SECOND, 302, f"{SECOND}?é"), (f"{SECOND}?%C3%A9", 200, two("Two."))],
        [(SECOND, 302, "/wall"), ("/wall", 302, SECOND), (SECOND, 200, two("Two."))],
        [
            (SECOND, 503, "busy"),
            (SECOND, 301, "/x"),
            ("/x", 503, "busy"),
            ("/x", 307, SECOND),
            (SECOND, 200, two("Two.")),
        ],
        [(SECOND, 200, two("Two.")), LONG, (SECOND, 200, two("Later."))],
    ],
    ids=["plain", "retried", "redirected", "odd address", "cookie wall", "all", "two visits"],
)
def test_a_following_page_is_the_one_that_the_crawl_took(tmp_path: Path, answers: list[Answer]) -> None:
    assert derived(tmp_path, LONG, *answers)[0] == ("2022/02/18", "One.\n\nTwo.")


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [(SECOND, 503, "busy")],
        [(SECOND, 302, f"{SECOND}?x")],
        [(SECOND, 302, f"{SECOND}?x"), (f"{SECOND}?x", 404, "gone")],
        [(SECOND, 302, SECOND)],
        [(SECOND, 302, "http://[broken")],
        [(SECOND, 302, "data:,x")],
    ],
)
def test_without_a_whole_following_page_there_is_no_article(tmp_path: Path, answers: list[Answer]) -> None:
    assert derived(tmp_path, LONG, *answers) == []


@pytest.mark.parametrize(
    ("answers", "days"),
    [
        ([(FIRST, 302, OTHER_DAY), (OTHER_DAY, 200, page(1))], ["2022/02/18"]),
        ([(FIRST, 302, "/wall"), ("/wall", 302, OTHER_DAY), (OTHER_DAY, 200, page(1))], ["2022/02/18"]),
        ([(FIRST, 302, OTHER_DAY), (OTHER_DAY, 503, "busy"), (OTHER_DAY, 200, page(1))], ["2022/02/18"]),
        ([(OTHER_DAY, 200, page(1)), (FIRST, 302, OTHER_DAY)], ["2022/03/18"]),
        (
            [(FIRST, 302, OTHER_DAY), (OTHER_DAY, 200, page(1)), (OTHER_DAY, 200, page(1))],
            ["2022/02/18", "2022/03/18"],
        ),
        ([(FIRST, 302, path(2)), (path(2), 200, page(2))], ["2022/02/18"]),
        ([(FIRST, 302, path(2)), (path(2), 503, "busy"), (path(2), 200, page(2))], ["2022/02/18"]),
        ([("/world/europe", 302, FIRST), (FIRST, 200, page(1))], ["2022/02/18"]),
        ([(FIRST, 302, "/wall"), ("/wall", 302, FIRST), (FIRST, 200, page(1))], ["2022/02/18"]),
    ],
    ids=[
        "other day",
        "two redirects",
        "retried",
        "before",
        "twice",
        "other article",
        "in vain",
        "listing",
        "cookie wall",
    ],
)
def test_a_document_is_filed_under_the_address_that_was_asked_for(
    tmp_path: Path, answers: list[Answer], days: list[str]
) -> None:
    assert [day for day, _ in derived(tmp_path, *answers)] == days
