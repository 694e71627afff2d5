"""Scopes: valid combinations, and their form in a manifest."""

from datetime import date
from typing import Any

import pytest

from pressmark.errors import UsageError
from pressmark.sites.scope import Scope, ScopeKind
from pressmark.sites.site_files import load_sites

SITE = load_sites()["chinadaily"]
ARTICLE = "https://www.chinadaily.com.cn/a/202202/18/WS620efc22cf054f070000001a.html"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"pages": 10**20}, "pages: 1(0){20} is not from 1 to 1000000"),
        ({"pages": 0}, "pages: 0 is not from 1 to 1000000"),
        ({"kind": ScopeKind.BACKFILL, "pages": 3, "first_page": 0}, "first page: 0 is not from 1 to 1000000"),
        ({"pages": 1, "requests_per_minute": 0}, "requests per minute: 0 is not from 1 to 1000000"),
        ({"kind": ScopeKind.SEARCH}, "needs a day"),
        ({"kind": ScopeKind.SEARCH, "since": date(2022, 2, 2), "until": date(2022, 2, 1)}, "swap them"),
        ({"kind": ScopeKind.ARTICLE}, "only a run for one article"),
        ({"pages": 1, "article": ARTICLE}, "only a run for one article"),
    ],
)
def test_parts_that_do_not_fit(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Scope(**facts)


def test_days_are_inclusive_and_need_be_on_no_calendar() -> None:
    scope = Scope(kind=ScopeKind.BACKFILL, pages=1, since=date(2022, 2, 1), until=date(2022, 2, 28))
    assert [scope.wants(day) for day in ("2022/01/31", "2022/02/01", "2022/02/28", "2022/02/30")] == [
        False,
        True,
        True,
        False,
    ]
    assert Scope(pages=1).wants("2022/02/30")


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/a/202202/18/WS620efc22cf054f070000001a.html",
        "https://www.chinadaily.com.cn/world/europe",
        ARTICLE.replace(".html", "_2.html"),
        ARTICLE.replace("https:", "ftp:"),
    ],
)
def test_an_article_has_to_be_the_first_page_of_one_of_the_site(url: str) -> None:
    with pytest.raises(UsageError, match=r"WS620|world/europe"):
        Scope(kind=ScopeKind.ARTICLE, article=url).check(SITE)
    Scope(kind=ScopeKind.ARTICLE, article=ARTICLE).check(SITE)


def test_what_a_manifest_records() -> None:
    backfill = Scope(kind=ScopeKind.BACKFILL, first_page=3, pages=4, since=date(2022, 2, 1), requests_per_minute=20)
    assert backfill.last_page == 6
    assert backfill.parameters() == {
        "scope": "backfill",
        "pages": 4,
        "first_page": 3,
        "since": "2022-02-01",
        "recheck": False,
        "requests_per_minute": 20,
    }
    assert Scope(pages=5).parameters() == {"scope": "newest", "pages": 5, "recheck": False}


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_password_in_the_address_of_an_article_is_refused_and_not_shown(scheme: str) -> None:
    article = ARTICLE.replace("https://", f"{scheme}://user:hunter2@")
    with pytest.raises(
        UsageError, match=r"//\.\.\.@www\.chinadaily\.com\.cn/a/.* is not the address of an article"
    ) as error:
        Scope(kind=ScopeKind.ARTICLE, article=article).check(SITE)
    assert "hunter2" not in str(error.value)
