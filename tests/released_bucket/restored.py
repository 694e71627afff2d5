"""Buckets of older releases, put back on a server."""

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.newsroom.site_file import write_site_file
from tests.released_bucket.odd_newsroom import CHANGES, ORIGIN


def restored(name: str, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Config:
    """Put the objects of `name` into the bucket; return the settings of an archive that continues it.

    Args:
        name: of a file beside this one: the commit that made it.
        bucket: an empty one.
        folder: for site files and spool, which the environment names from now on.
        monkeypatch: sets the environment.
        changes: of the site file.
    """
    config = Config(bucket=bucket, spool=folder / "spool", sites=folder / "sites")
    monkeypatch.setenv("PRESSMARK_SITES", str(config.sites))
    monkeypatch.setenv("PRESSMARK_SPOOL", str(config.spool))
    write_site_file(folder / "sites", ORIGIN, **CHANGES, **changes)
    store = Store.open(config)
    with tarfile.open(Path(__file__).with_name(f"{name}.tar.gz")) as packed:
        for entry in packed:
            content = packed.extractfile(entry)
            assert content
            data = content.read()
            if entry.name.endswith(".wacz"):  # Uploads of files keep their SHA-256 as metadata.
                kept = {"sha256": hashlib.sha256(data).hexdigest()}
                store.client.put_object(Bucket=bucket, Key=entry.name, Body=data, Metadata=kept)
            else:
                store.put(entry.name, data)
    return config
