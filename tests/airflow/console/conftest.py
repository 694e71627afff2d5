"""The console over a real bucket, mounted as in Airflow's API server."""

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
    """Let everybody in: the guard has its own tests."""


@attrs.frozen
class Visitor:
    """A user of the console, mounted below a path as in Airflow."""

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
        """Return the text of a page, with white space collapsed."""
        return words_of(self.get(path, status).text)

    def links(self, path: str, label: str) -> list[str]:
        """Return the addresses of a page's links with this label."""
        found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.get(path).text, re.DOTALL)
        return [html.unescape(href) for href, text in found if words_of(text) == label]


def words_of(page: str) -> str:
    """Return the visible text of a page."""
    body = re.sub(r"<title>.*?</title>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


def visitor(open_repository: Callable[[], Repository] = Repository.open) -> Visitor:
    """Return a visitor of a new console with empty caches."""
    airflow = FastAPI()
    airflow.mount("/archive", console_app(open_repository, let_in))
    return Visitor(airflow)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
