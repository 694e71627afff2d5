"""Captured responses for re-reading: from whole segments, or from the captures of a document."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any, Literal, Protocol
from urllib.parse import urljoin

import attrs
from fastwarc.warc import WarcRecordType

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.content import NO_END, CutShort
from pressmark.archive.warc.http_head import REDIRECTS, read_head
from pressmark.archive.warc.record_reader import located
from pressmark.archive.warc.response import Response, member_of, read_response
from pressmark.model.capture import Capture

OK = 200
HOPS = 20
"""Maximum redirects that a crawl follows."""


class Openable(Protocol):
    """A segment that can be opened like a file on the disk."""

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        """Open it."""


class SegmentCaptures:
    """The whole responses of some segments, in the order of their capture.

    Args:
        segments: the segments, each with its bucket key.
        target: returns the target of a redirect, from its URL and its Location; raises ValueError without one.
    """

    def __init__(self, segments: Iterable[tuple[Openable, str]], target: Callable[[str, str], str] = urljoin) -> None:
        self._segments = {key: segment for segment, key in segments}
        found = [each for key, segment in self._segments.items() for each in _responses(segment, key)]
        found.sort(key=lambda each: each[0].captured_at)
        self._captures = [capture for capture, _ in found]
        self._by_url: dict[str, list[Capture]] = {}
        self._targets: dict[str, str] = {}
        self._leading: dict[str, list[Capture]] = {}
        for capture, location in found:
            self._by_url.setdefault(capture.url, []).append(capture)
            if location is not None:
                with suppress(ValueError):
                    leads_to = self._targets[capture.record_id] = target(capture.url, location)
                    self._leading.setdefault(leads_to, []).append(capture)

    def __iter__(self) -> Iterator[Capture]:
        return iter(self._captures)

    def next_of(self, url: str, after: Capture) -> Capture | None:
        """Return the response that a crawl got for a URL after another capture, before that was requested again.

        That is the last whole response, after retries and redirects. None if it is not a 200.
        """
        visits = self._by_url.get(after.url, ())
        again = next((each.captured_at for each in visits if each.captured_at > after.captured_at), None)
        since = after.captured_at
        for _ in range(HOPS + 1):
            answers = [
                each
                for each in self._by_url.get(url, ())
                if each.captured_at >= since
                and (again is None or each.captured_at < again)
                and (each.status == OK or each.record_id in self._targets)
            ]
            if not answers or answers[-1].status == OK:
                return answers[-1] if answers else None
            url, since = self._targets[answers[-1].record_id], answers[-1].captured_at
        return None

    def asked_for(self, capture: Capture) -> str:
        """Return the URL that the crawl requested for a capture: that of the first redirect that led to it."""
        while redirect := self._redirect_to(capture):
            capture = redirect
        return capture.url

    def _redirect_to(self, capture: Capture) -> Capture | None:
        """Return the last redirect to a capture's URL; None if it was captured in between or requested directly."""
        before = [each for each in self._leading.get(capture.url, ()) if each.captured_at < capture.captured_at]
        taken = [
            each
            for each in self._by_url[capture.url]
            if before and before[-1].captured_at < each.captured_at < capture.captured_at and each.status == OK
        ]
        return before[-1] if before and not taken else None

    def response(self, capture: Capture, limit: int) -> Response:
        """Read the response of a capture, with at most `limit` bytes of decoded body.

        Raises:
            ContentError: its body can't be decoded.
        """
        is_habit = self._is_habit(capture)
        with self._segments[capture.warc].open("rb") as file:
            file.seek(capture.offset)
            found = read_response(file.read(capture.length), limit, cut=is_habit)
        if not found.may_be_cut:
            return found
        if not is_habit:
            raise CutShort(NO_END)
        return attrs.evolve(found, cut_short=True)

    def _is_habit(self, capture: Capture) -> bool:
        """Return whether the same body came before: then it ends early each time, and the crawl read it so."""
        return any(
            each.payload_digest == capture.payload_digest and each.captured_at < capture.captured_at
            for each in self._by_url[capture.url]
        )


class DocumentCaptures:
    """The captures of one document, read from the bucket record by record.

    Args:
        store: the bucket.
        captures: the captures of the document.
        cut: whether the document says that a body ended early, or may have.
    """

    def __init__(self, store: Store, captures: Sequence[Capture], *, cut: bool = False) -> None:
        self._store, self._cut = store, cut
        self._following = iter(captures[1:])

    def next_of(self, url: str, after: Capture) -> Capture | None:
        """Return the capture of the next page: each is requested once, in order."""
        return next(self._following, None)

    def response(self, capture: Capture, limit: int) -> Response:
        """Read the response of a capture, with at most `limit` bytes of decoded body.

        Raises:
            ContentError: its body can't be decoded.
            FindingsFound: the record is missing.
        """
        member = member_of(self._store, capture.warc, capture.offset, capture.length, capture.url)
        found = read_response(member, limit, cut=self._cut)
        return attrs.evolve(found, cut_short=found.cut_short or (self._cut and found.may_be_cut))


def _responses(segment: Openable, key: str) -> Iterator[tuple[Capture, str | None]]:
    """Return the whole responses, each with its Location if it is a redirect."""
    with segment.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        for found, offset, length in located(file, size, lambda record: _capture(record, key)):
            if found:
                yield attrs.evolve(found[0], offset=offset, length=length), found[1]


def _capture(record: Any, key: str) -> tuple[Capture, str | None] | None:
    head = record.headers
    if record.record_type != WarcRecordType.response or "WARC-Truncated" in head:
        return None
    http = read_head(record.reader)
    status = int(http.status) if http and http.status.isdecimal() else 0
    location = http.all("location")[-1:] if http and status in REDIRECTS else []
    capture = Capture(
        url=head["WARC-Target-URI"],
        warc=key,
        offset=0,
        length=0,
        record_id=head["WARC-Record-ID"].strip("<>"),
        payload_digest=head["WARC-Payload-Digest"],
        captured_at=datetime.fromisoformat(head["WARC-Date"]).astimezone(UTC),
        status=status,
    )
    return capture, location[0] if location else None
