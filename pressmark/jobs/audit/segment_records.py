"""Records of a segment, each read and checked by its own digests."""

from typing import IO, Any

import attrs
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator as SlowIterator
from warcio.exceptions import ArchiveLoadFailed

from pressmark.archive.warc.gzip_member import ends_with
from pressmark.archive.warc.record_reader import OddRecord, located


class ObjectProblem(Exception):
    """A problem of the object that is checked."""


class ObjectMissing(ObjectProblem):
    """An object is missing."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is missing")
        self.key = key


@attrs.frozen
class Record:
    """Position of a response record in its segment, and its WARC fields."""

    offset: int
    length: int
    url: str
    digest: str
    date: str


Records = dict[str, Record]
"""By WARC-Record-ID, without its angle brackets."""


def read_records(file: IO[bytes], size: int) -> tuple[Records, list[ObjectProblem]]:
    """Return the records of a WARC file with their digests checked, and the problems of single records.

    A record whose block does not match its digest is not among the records.
    """
    found: Records = {}
    problems: list[ObjectProblem] = []
    last, doubtful = 0, []
    file.seek(0)
    try:
        for read, offset, length in located(file, size, _checked):
            last = offset
            if isinstance(read, ObjectProblem):
                problems.append(read)
                continue
            record_id, record, sure = read
            found[record_id] = attrs.evolve(record, offset=offset, length=length)
            doubtful += [] if sure else [offset]
        problems += filter(None, (_checked_slowly(file, offset) for offset in doubtful))
        if not ends_with(file, last, size):
            raise ObjectProblem(f"there is data after the record at byte {last}")
    except (OSError, ValueError) as error:
        raise ObjectProblem(f"not a whole WARC after byte {last}: {error}") from None
    return found, problems


def _checked(record: Any) -> tuple[str, Record, bool] | ObjectProblem:
    """Return a record whose block matches its digest, and whether its payload does."""
    head = record.headers
    record_id = record.record_id.strip("<>")
    payload = head.get("WARC-Payload-Digest")
    sure = not isinstance(record, OddRecord)
    if sure and not record.verify_block_digest():
        return ObjectProblem(f"record {record_id}: its block does not match its WARC-Block-Digest")
    # A revisit has the digest of the original's payload.
    if sure and payload and record.is_http and record.record_type != WarcRecordType.revisit:
        try:
            record.parse_http()
            sure = record.verify_payload_digest()
        except OSError:  # FastWARC limits the size of heads, WARC does not.
            sure = False
    return record_id, Record(0, 0, head.get("WARC-Target-URI") or "", payload or "", head["WARC-Date"]), sure


def _checked_slowly(file: IO[bytes], offset: int) -> ObjectProblem | None:
    """Check a record by warcio: FastWARC does not find the end of some heads, e.g. of one with bare LF line ends."""
    file.seek(offset)
    try:
        next(iter(SlowIterator(file, check_digests="raise"))).raw_stream.read()
    except ArchiveLoadFailed as error:
        return ObjectProblem(f"the record at byte {offset}: {error}")
    return None
