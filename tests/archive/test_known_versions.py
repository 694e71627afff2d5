from datetime import UTC, datetime

import attrs

from pressmark.archive.bucket.known_versions import Ledger
from pressmark.archive.s3.store import Store
from pressmark.model import keys
from pressmark.model.article import VersionKey
from tests.support.samples import ARTICLE_ID, DAY

VERSION = VersionKey(ARTICLE_ID, datetime(2022, 2, 18, 0, 53, tzinfo=UTC))
LATER = attrs.evolve(VERSION, updated_at=datetime(2022, 2, 18, 1, 0, tzinfo=UTC))


def test_what_is_in_the_bucket_is_known(store: Store) -> None:
    store.put(keys.version("news", DAY, VERSION), b"{}")
    store.put(keys.rejection("news", DAY, "WSgallery", "no-body"), b"{}")
    ledger = Ledger(store, "news")
    assert ledger.knows_version(DAY, VERSION)
    assert not ledger.knows_version(DAY, LATER)
    assert ledger.knows_article(DAY, ARTICLE_ID)
    assert ledger.knows_article(DAY, "WSgallery")
    assert not ledger.knows_article(DAY, ARTICLE_ID[:-1])
    assert ledger.knows_rejection(DAY, "WSgallery", "no-body")
    assert not ledger.knows_rejection(DAY, "WSgallery", "no-headline")
    assert not Ledger(store, "other").knows_article(DAY, ARTICLE_ID)


def test_a_day_is_read_once_a_run(store: Store) -> None:
    ledger = Ledger(store, "news")
    ledger.learn([DAY])
    store.put(keys.version("news", DAY, VERSION), b"{}")
    assert not ledger.knows_version(DAY, VERSION)
    assert Ledger(store, "news").knows_version(DAY, VERSION)
