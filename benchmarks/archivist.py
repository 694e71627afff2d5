"""The archivist with a stand-in for the bucket: there is no network to measure."""

from pathlib import Path

from pressmark.archive.publish import archivist_process
from pressmark.archive.s3.store import Store, Stored


def put_file(store: Store, key: str, path: Path, sha256: str, content_type: str, *, only_new: bool = False) -> Stored:
    """Take a file."""
    return Stored(key, path.stat().st_size, sha256)


def put(store: Store, key: str, data: bytes, content_type: str = "") -> Stored:
    """Take an object."""
    return Stored(key, len(data), "")


if __name__ == "__main__":
    Store.put_file, Store.put = put_file, put
    archivist_process.main()
