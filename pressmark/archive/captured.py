"""What sealed segments on the local disk hold: whole responses by URL, and their payloads."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as PayloadIterator

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
            record: Any = next(iter(PayloadIterator(file)))
            return Payload(record.content_stream().read(), record.http_headers.headers)


def _responses(path: Path, key: str) -> Iterator[Capture]:
    """Return the responses that are whole; length is not known from here, but from where the next record begins."""
    end, waiting = path.stat().st_size, None
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            if waiting:
                yield attrs.evolve(waiting, length=record.stream_pos - waiting.offset)
            waiting = None
            if record.record_type == WarcRecordType.response and "WARC-Truncated" not in record.headers:
                waiting = _capture(record, key)
    if waiting:
        yield attrs.evolve(waiting, length=end - waiting.offset)


def _capture(record: Any, key: str) -> Capture:
    head = record.headers
    return Capture(
        url=head["WARC-Target-URI"],
        warc=key,
        offset=record.stream_pos,
        length=0,
        record_id=head["WARC-Record-ID"].strip("<>"),
        payload_digest=head["WARC-Payload-Digest"],
        captured_at=datetime.fromisoformat(head["WARC-Date"]).astimezone(UTC),
        status=(record.http_headers and record.http_headers.status_code) or 0,
    )
