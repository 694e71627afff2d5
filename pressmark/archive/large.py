"""Large objects: files beyond the 5 GB that S3 takes in one piece, written in parts."""

from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from pressmark.archive import guarded
from pressmark.archive.store import Store

_SHA256 = "sha256"
_PART = 64 << 20
_PARTS = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=2)
"""Two parts are held in memory at a time."""


def put_large(store: Store, key: str, path: Path, sha256: str, content_type: str) -> None:
    """Write a file over whatever is there; its SHA-256 (hex) is kept as the object's metadata, see `sha256_of`."""
    how: Any = {"ContentType": content_type, "ChecksumAlgorithm": "SHA256", "Metadata": {_SHA256: sha256}}

    def put() -> None:
        with path.open("rb") as file:
            store.client.upload_fileobj(file, store.bucket, key, ExtraArgs=how, Config=_PARTS)

    store.asking(key, put)


def sha256_of(store: Store, key: str) -> str | None:
    """Return the SHA-256 (hex) that an object was written with; None if there is no object, or none was kept."""
    told = guarded.head(store, key)
    return told and told["Metadata"].get(_SHA256)
