"""Large objects: files beyond the 5 GB that S3 takes in one piece, written in parts and read bit by bit."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig, create_transfer_manager

from pressmark.archive import guarded
from pressmark.archive.store import Store

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_SHA256 = "sha256"
_CHUNK = 1 << 18
_PART = 64 << 20
_PARTS = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=2)


def put_large(store: Store, key: str, path: Path, sha256: str, content_type: str) -> None:
    """Write a file over whatever is there; its SHA-256 (hex) is kept as the object's metadata, see `sha256_of`."""
    how: Any = {"ContentType": content_type, "ChecksumAlgorithm": "SHA256", "Metadata": {_SHA256: sha256}}

    def put() -> None:
        with create_transfer_manager(store.client, _PARTS) as transfers:
            # The client's own methods hide S3's answer (upload_file), or hold ten parts in memory (upload_fileobj).
            transfers.upload(str(path), store.bucket, key, how).result()

    store.asking(key, put)


def sha256_of(store: Store, key: str) -> str | None:
    """Return the SHA-256 (hex) that an object was written with; None if there is no object, or none was kept."""
    told = guarded.head(store, key)
    return told and told["Metadata"].get(_SHA256)


def stream(store: Store, key: str, etag: str, start: int, end: int) -> Iterator[bytes]:
    """Read the bytes of an object from `start` to before `end`, however many they are, bit by bit.

    Raises:
        KeyTaken: there is another object by now than that of this ETag.
        KeyError: there is none.
    """

    def ask() -> "StreamingBody":
        part = f"bytes={start}-{end - 1}"
        return store.client.get_object(Bucket=store.bucket, Key=key, IfMatch=etag, Range=part)["Body"]

    return store.asking(key, ask).iter_chunks(_CHUNK)
