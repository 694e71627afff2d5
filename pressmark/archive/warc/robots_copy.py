"""The last captured robots.txt, found by the indexes in the bucket."""

import logging
import zlib
from collections.abc import Container, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import urljoin

import attrs

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.cdxj import SUFFIX, payloads
from pressmark.archive.warc.gzip_member import beginning
from pressmark.archive.warc.http_head import REDIRECTS
from pressmark.archive.warc.response import Response, member_of, response_of
from pressmark.errors import BucketError, FindingsFound
from pressmark.model import keys
from pressmark.model.capture import Capture, Original

LONGEST = timedelta(hours=24)
"""Age at which a copy is too old to be used (RFC 9309, 2.4)."""
FRESH = timedelta(hours=12)
"""Age limit of conditional requests; an older copy is fetched again in full, so that a usable one always exists."""
OK = 200
_HEAD = 1 << 16
"""Bytes of a record that contain its WARC head."""
HOPS = 5
"""Maximum redirects (RFC 9309, 2.3.1.2)."""

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class RobotsCopy:
    """A captured robots.txt."""

    original: Original
    body: bytes = attrs.field(repr=False)
    """Without chunk framing and content encoding."""
    etag: str | None
    last_modified: str | None


class RobotsCopies:
    """Finds the copies of a site's hosts from today and yesterday (UTC), newest first.

    Args:
        today: the newest capture of each URL today, from `cdxj.captures`; so those indexes are not read again.
    """

    def __init__(self, store: Store, site: str, now: datetime, today: Mapping[str, Capture]) -> None:
        self._store, self._site, self._now, self._today = store, site, now, today

    def last(self, url: str) -> RobotsCopy | None:
        """Return the newest capture of a URL if it is a robots.txt for a conditional request, else None.

        If the newest is e.g. a 404, older ones are not searched: each run would read all indexes of the day.
        """
        newest = next(self._captures(url), None)
        response = newest and self._read(newest, {OK})
        return _copy(newest, response) if newest and response else None

    def serving(self, url: str) -> RobotsCopy | None:
        """Return the newest copy for a URL, following captured redirects."""
        seen = {url}
        for _ in range(HOPS + 1):
            found = next(self._captured(url, {OK, *REDIRECTS}), None)
            if not found or found[0].status == OK:
                return found and _copy(*found)
            try:
                url = urljoin(url, _header(found[1], "Location") or url)
            except ValueError:
                return None
            if url in seen:
                return None
            seen.add(url)
        return None

    def _captured(self, url: str, wanted: Container[int]) -> Iterator[tuple[Capture, Response]]:
        """Return the whole responses of a URL, newest first."""
        for capture in self._captures(url):
            if response := self._read(capture, wanted):
                yield capture, response

    def _read(self, capture: Capture, wanted: Container[int]) -> Response | None:
        """Read a response; None if its status is not wanted, or it is too old, truncated or unreadable."""
        if capture.status not in wanted or capture.captured_at < self._now - LONGEST:
            return None
        try:
            member = member_of(self._store, capture.warc, capture.offset, capture.length, capture.url)
            head = beginning(member, _HEAD).partition(b"\r\n\r\n")[0]
            return None if b"WARC-Truncated" in head else response_of(member)
        except (FindingsFound, BucketError, ValueError, OSError, EOFError, zlib.error) as error:
            logger.warning("the last robots.txt can't be read from %s: %s", capture.warc, error)
            return None

    def _captures(self, url: str) -> Iterator[Capture]:
        known = self._today.get(url)
        if known:
            yield known
        for day in (self._now, self._now - timedelta(days=1)):
            if day != self._now or known:
                prefix = keys.segments(self._site, day)
                for key in sorted(self._indexes(prefix), reverse=True):
                    yield from sorted(self._of_index(key, url), key=lambda each: each.captured_at, reverse=True)

    def _indexes(self, prefix: str) -> Iterator[str]:
        try:
            yield from (key for key in self._store.keys(prefix) if key.endswith(SUFFIX))
        except BucketError as error:
            logger.warning("the last robots.txt can't be searched: %s", error)

    def _of_index(self, key: str, url: str) -> list[Capture]:
        try:
            return [capture for capture in payloads(self._store, key, url) if capture.url == url]
        except BucketError as error:
            logger.warning("index %s can't be read (%s)", key, error)
            return []


def _copy(capture: Capture, response: Response) -> RobotsCopy:
    return RobotsCopy(
        original=Original(url=capture.url, record_id=capture.record_id, captured_at=capture.captured_at),
        body=response.body,
        etag=_header(response, "ETag"),
        last_modified=_header(response, "Last-Modified"),
    )


def _header(response: Response, name: str) -> str | None:
    """Return a header that can be sent back unchanged."""
    values = (value for each, value in response.headers if each.lower() == name.lower())
    return next((value for value in values if value.isascii() and value.isprintable()), None)
