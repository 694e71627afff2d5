"""A newsroom over real HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from pressmark.local.newsroom import Newsroom
from pressmark.local.newsroom.http.server_thread import RunningNewsroom


@pytest.fixture(scope="module")
def running() -> Iterator[RunningNewsroom]:
    """One server for the tests of a module; each test asks for pages of its own, so none sees another's changes."""
    with RunningNewsroom(Newsroom(articles=65, slow_pause=0.2)) as running:
        yield running


@pytest.fixture
def newsroom(running: RunningNewsroom) -> Iterator[Newsroom]:
    running.newsroom.clear_faults()
    yield running.newsroom
    running.newsroom.clear_faults()


@pytest.fixture
def client(running: RunningNewsroom) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, timeout=10) as client:
        yield client
