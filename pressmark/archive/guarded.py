"""Guarded objects: those that several writers may replace, of which none overwrites what it has not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pressmark.archive.store import KeyTaken, Store, checksum_of

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef


def head(store: Store, key: str) -> "HeadObjectOutputTypeDef | None":
    """Return what S3 knows of an object without reading it: ETag, LastModified, Metadata; None if there is none."""

    def ask() -> "HeadObjectOutputTypeDef | None":
        try:
            return store.client.head_object(Bucket=store.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":  # An answer to HEAD has no body that could say more.
                return None
            raise

    return store.asking(key, ask)


def etag(store: Store, key: str) -> str | None:
    """Return the ETag of an object, which is another one for other bytes; None if there is no object."""
    told = head(store, key)
    return told and told["ETag"]


def put_over(store: Store, key: str, path: Path, sha256: str, content_type: str, seen: str | None) -> str | None:
    """Write a file over the object of the ETag `seen`, or where there is none (None).

    Returns:
        The new ETag; None if another object is there by now, or none any more. A writer that did not hear of its
        success is told so too.
    """
    condition: Any = {"IfMatch": seen} if seen else {"IfNoneMatch": "*"}

    def put() -> str:
        with path.open("rb") as file:
            return store.client.put_object(
                Bucket=store.bucket,
                Key=key,
                Body=file,
                ContentType=content_type,
                ChecksumSHA256=checksum_of(bytes.fromhex(sha256)),
                **condition,
            )["ETag"]

    try:
        return store.asking(key, put)
    except (KeyTaken, KeyError):
        return None
