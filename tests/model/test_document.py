import json
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from pressmark.errors import Rejected
from pressmark.model.article import Image
from pressmark.model.document import content_sha256, describe, to_bytes, validate, with_captures
from pressmark.model.schema import ARTICLE, schema_bytes
from tests.support.samples import capture, document


def test_the_document_of_an_article() -> None:
    finished = with_captures(document(), [capture()])
    assert finished == {
        "@context": ["https://schema.org", {"pressmark": None}],
        "@type": "NewsArticle",
        "identifier": "WS620eee0ba310cdd1c5c1d2a3",
        "url": "https://news.example/a/202202/18/WS620eee0ba310cdd1c5c1d2a3.html",
        "headline": "Lamps lit",
        "alternativeHeadline": "A town sees again",
        "author": [{"@type": "Person", "name": "REN QI", "workLocation": {"@type": "Place", "name": "Moscow"}}],
        "dateline": "Moscow",
        "sourceOrganization": {"@type": "Organization", "name": "China Daily"},
        "contributor": [{"@type": "Organization", "name": "Xinhua"}],
        "datePublished": "2022-02-18T08:53:31+08:00",
        "dateModified": "2022-02-18T09:10:00+08:00",
        "articleSection": "World / Europe",
        "articleBody": "One line.\n\nTwo lines.",
        "image": [
            {
                "@type": "ImageObject",
                "contentUrl": "https://img.example/1.jpeg",
                "caption": "A lamp.",
                "creditText": "Photo/Agencies",
            }
        ],
        "keywords": ["lamp", "town"],
        "inLanguage": "en",
        "wordCount": 4,
        "archivedAt": "urn:uuid:12345678-1234-5678-1234-567812345678",
        "pressmark": {
            "schema": "schemas/article-1.json",
            "version": "WS620eee0ba310cdd1c5c1d2a3/20220218T011000Z",
            "contentSha256": content_sha256(finished),
            "layout": "chinadaily/1",
            "extractor": "2",
            "raw": {
                "byline": "By REN QI in Moscow | China Daily",
                "updated": "2022-02-18 09:10",
                "published": "2022-02-18",
            },
            "captures": [
                {
                    "url": "https://news.example/a/202202/18/WS620eee0ba310cdd1c5c1d2a3.html",
                    "warc": "warc/news/2022/02/18/news-1.warc.gz",
                    "offset": 512,
                    "length": 4096,
                    "recordId": "urn:uuid:12345678-1234-5678-1234-567812345678",
                    "payloadDigest": "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
                    "capturedAt": "2022-02-18T01:30:00.123456Z",
                    "status": 200,
                }
            ],
        },
    }
    jsonschema_rs.validate(json.loads(schema_bytes(ARTICLE)), finished, validate_formats=True)


def test_what_the_page_does_not_have_is_absent() -> None:
    bare = document(standfirst=None, dateline=None, source=None, section=None, authors=(), contributors=())
    assert not {"alternativeHeadline", "dateline", "sourceOrganization", "articleSection"} & bare.keys()
    assert bare["author"] == bare["contributor"] == []
    validate(bare)


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("headline", "", "headline"),
        ("body", "", "articleBody"),
        ("url", "no address", "url"),
        ("keywords", ("",), "keywords/0"),
        ("layout", "Chinadaily", "pressmark/layout"),
    ],
)
def test_a_document_at_odds_with_the_schema_is_rejected(field: str, value: Any, where: str) -> None:
    with pytest.raises(Rejected, match=f"^{where}: ") as caught:
        validate(document(**{field: value}))
    assert caught.value.reason == "invalid"


def test_the_content_hash_sees_words_and_not_their_spelling() -> None:
    plain = content_sha256(document(body="Caf\u00e9 one.\n\nTwo."))
    assert content_sha256(document(body="Cafe\u0301  one. Two.", updated_at=datetime(2023, 1, 1, tzinfo=UTC))) == plain
    assert content_sha256(document(body="Café one.\n\nTwo!")) != plain


def test_the_content_hash_sees_pictures_and_not_their_hosts() -> None:
    def content(url: str) -> str:
        return content_sha256(document(images=(Image(url=url),)))

    plain = content("https://img1.example/1.jpeg")
    assert content("http://img2.example:8080/1.jpeg") == plain
    assert content("https://img1.example/2.jpeg") != plain


def test_the_same_document_gives_the_same_bytes() -> None:
    finished = with_captures(document(headline="Züge"), [capture()])
    assert to_bytes(finished) == to_bytes(json.loads(to_bytes(finished)))
    assert "Züge".encode() in to_bytes(finished)


def test_a_capture_says_all_that_reading_it_back_needs() -> None:
    assert describe(capture()).keys() == {
        "url", "warc", "offset", "length", "recordId", "payloadDigest", "capturedAt", "status",
    }  # fmt: skip
