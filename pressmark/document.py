"""A version as downstream jobs read it: JSON-LD, a NewsArticle of schema.org with one block of our own."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import attrs
import jsonschema_rs

from pressmark.article import Article, Credit, Image
from pressmark.capture import Capture
from pressmark.errors import Rejected
from pressmark.schema import ARTICLE, schema_bytes

CONTEXT = ["https://schema.org", {"pressmark": None}]
"""Of JSON-LD: the block `pressmark` is no term of schema.org, and a processor leaves it out."""
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
_HOST = re.compile(r"^https?://[^/]*")

Document = dict[str, Any]


@cache
def _draft_validator() -> Any:
    schema = json.loads(schema_bytes(ARTICLE))
    schema["required"].remove("archivedAt")
    schema["properties"]["pressmark"]["properties"]["captures"].pop("minItems")
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def validate(document: Document) -> None:
    """Check a draft against the schema, all but its captures.

    Raises:
        Rejected: reason `invalid`; the message names the first field at odds.
    """
    for error in _draft_validator().iter_errors(document):
        where = "/".join(str(part) for part in error.instance_path) or "the document"
        raise Rejected("invalid", f"{where}: {error.message}")


def draft(article: Article) -> Document:
    """Return the article's document without its captures: those are known once its segment is sealed."""
    document: Document = {
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
        "wordCount": len(article.body.split()),
    }
    document["pressmark"] = {
        "schema": ARTICLE,
        "version": str(article.version),
        "contentSha256": content_sha256(document),
        "layout": article.layout,
        "raw": _without_absent(attrs.asdict(article.raw)),
        "captures": [],
    }
    return _without_absent(document)


def with_captures(document: Document, captures: Iterable[Capture]) -> Document:
    """Return the finished document: where each page of the article was captured, in the order of the pages."""
    described = [describe(each) for each in captures]
    return {
        **document,
        "archivedAt": described[0]["recordId"],
        "pressmark": {**document["pressmark"], "captures": described},
    }


def describe(capture: Capture) -> Document:
    """Return a capture as it stands in JSON."""
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
    """Return the captures that a finished document points to, in the order of its pages."""
    return [
        Capture(
            url=each["url"],
            warc=each["warc"],
            offset=each["offset"],
            length=each["length"],
            record_id=each["recordId"],
            payload_digest=each["payloadDigest"],
            captured_at=datetime.fromisoformat(each["capturedAt"]),
            status=each["status"],
        )
        for each in document["pressmark"]["captures"]
    ]


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the document's bytes: the same document always gives the same ones."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def timestamp(moment: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with microseconds, as WARC/1.1 writes WARC-Date."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def content_sha256(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a reader reads.

    White space, the spelling of characters and the hosts that pictures are fetched from do not count.
    """
    content = [_folded(document.get(name)) for name in _CONTENT]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _folded(value: Any) -> Any:
    match value:
        case str():
            return " ".join(unicodedata.normalize("NFC", value).split())
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
