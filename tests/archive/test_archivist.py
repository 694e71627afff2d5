"""The archivist remembers only captures that may still be staged: a long run has a million exchanges."""

from pathlib import Path

import attrs
import pytest

from pressmark.archive.publish.archivist import TOGETHER, Archivist, Setup
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import PressmarkError
from pressmark.model.document import captures_of
from pressmark.reader import Reader
from tests.support.samples import ARTICLE_ID, article, exchange, staged

SITE = "news"


@pytest.fixture
def archivist(store: Store, tmp_path: Path) -> Archivist:
    config = Config(bucket=store.bucket, spool=tmp_path / "spool")
    setup = Setup(config=config, site=SITE, run_id="run1", info={"software": "test"}, earlier={})
    return Archivist(setup, lambda published, results: None)


def test_a_held_receipt_can_be_staged_after_any_number_of_others(archivist: Archivist, store: Store) -> None:
    held = [archivist.record(exchange(3))]
    for number in range(4 * TOGETHER):
        receipt = archivist.record(exchange(number % 60))
        if number == 2 * TOGETHER:
            held.append(receipt)
    version = article().version
    archivist.stage(staged(f"articles/{SITE}/2022/02/18/{version}.json"), held)
    archivist.close()
    [document] = Reader(store, SITE).versions(ARTICLE_ID)
    assert [each.record_id for each in captures_of(document.data)] == [each.record_id for each in held]


def test_what_nobody_holds_is_forgotten(archivist: Archivist) -> None:
    gone = attrs.evolve(archivist.record(exchange(1)))  # A copy with the same number, which was never returned.
    for number in range(2 * TOGETHER):
        archivist.record(exchange(number % 60))
    archivist.stage(staged(f"articles/{SITE}/2022/02/18/{article().version}.json"), [gone])
    with pytest.raises(PressmarkError):
        archivist.close()
