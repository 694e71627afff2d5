"""A reading room over a real bucket: three runs of the newsroom, exported."""

import asyncio
import html
import re
from collections.abc import Iterator
from datetime import timedelta

import attrs
import httpx
import pytest
from fastapi import FastAPI

from pressmark.jobs.export import Exporter
from pressmark.local.s3server import RunningS3
from pressmark.reader import Document, Reader
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.addresses import Origins
from pressmark.web.reading_room.app import room_app
from pressmark.web.reading_room.search.catalogue import Catalogue
from pressmark.web.reading_room.search.refresh import Refresher
from tests.conftest import fresh_bucket
from tests.support.archive import Archive, archiving

EVERYTHING = {"steps": [{"until": "P9000D", "every": "PT0S"}]}
PLACES = Origins(room="http://127.0.0.1:8090", replay="http://127.0.0.1:8091", pywb="http://127.0.0.1:8092")


@attrs.frozen
class Archived:
    """An archive of three runs, with the articles that changed in the second and third."""

    archive: Archive
    repository: Repository
    refresher: Refresher
    updated: Document
    """The newest of three versions of an article."""
    edited: Document
    """The version of an article that was edited silently."""
    gone: Document
    """The version of an article that was withdrawn."""

    @property
    def reader(self) -> Reader:
        return Reader(self.archive.store, "newsroom")


@attrs.frozen
class Visitor:
    """A reader of the reading room."""

    archived: Archived
    origins: Origins = PLACES

    def get(self, address: str, status: int = 200, **headers: str) -> httpx.Response:
        app = room_app(self.archived.repository, self.archived.refresher, self.origins)
        answer = ask(app, self.origins.room, address, **headers)
        assert answer.status_code == status, answer.text
        return answer

    def read(self, address: str, status: int = 200) -> str:
        """Return the text of a page, with white space collapsed."""
        return words_of(self.get(address, status).text)

    def links(self, address: str, label: str) -> list[str]:
        """Return the addresses of a page's links with this label."""
        found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', self.get(address).text, re.DOTALL)
        return [html.unescape(href) for href, text in found if words_of(text) == label]


def ask(app: FastAPI, origin: str, address: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Send a request to an application, for an address below its origin."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=origin) as client:
            return await client.request(method, address, headers=headers)

    return asyncio.run(get())


def words_of(page: str) -> str:
    """Return the visible text of a page."""
    body = re.sub(r"<title>.*?</title>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", body)).split())


@pytest.fixture(scope="package")
def archived(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archived]:
    folder = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(folder, patch) as archive:
            yield _filled(archive, Catalogue(folder / "catalogue.sqlite"))


def _filled(archive: Archive, catalogue: Catalogue) -> Archived:
    archive.set_site(recheck=EVERYTHING)
    archive.crawl()
    known = {document["identifier"] for document in archive.documents().values()}
    listed = [each.article_id for each in archive.newsroom.listing("world/europe", 1) if each.article_id in known]
    updated, edited, gone = listed[:3]
    newsroom = archive.newsroom
    for _ in range(2):
        newsroom.advance(timedelta(minutes=5))
        newsroom.update(updated)
        newsroom.edit_silently(edited)
        newsroom.withdraw(gone, 410)
        archive.crawl()
    list(Exporter(archive.store, "newsroom").changed())
    repository = Repository.open()
    refresher = Refresher(catalogue, repository)
    refresher.refresh()
    reader = Reader(archive.store, "newsroom")
    newest = [reader.versions(article)[-1] for article in (updated, edited, gone)]
    return Archived(archive, repository, refresher, *newest)


@pytest.fixture
def visitor(archived: Archived) -> Visitor:
    return Visitor(archived)
