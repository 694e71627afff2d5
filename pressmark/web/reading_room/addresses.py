"""Links to the reading room's pages. Those of documents follow the bucket keys, so they are permanent."""

from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

import attrs

from pressmark.model import keys
from pressmark.reader import Document
from pressmark.web.common import addresses
from pressmark.web.common.addresses import with_query


@attrs.frozen(kw_only=True)
class Origins:
    """The origins at which browsers reach the parts of the reading room, without a slash at the end."""

    room: str
    """The reading room itself, e.g. `http://127.0.0.1:8090`."""
    replay: str
    """The separate origin where ReplayWeb.page runs captured pages."""
    pywb: str = ""
    """The replay server, or empty."""

    def show(self, package: str, url: str, captured_at: datetime) -> str:
        """Return the address at which ReplayWeb.page shows a page of this package."""
        query = urlencode({"url": url, "ts": _stamp(captured_at)})
        return f"{self.replay}/show/{package.removeprefix(keys.PACKAGES).removesuffix('.wacz')}?{query}"

    def memento(self, site: str, url: str, captured_at: datetime | None = None, how: str = "") -> str:
        """Return the address at which pywb replays a page as of a time; without one, the TimeGate."""
        moment = f"{_stamp(captured_at)}{how}/" if captured_at else ""
        return f"{self.pywb}/{site}/{moment}{url}"

    def timemap(self, site: str, url: str) -> str:
        """Return the address at which pywb lists all captures of a page."""
        return f"{self.pywb}/{site}/timemap/link/{url}"


@attrs.frozen
class Links(addresses.Links):
    """Links to the pages, below the path that the reading room is served from."""

    def search(self, **query: str | int) -> str:
        """A search."""
        return f"{self.root}/search?{urlencode({name: value for name, value in query.items() if value})}"

    def site(self, site: str, **query: str | int) -> str:
        """A site's articles."""
        return with_query(f"{self.root}/articles/{site}/", query)

    def month(self, site: str, month: str) -> str:
        """A month (`YYYY-MM`)."""
        return f"{self.root}/articles/{site}/{month.replace('-', '/')}/"

    def day(self, site: str, day: date) -> str:
        """A day, as in the articles' URLs."""
        return f"{self.root}/articles/{site}/{day:%Y/%m/%d}/"

    def article(self, site: str, day: date, article_id: str) -> str:
        """An article with its history."""
        return f"{self.day(site, day)}{quote(article_id)}/"

    def article_of(self, document: Document) -> str:
        """The article of a document."""
        return f"{self.root}/articles/{'/'.join(document.key.split('/')[1:6])}/"

    def version(self, key: str) -> str:
        """A version, correction, silent edit or tombstone."""
        return f"{self.root}/{key.removesuffix('.json')}"

    def document(self, key: str) -> str:
        """The JSON of a document."""
        return f"{self.root}/{key}"

    def compare(self, earlier: str, later: str, **query: str) -> str:
        """Two versions, compared."""
        return with_query(f"{self.root}/compare", {"earlier": earlier, "later": later, **query})

    def replay(self, key: str, number: int = 1) -> str:
        """The replay of the captured page that a version was read from."""
        return with_query(f"{self.root}/replay/{key.removesuffix('.json')}", {"page": number} if number > 1 else {})

    def record(self, key: str, number: int = 1) -> str:
        """The WARC record of that page, to save."""
        return with_query(f"{self.root}/record/{key.removesuffix('.json')}", {"page": number} if number > 1 else {})

    def object(self, key: str) -> str:
        """A segment, its index or a package, to save."""
        return f"{self.root}/{key}"


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
