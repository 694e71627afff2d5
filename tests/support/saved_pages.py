"""The saved pages of the newsroom (`tests/tools/save_pages.py`), and what the page objects read from them."""

import asyncio
import json
from pathlib import Path
from typing import Any

from web_poet import HttpResponseHeaders

from pressmark.extract.layouts import page_response
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model.article import Article
from pressmark.sites.site import Site
from pressmark.spiders.pages.chinadaily.article import ChinaDailyArticlePage

SAVED = Path(__file__).parents[1] / "spiders" / "pages" / "chinadaily_2"
CASES = sorted(path.stem for path in SAVED.glob("*.json"))
OF_PAGES = {"origin": "http://news.example", "hosts": ["news.example"]}
SITE = Site.model_validate({**newsroom_site().model_dump(), **OF_PAGES})

Saved = tuple[str, str]
"""URL and HTML of a page."""


def page(url: str, html: str) -> ChinaDailyArticlePage:
    return ChinaDailyArticlePage(page_response(url, html.encode(), 200, HttpResponseHeaders()), site=SITE)


def read(url: str, html: str) -> Article:
    return asyncio.run(page(url, html).to_item())


def read_whole(pages: list[Saved]) -> Article:
    first, *following = [read(*each) for each in pages]
    return first.followed_by(*following)


def saved(case: str, number: int = 1) -> Saved:
    url = str(expected(case)["url"])
    html = (SAVED / f"{case}.{number}.html").read_text("utf-8")
    return url if number == 1 else url.replace(".html", f"_{number}.html"), html


def saved_whole(case: str) -> list[Saved]:
    """Return all pages of an article."""
    return [saved(case, number) for number in range(1, len(list(SAVED.glob(f"{case}.*.html"))) + 1)]


def expected(case: str) -> dict[str, Any]:
    """Return what must be read from a case, in JSON's types."""
    facts: dict[str, Any] = json.loads((SAVED / f"{case}.json").read_text("utf-8"))
    return facts
