"""The console over a real bucket, asked as Airflow's API server would ask it."""

import asyncio
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import httpx
import pytest
from fastapi import FastAPI

from pressmark.airflow.console.app import console_app
from pressmark.web.common.repository import Repository


def let_in() -> None:
    """Guard nothing: the guard has tests of its own."""


@attrs.frozen
class Visitor:
    """Somebody who looks at the console, mounted below a path as Airflow does it."""

    app: FastAPI

    def get(self, path: str, status: int = 200, method: str = "GET") -> httpx.Response:
        """Get a page below `/archive`, or an address that a page links to."""

        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
                return await client.request(method, path if path.startswith("/archive") else f"/archive{path}")

        answer = asyncio.run(get())
        assert answer.status_code == status, answer.text
        return answer

    def read(self, path: str, status: int = 200) -> str:
        """Return a page's words, each run of white space as one blank."""
        return words_of(self.get(path, status).text)

    def links(self, path: str, label: str) -> list[str]:
        """Return where the links of a page lead that bear this label."""
        found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.get(path).text, re.DOTALL)
        return [html.unescape(href) for href, text in found if words_of(text) == label]


def words_of(page: str) -> str:
    """Return what a person reads on a page."""
    body = re.sub(r"<title>.*?</title>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


def visitor(open_repository: Callable[[], Repository] = Repository.open) -> Visitor:
    """Return a visitor of a console that remembers nothing yet."""
    airflow = FastAPI()
    airflow.mount("/archive", console_app(open_repository, let_in))
    return Visitor(airflow)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
