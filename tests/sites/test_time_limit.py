from datetime import timedelta
from pathlib import Path

import pytest

from pressmark.errors import SiteFileError
from pressmark.sites.scope import Scope, ScopeKind
from pressmark.sites.site_files import read_site
from pressmark.sites.time_limit import time_limit
from tests.sites.test_site import write

MINUTE = timedelta(minutes=1)
BACKFILL = ScopeKind.BACKFILL


@pytest.mark.parametrize(
    ("scope", "limit"),
    [
        (Scope(pages=5), 24 * MINUTE),
        (Scope(pages=1), 24 * MINUTE),
        (Scope(pages=50), 240 * MINUTE),
        (Scope(kind=BACKFILL, pages=10), 48 * MINUTE),
        (Scope(kind=BACKFILL, pages=5, requests_per_minute=20), 36 * MINUTE),
        (Scope(kind=BACKFILL, pages=5, requests_per_minute=100), 24 * MINUTE),
        (Scope(kind=ScopeKind.ARTICLE, article="https://news.example/"), 24 * MINUTE),
    ],
)
def test_more_pages_and_a_slower_pace_get_more_time(tmp_path: Path, scope: Scope, limit: timedelta) -> None:
    site = read_site(write(tmp_path, politeness={"delay": 2}))
    assert time_limit(site, site.sections["home"], scope) == limit


def test_a_limit_is_shorter_than_the_deadline(tmp_path: Path) -> None:
    home = {"name": "Home", "path": "/", "deadline": "PT10M"}
    site = read_site(write(tmp_path, sections={"home": {**home, "time_limit": "PT9M"}}))
    assert time_limit(site, site.sections["home"], Scope(pages=1)) == 9 * MINUTE
    with pytest.raises(SiteFileError, match="time_limit 0:10:00 must be shorter than deadline 0:10:00"):
        read_site(write(tmp_path, sections={"home": {**home, "time_limit": "PT10M"}}))
