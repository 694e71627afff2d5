"""What was captured, to be read again: from sealed segments on the local disk, or from where a document points."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import attrs
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.records import located
from pressmark.archive.response import member_of
from pressmark.archive.store import Store
from pressmark.capture import Capture


@attrs.frozen
class Payload:
    """The response of one capture, as its reader sees it."""

    body: bytes
    """Without chunk framing and content encoding."""
    headers: list[tuple[str, str]]


class Captured:
    """The whole responses of some segments, in the order of their capture.

    Args:
        segments: the files, and the bucket key of each.
    """

    def __init__(self, segments: Iterable[tuple[Path, str]]) -> None:
        self._paths = {key: path for path, key in segments}
        found = [capture for key, path in self._paths.items() for capture in _responses(path, key)]
        self._captures = sorted(found, key=lambda capture: capture.captured_at)
        self._by_url: dict[str, list[Capture]] = {}
        for capture in self._captures:
            self._by_url.setdefault(capture.url, []).append(capture)

    def __iter__(self) -> Iterator[Capture]:
        return iter(self._captures)

    def next_of(self, url: str, behind: Capture) -> Capture | None:
        """Return the first capture of a URL behind another capture."""
        later = (each for each in self._by_url.get(url, ()) if each.captured_at >= behind.captured_at)
        return next(later, None)

    def payload(self, capture: Capture) -> Payload:
        """Read the response of a capture."""
        with self._paths[capture.warc].open("rb") as file:
            file.seek(capture.offset)
            return _payload(file)


class Pointed:
    """The captures that one document points to, read from the bucket record by record."""

    def __init__(self, store: Store, captures: Sequence[Capture]) -> None:
        self._store = store
        self._following = iter(captures[1:])

    def next_of(self, url: str, behind: Capture) -> Capture | None:
        """Return the capture of the next page: each is asked for once, in their order."""
        return next(self._following, None)

    def payload(self, capture: Capture) -> Payload:
        """Read the response of a capture.

        Raises:
            FindingsFound: the record is not there.
        """
        return _payload(BytesIO(member_of(self._store, capture.warc, capture.offset, capture.length, capture.url)))


def _responses(path: Path, key: str) -> Iterator[Capture]:
    """Return the responses that are whole."""
    with path.open("rb") as file:
        for capture, offset, length in located(file, path.stat().st_size, lambda record: _capture(record, key)):
            if capture:
                yield attrs.evolve(capture, offset=offset, length=length)


def _capture(record: Any, key: str) -> Capture | None:
    head = record.headers
    if record.record_type != WarcRecordType.response or "WARC-Truncated" in head:
        return None
    return Capture(
        url=head["WARC-Target-URI"],
        warc=key,
        offset=0,
        length=0,
        record_id=head["WARC-Record-ID"].strip("<>"),
        payload_digest=head["WARC-Payload-Digest"],
        captured_at=datetime.fromisoformat(head["WARC-Date"]).astimezone(UTC),
        status=(record.http_headers.status_code if record.http_headers is not None else None) or 0,
    )


def _payload(file: IO[bytes]) -> Payload:
    record: Any = next(iter(ArchiveIterator(file)))
    return Payload(record.content_stream().read(), record.http_headers.headers)
