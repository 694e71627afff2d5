"""Originals: whether a response may become a revisit of an earlier capture, according to that capture's record."""

import logging
import zlib

from pressmark.archive.s3.store import Store
from pressmark.archive.warc.gzip_member import beginning
from pressmark.archive.warc.http_head import parse_head
from pressmark.errors import BucketError
from pressmark.model.capture import Capture

READ_BY = ("content-type", "content-encoding", "transfer-encoding")
"""Headers that decide how a body is read."""
_START = _HEADS = 1 << 17
"""Bytes of a record, and of their decompressed form: the heads of WARC and HTTP, and the start of the body."""

logger = logging.getLogger(__name__)


class Originals:
    """Compares HTTP heads with those of records in the bucket, which are not in the index.

    Args:
        store: the bucket; after its first failure it is not used again, so pass one without patience.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._failed = False

    def reads_alike(self, earlier: Capture, head: bytes) -> bool:
        """Return whether an earlier record is whole, and its body is decoded like that of a response with this head."""
        try:
            start = b"" if self._failed else self._store.get(earlier.warc, earlier.offset, min(earlier.length, _START))
            record = beginning(start, _HEADS)
        except (KeyError, zlib.error):
            return False
        except BucketError as error:
            self._failed = True
            logger.warning("responses that were captured before today are stored again in full: %s", error)
            return False
        warc, _, message = record.partition(b"\r\n\r\n")
        if f"WARC-Record-ID: <{earlier.record_id}>".encode() not in warc or b"WARC-Truncated" in warc or not message:
            return False
        known, new = parse_head(message), parse_head(head)
        return known.size < len(message) and all(known.all(name) == new.all(name) for name in READ_BY)
