"""Local copies of the merged indexes, whatever is in the note beside them."""

import json
from pathlib import Path

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.model import keys
from pressmark.web.replay.local_indexes import LocalIndexes
from tests.support.bad_json import BAD_JSON

KEY = f"{keys.INDEX}news/2022-02.cdxj"
ODD_NOTES = {
    **BAD_JSON,
    "no UTF-8": b'{"a": "\xff"}',
    "keys of others": json.dumps({"elsewhere": "1", "a/b/c/d": "2"}).encode(),
    "a path": json.dumps({"index/../outside.cdxj": "1", "index/news/..": "2"}).encode(),
    "tags are objects": json.dumps({KEY: {"a": 1}}).encode(),
}


def test_a_broken_note_is_ignored(bucket: str, tmp_path: Path) -> None:
    store = Store.open(Config(bucket=bucket, spool=tmp_path))
    store.put(KEY, b"line\n")
    folder = tmp_path / "replay" / "collections"
    folder.mkdir(parents=True)
    outside = tmp_path / "replay" / "indexes" / "outside.cdxj"
    outside.parent.mkdir()
    outside.write_bytes(b"mine")
    indexes = LocalIndexes(store, folder)
    for kind, note in ODD_NOTES.items():
        folder.with_suffix(".json").write_bytes(note)
        assert indexes.sync().written == 1, kind
        assert (folder / "news" / "indexes" / "2022-02.cdxj").read_bytes() == b"line\n"
        assert outside.read_bytes() == b"mine", kind
        assert indexes.sync().written == 0, kind
