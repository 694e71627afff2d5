"""Bad JSON of every kind that a bucket can contain."""

import gzip
import json

BAD_JSON: dict[str, bytes] = {
    "empty": b"",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "huge number": b'{"size": ' + b"9" * 5000 + b"}",
    "huge string": b'"' + b"a" * 2_000_000 + b'"',
    "list": b"[1, 2]",
    "number": b"7",
    "string": b'"articles"',
    "null": b"null",
    "later schema": json.dumps(
        {"schema": "https://pressmark.example/schemas/manifest-99.json", "$schema": "article-99", "pressmark": {}}
    ).encode(),
    "foreign object": b'{"Records": [{"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": "x"}}}]}',
    "not a number": b'{"size": NaN, "schema": Infinity}',
    "name twice": b'{"schema": "a", "schema": "b"}',
    "half of a pair": b'{"schema": "\\ud83d", "headline": "\\udc00"}',
    "UTF-16": '{"schema": "a"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "cut": b'{"schema": "https://pressm',
}
"""By kind. None is an object of the archive; each is one line."""


def packed(text: bytes) -> bytes:
    """Return what a gzipped object of JSON lines holds if one of its lines is this text."""
    return gzip.compress(text + b"\n", mtime=0)
