"""Large objects: files above S3's limit of 5 GB for one request, written in parts and read in chunks."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressmark.archive.s3 import conditional_write
from pressmark.archive.s3.integrity import check_range
from pressmark.archive.s3.patience import Pace, paced
from pressmark.archive.s3.store import Store, checksum_of

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_SHA256 = "sha256"
_CHUNK = 1 << 16
_PART = 64 << 20


def put_large(store: Store, key: str, path: Path, sha256: str, content_type: str) -> None:
    """Write a file, replacing any object; its SHA-256 (hex) is stored in the object's metadata, see `sha256_of`.

    Each part is retried on its own, so a failure does not send the other parts again.
    """
    there: Any = {"Bucket": store.bucket, "Key": key}
    how: Any = {"ContentType": content_type, "ChecksumAlgorithm": "SHA256", "Metadata": {_SHA256: sha256}}
    begun = store.with_retries(key, lambda: store.client.create_multipart_upload(**there, **how))
    there["UploadId"] = begun["UploadId"]
    try:
        parts = list(_put_parts(store, there, path))
        store.with_retries(
            key, lambda: store.client.complete_multipart_upload(**there, MultipartUpload={"Parts": parts})
        )
    except BaseException:
        with suppress(Exception):  # Leftover parts cost storage; the first error has the cause.
            store.client.abort_multipart_upload(**there)
        raise


def _put_parts(store: Store, there: Any, path: Path) -> Iterator[Any]:
    """Write the parts of a file in order; an empty file is one part."""
    with path.open("rb") as file:
        for number in count(1):
            data = file.read(_PART)
            if not data and number > 1:
                return
            checksum = checksum_of(hashlib.sha256(data).digest())
            part: Any = {**there, "PartNumber": number, "ChecksumSHA256": checksum}
            answer = store.with_retries(there["Key"], partial(_put_part, store, part, data))
            yield {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}


def _put_part(store: Store, part: Any, data: bytes) -> Any:
    return store.client.upload_part(**part, Body=paced(data, store.patience))


def sha256_of(store: Store, key: str) -> str | None:
    """Return the SHA-256 (hex) in an object's metadata; None if the object or the entry does not exist."""
    found = conditional_write.head(store, key)
    return found.metadata.get(_SHA256) if found else None


def stream(store: Store, key: str, etag: str, start: int, end: int) -> Iterator[bytes]:
    """Read the bytes of an object from `start` up to, not including, `end` in chunks.

    Raises:
        PreconditionFailed: the object does not have this ETag any more.
        KeyError: the object does not exist.
    """
    place, pace = start, Pace(store.patience)
    body: StreamingBody | None = None

    def ask() -> "StreamingBody":
        part = f"bytes={place}-{end - 1}"
        answer = store.client.get_object(Bucket=store.bucket, Key=key, IfMatch=etag, Range=part)
        said = answer.get("ContentRange")
        check_range(answer["ResponseMetadata"]["HTTPStatusCode"], said, place, end - place, answer["ContentLength"])
        return answer["Body"]

    def chunk() -> bytes:
        nonlocal body, pace
        try:
            if not body:
                body, pace = ask(), Pace(store.patience)
            data = body.read(_CHUNK)
            pace.took(len(data))
            return data
        except Exception:
            body = None  # The next try continues here.
            raise

    while place < end:
        found = store.with_retries(key, chunk)
        place += len(found)
        began = time.monotonic()
        yield found
        pace.paused(time.monotonic() - began)
