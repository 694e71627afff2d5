"""One WARC file, while it is written and after it is sealed."""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import attrs
from fastwarc.warc import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pressmark.archive.spool.durable_file import sync_folder
from pressmark.archive.spool.regular_file import open_regular
from pressmark.archive.spool.salvage import read_records
from pressmark.archive.spool.spool_files import OPEN, SegmentName
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.gzip_member import Member
from pressmark.file_system import spool_error
from pressmark.model import keys
from pressmark.model.capture import Capture, Exchange, Original
from pressmark.model.document import timestamp
from pressmark.private import make_folder, opener

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
"""Profiles of revisit records (WARC 1.1, 6.7)."""
_CHUNK = 1 << 20
_INDEX_EVERY = 4 << 20
"""Bytes between two updates of the index."""


ReadsAlike = Callable[[Capture, bytes], bool]
"""Returns whether a capture's record is whole, and its body is decoded like that of a response with this head."""


def never_alike(_earlier: Capture, _head: bytes) -> bool:
    """Refer to no earlier record, as the heads were not compared."""
    return False


@attrs.frozen(kw_only=True)
class SealedSegment:
    """A whole WARC file on the local disk, which does not change any more."""

    path: Path
    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""
    records: int
    index: str = attrs.field(repr=False)
    """Its CDXJ."""


class _Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """The head of an HTTP message with its original bytes: warcio's own class would change them."""

    def __init__(self, head: bytes) -> None:
        super().__init__("as it came", [])  # warcio ignores an empty one
        self._head = head

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        self.headers_buff = self._head


class _Writer(WARCWriter):  # type: ignore[misc]  # warcio has no types
    NO_PAYLOAD_DIGEST_TYPES = (*WARCWriter.NO_PAYLOAD_DIGEST_TYPES, "metadata")
    """Our metadata fields are no payload (WARC 1.1, 6.8); FastWARC reports a digest of them as wrong."""


class Segment:
    """A WARC/1.1 file that grows by whole records; one gzip member per record (WARC 1.1, annex D).

    Raises:
        SpoolError: the file can't be written; it is cut back to its last whole record.
    """

    def __init__(self, folder: Path, site: str, run_id: str, serial: int, info: Mapping[str, str]) -> None:
        self.started_at = datetime.now(UTC)
        stamp = self.started_at.strftime("%Y%m%d%H%M%S%f")[:-3]
        self.name = f"{site}-{stamp}-{run_id}-{serial:05d}.warc.gz"
        self.key = keys.segment(site, self.started_at, self.name)
        self.records = self.size = 0
        self._path = folder / (self.name + OPEN)
        try:
            if not folder.exists():
                make_folder(folder)
            self._file = open(self._path, "xb", buffering=0, opener=opener)  # noqa: SIM115 - it stays open
        except OSError as error:
            raise spool_error("the spool can't be written", folder, error) from error
        self._index = cdxj.Index(self.name)
        self._writer = _Writer(None, gzip=False, warc_version="1.1")
        about = self._writer.create_warcinfo_record(self.name, info)
        self._info_id: str = about.rec_headers.get_header("WARC-Record-ID")
        self._write(about)

    def write(
        self,
        exchange: Exchange,
        earlier: Capture | None = None,
        reads_alike: ReadsAlike = never_alike,
    ) -> Capture:
        """Append records of the response, the request and their metadata; return the capture with the payload.

        Args:
            exchange: the exchange.
            earlier: the last capture of this URL; a response with the same payload becomes a revisit of it if
                `reads_alike` allows it, and so does a 304 without a known original.
            reads_alike: returns whether both are decoded alike.

        Returns:
            The capture with the payload: `earlier` if the response became a revisit of it.
        """
        payload, block = _digests(exchange)
        again = None
        if earlier and (payload, exchange.status, exchange.truncated) == (earlier.payload_digest, earlier.status, None):
            again = earlier if reads_alike(earlier, exchange.response_head) else None
        shared = {"WARC-Date": timestamp(exchange.started_at)}
        if exchange.ip:
            shared["WARC-IP-Address"] = exchange.ip
        headers = shared | {"WARC-Record-ID": f"<{exchange.record_id}>"}
        if exchange.truncated:
            headers["WARC-Truncated"] = exchange.truncated
        kind, size = "revisit", 0
        body: IO[bytes] = BytesIO()
        if exchange.status == 304:  # No payload digest: the payload is the original's, which was not compared.
            headers |= _revisited(exchange.original or earlier, NOT_MODIFIED)
        elif again:
            headers |= _revisited(again, IDENTICAL) | {"WARC-Payload-Digest": payload}
        else:
            headers |= {"WARC-Payload-Digest": payload, "WARC-Block-Digest": block}
            kind, body, size = "response", exchange.response_body, exchange.size
        place = self._write(self._http(kind, exchange.url, exchange.response_head, body, size, headers))
        shared["WARC-Concurrent-To"] = f"<{exchange.record_id}>"
        sent = exchange.request_body
        self._write(self._http("request", exchange.url, exchange.request_head, BytesIO(sent), len(sent), shared))
        facts = {"via": exchange.via, "fetchTimeMs": round(exchange.seconds * 1000)}
        self._write(self._fields(exchange.url, facts, shared))
        if self.size - self._index.end >= _INDEX_EVERY:
            self._index.read_on(self._path, self.size)
        return again or Capture(
            url=exchange.url,
            warc=self.key,
            offset=place[0],
            length=place[1],
            record_id=exchange.record_id,
            payload_digest=payload,
            captured_at=exchange.started_at,
            status=exchange.status,
        )

    def add_metadata(self, capture: Capture, fields: Mapping[str, Any]) -> None:
        """Append a metadata record with later facts about a capture."""
        refers = {"WARC-Refers-To": f"<{capture.record_id}>"}
        self._write(self._fields(capture.url, fields, refers))

    @property
    def is_full(self) -> bool:
        """Whether its index has reached the maximum size for readers."""
        return self._index.size >= cdxj.MOST // 4

    def fileno(self) -> int:
        """Return the descriptor of its file."""
        return self._file.fileno()

    def seal(self) -> SealedSegment:
        """Make the file durable under its final name."""
        try:
            self._index.read_on(self._path, self.size)
            os.fsync(self._file.fileno())
            self._file.close()
            path = self._path.rename(self._path.with_name(self.name))
            sync_folder(path.parent)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise spool_error(f"segment {self._path} can't be sealed", self._path, error) from error
        return SealedSegment(
            path=path,
            key=self.key,
            size=self.size,
            sha256=digest,
            records=self.records,
            index=str(self._index),
        )

    def _http(self, kind: str, url: str, head: bytes, body: IO[bytes], size: int, headers: dict[str, str]) -> Any:
        return self._writer.create_warc_record(
            url, kind, payload=body, length=size, http_headers=_Head(head), warc_headers_dict=headers
        )

    def _fields(self, url: str, fields: Mapping[str, Any], headers: dict[str, str]) -> Any:
        data = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None).encode()
        return self._writer.create_warc_record(
            url, "metadata", payload=BytesIO(data), length=len(data), warc_headers_dict=headers
        )

    def _write(self, record: Any) -> tuple[int, int]:
        offset, member = self.size, Member(self._file)
        self._writer.out = member
        if self.records:  # No site can know this id, so salvage can distinguish our records from those in a body.
            record.rec_headers.add_header("WARC-Warcinfo-ID", self._info_id)
        try:
            self._writer.write_record(record)
        except OSError as error:
            os.ftruncate(self._file.fileno(), offset)  # Truncating needs no space; half a record must not be sealed.
            raise spool_error(f"segment {self._path} can't be written", self._path, error, member.wanted) from error
        self.size += member.length
        self.records += 1
        return offset, member.length


