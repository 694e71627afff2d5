"""One of several processes that publish the same versions at once, each with its own spool and segment."""

from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

import attrs

from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import Store, Stored
from pressmark.archive.spool.batch import Batch, Draft
from pressmark.archive.spool.spool import Spool
from pressmark.config import Config
from pressmark.model.outcomes import Outcome
from tests.support.samples import DAY, document, exchange

KEY = f"articles/news/{DAY}/WS{{:024x}}/20220218T011000Z.json"

_line: Barrier


@attrs.frozen
class View:
    """What one process says of the race."""

    outcomes: Counter[Outcome]
    segment: Stored
    objects: tuple[Stored, ...]


def come(line: Barrier) -> None:
    """Know the line that all processes of the race start from."""
    global _line  # noqa: PLW0603 - the initializer of a pool has no other way
    _line = line


def race(config: Config, folder: Path, racer: int, versions: int) -> View:
    """Publish as a crawl does, when all others are ready to."""
    handed: list[Batch] = []
    spool = Spool(folder, "news", f"racer{racer}", {"software": "test"}, handed.append)
    capture = spool.record(exchange(racer + 1))
    text = document(
        body="Seen by all." + " " * 100 * racer
    )  # The same to a reader, and of other bytes: a mixture shows.
    for number in range(versions):
        draft = Draft(
            article_id=f"WS{number:024x}",
            key=KEY.format(number),
            outcome=Outcome.PUBLISHED,
            taken=Outcome.UNCHANGED,
            document=text,
        )
        spool.stage(draft, [capture])
    spool.close()
    store = Store.open(config)
    _line.wait(60)
    published, results = publish(store, *handed)
    return View(Counter(outcome for _, outcome in results), published.segment, published.objects)
