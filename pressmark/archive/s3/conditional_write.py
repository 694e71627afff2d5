"""Conditional writes: several writers may replace an object, but none overwrites a version that it has not seen."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from botocore.exceptions import ClientError

from pressmark.archive.s3.integrity import check_etag
from pressmark.archive.s3.patience import PacedFile
from pressmark.archive.s3.s3_errors import CutShort, PreconditionFailed
from pressmark.archive.s3.store import Store, checksum_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_SIZE = re.compile(r"bytes 0-0/(\d+)")


@attrs.frozen
class Head:
    """Metadata of an object."""

    etag: str
    """With its quotes; it changes with the content."""
    size: int
    """Bytes."""
    modified: datetime
    """Aware."""
    metadata: Mapping[str, str]


def head(store: Store, key: str) -> Head | None:
    """Return the metadata of an object; None if it does not exist.

    It gets the first byte by GET. A response to HEAD has no body: it can't distinguish a missing bucket from a missing
    object, and a truncated one would look complete. Here the byte proves that all headers arrived.

    Raises:
        BucketError: the bucket failed, or does not exist.
    """

    def ask() -> Head:
        try:
            answer = store.client.get_object(Bucket=store.bucket, Key=key, Range="bytes=0-0")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "InvalidRange":
                raise
            return _head(store.client.get_object(Bucket=store.bucket, Key=key), empty=True)
        return _head(answer, empty=False)

    try:
        return store.with_retries(key, ask)
    except KeyError:
        return None


def _head(answer: "GetObjectOutputTypeDef", *, empty: bool) -> Head:
    """Read the headers of a response, and its one byte.

    Raises:
        CutShort: the response is incomplete.
    """
    with answer["Body"] as body:
        came = len(body.read(2))
    said = _SIZE.fullmatch(answer.get("ContentRange", ""))
    size = 0 if empty else int(said[1]) if said else None
    modified = answer.get("LastModified")
    if size is None or modified is None or came != (not empty):
        raise CutShort(f"its headers are incomplete: {came} bytes of {answer.get('ContentRange')!r}")
    return Head(check_etag(answer.get("ETag")), size, modified, answer.get("Metadata", {}))


def etag(store: Store, key: str) -> str | None:
    """Return the ETag of an object, which changes with its content; None if it does not exist."""
    found = head(store, key)
    return found.etag if found else None


def put_if_unchanged(
    store: Store, key: str, path: Path, sha256: str, content_type: str, seen: str | None
) -> str | None:
    """Write a file over the object with the ETag `seen`, or only if there is no object (None).

    Returns:
        The new ETag; None if the object was replaced or deleted meanwhile. None is also returned if the write
        succeeded but its response was lost.
    """
    condition: Any = {"IfMatch": seen} if seen else {"IfNoneMatch": "*"}

    def put() -> str:
        with path.open("rb") as file:
            body: Any = PacedFile(file, store.patience)
            answer = store.client.put_object(
                Bucket=store.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ChecksumSHA256=checksum_of(bytes.fromhex(sha256)),
                **condition,
            )
            return answer["ETag"]

    try:
        return store.with_retries(key, put)
    except (PreconditionFailed, KeyError):
        return None
