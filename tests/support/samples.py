"""Small true-to-life values for tests."""

from datetime import UTC, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from pressmark.archive.spool.batch import Draft
from pressmark.model.article import Article, Credit, Image, Raw
from pressmark.model.capture import Capture, Exchange
from pressmark.model.document import Document, draft
from pressmark.model.outcomes import Outcome

SHANGHAI = ZoneInfo("Asia/Shanghai")
ARTICLE_ID = "WS620eee0ba310cdd1c5c1d2a3"
DAY = "2022/02/18"


def article(**changes: object) -> Article:
    facts: dict[str, object] = {
        "article_id": ARTICLE_ID,
        "url": f"https://news.example/a/202202/18/{ARTICLE_ID}.html",
        "headline": "Lamps lit",
        "standfirst": "A town sees again",
        "authors": (Credit(name="REN QI", location="Moscow"),),
        "dateline": "Moscow",
        "source": "China Daily",
        "contributors": (Credit(name="Xinhua", organization=True),),
        "published_at": datetime(2022, 2, 18, 8, 53, 31, tzinfo=SHANGHAI),
        "updated_at": datetime(2022, 2, 18, 9, 10, tzinfo=SHANGHAI),
        "section": "World / Europe",
        "body": "One line.\n\nTwo lines.",
        "images": (Image(url="https://img.example/1.jpeg", caption="A lamp.", credit="Photo/Agencies"),),
        "keywords": ("lamp", "town"),
        "raw": Raw(byline="By REN QI in Moscow | China Daily", updated="2022-02-18 09:10", published="2022-02-18"),
        "layout": "chinadaily/1",
    }
    return Article(**{**facts, **changes})  # type: ignore[arg-type]


def document(**changes: object) -> Document:
    return draft(article(**changes))


def staged(key: str, **changes: object) -> Draft:
    """Return a new version that is to be published at a key."""
    made = document(**changes)
    return Draft(article_id=ARTICLE_ID, key=key, document=made, outcome=Outcome.PUBLISHED, taken=Outcome.UNCHANGED)


def capture(**changes: object) -> Capture:
    facts: dict[str, object] = {
        "url": f"https://news.example/a/202202/18/{ARTICLE_ID}.html",
        "warc": "warc/news/2022/02/18/news-1.warc.gz",
        "offset": 512,
        "length": 4096,
        "record_id": "urn:uuid:12345678-1234-5678-1234-567812345678",
        "payload_digest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
        "captured_at": datetime(2022, 2, 18, 1, 30, 0, 123456, tzinfo=UTC),
        "status": 200,
    }
    return Capture(**{**facts, **changes})  # type: ignore[arg-type]


def exchange(number: int = 1, body: bytes = b"<h1>Lamps lit</h1>", *, now: bool = False) -> Exchange:
    return Exchange(
        url=f"https://news.example/{number}",
        request_head=f"GET /{number} HTTP/1.1\r\nhost: news.example\r\n\r\n".encode(),
        response_head=b"HTTP/1.1 200 Fine by Me\r\nX-Odd:  two  blanks\r\nx-odd: again\r\n\r\n",
        response_body=BytesIO(body),
        size=len(body),
        status=200,
        seconds=0.25,
        via="https://news.example/world",
        started_at=datetime.now(UTC) if now else datetime(2022, 2, 18, 1, 30, number, tzinfo=UTC),
        ip="127.0.0.1",
    )