def recorded_name(path: Path) -> str | None:
    """Return the file name in a segment's first record (WARC 1.1, 5.15); None if it can't be read.

    Raises:
        OSError: the file can't be opened.
    """
    with open_regular(path) as file:
        try:
            first = next(iter(ArchiveIterator(file)), None)
            return first.headers.get("WARC-Filename") if first else None
        except Exception:  # noqa: BLE001 - a damaged record can make a reader raise anything
            return None


def sealed(path: Path, name: SegmentName) -> SealedSegment:
    """Describe a whole file of an earlier run on the disk.

    Args:
        path: the file, with any name.
        name: its final name.

    Raises:
        ValueError: it is not a sequence of whole records with unique ids, one per gzip member.
        OSError: the file or a record can't be read.
    """
    reading = read_records(path)
    if not reading.is_whole:
        raise ValueError(f"{reading.lost} of its {reading.size} bytes are outside whole records, or in duplicate ones")
    with open_regular(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    records, size = len(reading.records), reading.size
    index = cdxj.Index(name.text)
    index.read_on(path, size)
    return SealedSegment(path=path, key=name.key, size=size, sha256=digest, records=records, index=str(index))


def _digests(exchange: Exchange) -> tuple[str, str]:
    """Return the digests of the body, and of head and body, in WARC's form: SHA-1 in base32."""
    payload, block = hashlib.sha1(usedforsecurity=False), hashlib.sha1(exchange.response_head, usedforsecurity=False)
    start = exchange.response_body.tell()
    while data := exchange.response_body.read(_CHUNK):
        payload.update(data)
        block.update(data)
    exchange.response_body.seek(start)
    return _base32(payload.digest()), _base32(block.digest())


def _base32(digest: bytes) -> str:
    return f"sha1:{base64.b32encode(digest).decode()}"


def _revisited(earlier: Capture | Original | None, profile: str) -> dict[str, str]:
    headers = {"WARC-Profile": profile}
    if earlier:
        headers |= {
            "WARC-Refers-To": f"<{earlier.record_id}>",
            "WARC-Refers-To-Target-URI": earlier.url,
            "WARC-Refers-To-Date": timestamp(earlier.captured_at),
        }
    return headers
