"""A bucket with many versions, as crawls would leave them."""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.model import keys
from pressmark.model.article import Article, Credit, Image
from pressmark.model.capture import Capture
from pressmark.model.document import draft, to_bytes, with_captures

LAST = date(2022, 2, 18)
SITE = "seeded"
PARAGRAPH = (
    "The regional council extended a ten-year lease on the old shipyard on Monday, in the hope of more visitors. " * 4
)
THREADS = 8


def article(number: int, per_day: int) -> Article:
    """Return an article of some 4 KB; this many have the same day, the newest first."""
    day = LAST - timedelta(days=number // per_day)
    moment = datetime(day.year, day.month, day.day, 8, number % 60, tzinfo=UTC)
    article_id = f"WS{number:024x}"
    return Article(
        article_id=article_id,
        url=f"https://news.example/a/{day:%Y%m/%d}/{article_id}.html",
        headline=f"Shipyard lease, part {number}",
        standfirst="Visitors hoped for",
        authors=(Credit(name="REN QI", location="Moscow"), Credit(name="Xinhua", organization=True)),
        published_at=moment,
        updated_at=moment,
        section="World / Europe",
        body="\n\n".join(f"{number}.{part} {PARAGRAPH}" for part in range(8)),
        images=(Image(url="https://img.example/1.jpeg", caption="A lamp.", credit="Photo/Agencies"),),
        keywords=("lease", "shipyard"),
        layout="chinadaily/1",
    )


def key(made: Article) -> str:
    """Return the key of a version."""
    return keys.version(SITE, keys.day_of(made.updated_at), made.version)


def seed(first: int, last: int, per_day: int) -> None:
    """Publish these versions in the environment's bucket."""
    step = max(1, (last - first) // 8)
    parts = [range(begin, min(begin + step, last)) for begin in range(first, last, step)]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(partial(_seed, per_day=per_day), parts))


def _seed(numbers: range, per_day: int) -> None:
    store = Store.open(Config.read())

    def put(number: int) -> None:
        made = article(number, per_day)
        capture = Capture(
            url=made.url,
            warc=f"warc/{SITE}/2022/02/18/{SITE}-{number // 1000}.warc.gz",
            offset=number * 1000,
            length=1000,
            record_id=f"urn:uuid:12345678-1234-5678-1234-{number:012x}",
            payload_digest="sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
            captured_at=made.updated_at,
            status=200,
        )
        store.put(key(made), to_bytes(with_captures(draft(made), [capture])))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(put, numbers))
