"""One WARC file while it is written, and once it is sealed."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import attrs
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pressmark.archive import keys
from pressmark.capture import Capture, Exchange
from pressmark.document import timestamp
from pressmark.errors import SpoolError

OPEN = ".open"


@attrs.frozen(kw_only=True)
class SealedSegment:
    """A whole WARC file on the local disk; nothing is written to it any more."""

    path: Path
    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""
    records: int


class _Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message, kept as it came: warcio's own writes it anew and changes its bytes."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it came", [])  # warcio takes an empty one for none
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head


class Segment:
    """A WARC/1.1 file that grows by whole exchanges; one gzip member per record (WARC 1.1, annex D).

    Raises:
        SpoolError: the file can't be written.
    """

    def __init__(self, folder: Path, site: str, run_id: str, serial: int, info: Mapping[str, str]) -> None:
        self.started_at = datetime.now(UTC)
        stamp = self.started_at.strftime("%Y%m%d%H%M%S%f")[:-3]
        self.name = f"{site}-{stamp}-{run_id}-{serial:05d}.warc.gz"
        self.key = keys.segment(site, self.started_at, self.name)
        self.records = 0
        self._path = folder / (self.name + OPEN)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = self._path.open("xb")
        except OSError as error:
            raise SpoolError(f"the spool can't be written: {error}. Set PRESSMARK_SPOOL or make room.") from error
        self._writer = WARCWriter(self._file, gzip=True, warc_version="1.1")
        self._write(self._writer.create_warcinfo_record(self.name, info))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def write(self, exchange: Exchange) -> Capture:
        """Append the request and the response; return where the response lies."""
        date = timestamp(exchange.started_at)
        headers = {"WARC-Date": date} | ({"WARC-IP-Address": exchange.ip} if exchange.ip else {})
        cut = {"WARC-Truncated": exchange.truncated} if exchange.truncated else {}
        response = self._record("response", exchange.url, exchange.response_head, exchange.response_body, headers | cut)
        record_id: str = response.rec_headers.get_header("WARC-Record-ID")
        offset, length = self._write(response)
        concurrent = headers | {"WARC-Concurrent-To": record_id}
        self._write(self._record("request", exchange.url, exchange.request_head, exchange.request_body, concurrent))
        return Capture(
            url=exchange.url,
            warc=self.key,
            offset=offset,
            length=length,
            record_id=record_id.strip("<>"),
            payload_digest=response.rec_headers.get_header("WARC-Payload-Digest"),
            captured_at=exchange.started_at,
            status=exchange.status,
        )

    def seal(self) -> SealedSegment:
        """Make the file durable under its final name."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            path = self._path.rename(self._path.with_name(self.name))
            _sync_folder(path.parent)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = path.stat().st_size
        except OSError as error:
            raise SpoolError(f"segment {self._path} can't be sealed: {error}") from error
        return SealedSegment(path=path, key=self.key, size=size, sha256=digest, records=self.records)

    def _record(self, kind: str, url: str, head: bytes, body: bytes, headers: dict[str, str]) -> Any:
        return self._writer.create_warc_record(
            url, kind, payload=BytesIO(body), length=len(body), http_headers=_Head(head), warc_headers_dict=headers
        )

    def _write(self, record: Any) -> tuple[int, int]:
        offset = self._file.tell()
        try:
            self._writer.write_record(record)
        except OSError as error:
            raise SpoolError(f"segment {self._path} can't be written: {error}") from error
        self.records += 1
        return offset, self._file.tell() - offset


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: the folder's entry is data too (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sealed(path: Path, site: str) -> SealedSegment:
    """Describe a sealed file that an earlier run left on the disk."""
    stamp = path.name.removeprefix(f"{site}-")[:17]
    started_at = datetime.strptime(stamp + "000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        records = sum(1 for _ in ArchiveIterator(file))
    return SealedSegment(
        path=path,
        key=keys.segment(site, started_at, path.name),
        size=path.stat().st_size,
        sha256=digest,
        records=records,
    )
