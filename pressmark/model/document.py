"""A version as downstream jobs read it: JSON-LD, a schema.org NewsArticle with one block of our own."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import attrs
import jsonschema_rs

from pressmark.errors import Rejected
from pressmark.model.article import Article, Credit, Image
from pressmark.model.capture import Capture
from pressmark.model.json_model import is_key, moment
from pressmark.model.keys import WARC
from pressmark.model.schema import ARTICLE, schema_bytes
from pressmark.text import clean_data, composed

CONTEXT = ["https://schema.org", {"pressmark": None}]
"""The JSON-LD context: `pressmark` is no term of schema.org, so a processor leaves that block out."""
_CONTENT = (
    "headline",
    "alternativeHeadline",
    "author",
    "dateline",
    "sourceOrganization",
    "contributor",
    "articleBody",
    "image",
)
_LONGEST = 512
"""Characters of a segment's key: S3 takes 1024 bytes."""
_LARGEST = 5 << 40
"""Bytes: no object of S3 is larger."""
_HOST = re.compile(r"^https?://[^/]*")

EXTRACTOR = "2"
"""Version of the rules that all layouts share, such as how times with a zone are read. Documents from before the first
change do not have it."""

Document = dict[str, Any]


@cache
def _draft_validator() -> Any:
    schema = json.loads(schema_bytes(ARTICLE))
    schema["required"].remove("archivedAt")
    schema["properties"]["pressmark"]["properties"]["captures"].pop("minItems")
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def validate(document: Document) -> None:
    """Check a draft against the schema, except its captures.

    Raises:
        Rejected: reason `invalid`; the message names the first invalid field.
    """
    for error in _draft_validator().iter_errors(document):
        where = "/".join(str(part) for part in error.instance_path) or "the document"
        raise Rejected("invalid", f"{where}: {error.message}")


def draft(article: Article) -> Document:
    """Return the article's document without its captures, which are known only after they are written.

    Its texts have no control characters (`pressmark.text`).
    """
    document: Document = clean_data(_described(article))
    document["wordCount"] = len(document["articleBody"].split())
    encoding = {"encoding": article.encoding, "charactersReplaced": article.characters_replaced}
    document["pressmark"] = {
        "schema": ARTICLE,
        "version": str(article.version),
        "contentSha256": content_sha256(document),
        "layout": article.layout,
        "extractor": EXTRACTOR,
        **(encoding if article.encoding else {}),
        **({"cutShort": True} if article.cut_short else {}),
        "raw": clean_data(_without_absent(attrs.asdict(article.raw))),
        "captures": [],
    }
    return document


def _described(article: Article) -> Document:
    facts = {
        "@context": CONTEXT,
        "@type": "NewsArticle",
        "identifier": article.article_id,
        "url": article.url,
        "headline": article.headline,
        "alternativeHeadline": article.standfirst,
        "author": [_credit(each) for each in article.authors],
        "dateline": article.dateline,
        "sourceOrganization": article.source and {"@type": "Organization", "name": article.source},
        "contributor": [_credit(each) for each in article.contributors],
        "datePublished": article.published_at.isoformat(),
        "dateModified": article.updated_at.isoformat(),
        "articleSection": article.section,
        "articleBody": article.body,
        "image": [_image(each) for each in article.images],
        "keywords": list(article.keywords),
        "inLanguage": article.language,
    }
    return _without_absent(facts)


def with_captures(document: Document, captures: Iterable[Capture]) -> Document:
    """Return the document with its captures, in the order of the pages."""
    described = [describe(each) for each in captures]
    return {
        **document,
        "archivedAt": described[0]["recordId"],
        "pressmark": {**document["pressmark"], "captures": described},
    }


def describe(capture: Capture) -> Document:
    """Return the JSON of a capture."""
    return {
        "url": capture.url,
        "warc": capture.warc,
        "offset": capture.offset,
        "length": capture.length,
        "recordId": capture.record_id,
        "payloadDigest": capture.payload_digest,
        "capturedAt": timestamp(capture.captured_at),
        "status": capture.status,
    }


def captures_of(document: Document) -> list[Capture]:
    """Return the captures of a finished document, in the order of its pages.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: a capture is missing or invalid.
    """
    return [capture_of(each) for each in document["pressmark"]["captures"]]


def capture_of(described: Mapping[str, Any]) -> Capture:
    """Read a capture from its JSON (see `describe`) and check it.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: it is invalid.
    """
    for name in ("url", "warc", "recordId", "payloadDigest"):
        if not isinstance(described[name], str):
            raise ValueError(f"the {name} of a capture is no string")  # noqa: TRY004 - of what was read
    warc, record_id = described["warc"], described["recordId"]
    if not warc.startswith(WARC) or len(warc) > _LONGEST or not is_key(warc):
        raise ValueError(f"a capture is in {warc[:100]!r}, which is no segment")
    if not (record_id.isascii() and record_id.isprintable() and 0 < len(record_id) <= _LONGEST):
        raise ValueError(f"a capture has the invalid record id {record_id[:100]!r}")
    offset, length, status = (described[name] for name in ("offset", "length", "status"))
    if any(type(each) is not int or not 0 <= each < _LARGEST for each in (offset, length, status)) or not length:
        raise ValueError("a capture has an invalid offset, length or status")
    return Capture(
        url=described["url"],
        warc=warc,
        offset=offset,
        length=length,
        record_id=record_id,
        payload_digest=described["payloadDigest"],
        captured_at=moment(described["capturedAt"]),
        status=status,
    )


def reader_of(document: Document) -> str:
    """Return the layout and the extractor that read a version, e.g. `chinadaily/1 2`."""
    block = document["pressmark"]
    return f"{block['layout']} {block.get('extractor', 1)}"


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the document as bytes without control characters; the same document always gives the same bytes."""
    return json.dumps(clean_data(document), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def timestamp(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with microseconds, as WARC/1.1 writes WARC-Date."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content_sha256(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content that people read.

    White space, the normalization form of characters and the hosts of pictures do not count.
    """
    content = [_folded(document.get(name)) for name in _CONTENT]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _folded(value: Any) -> Any:
    match value:
        case str():
            return " ".join(composed(value).split())
        case list():
            return [_folded(each) for each in value]
        case dict():
            return {
                name: _folded(_HOST.sub("", each) if name == "contentUrl" else each) for name, each in value.items()
            }
    return value


def _credit(credit: Credit) -> Document:
    kind = "Organization" if credit.organization else "Person"
    place = credit.location and {"@type": "Place", "name": credit.location}
    located = "location" if credit.organization else "workLocation"
    return _without_absent({"@type": kind, "name": credit.name, located: place})


def _image(image: Image) -> Document:
    return _without_absent(
        {"@type": "ImageObject", "contentUrl": image.url, "caption": image.caption, "creditText": image.credit}
    )


def _without_absent(document: Document) -> Document:
    return {name: value for name, value in document.items() if value is not None}
