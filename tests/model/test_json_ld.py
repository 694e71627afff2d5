"""Versions as JSON-LD: a processor's result follows the vocabulary of schema.org."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyld import jsonld
from schema_org.registry import PROPERTY_BY_SCHEMA, ancestry

from pressmark.model.article import Credit
from pressmark.model.document import Document, draft, with_captures
from pressmark.model.schema import ARTICLE
from pressmark.pipelines.normalize import normalize
from tests.support.samples import capture, document
from tests.support.saved_pages import CASES, read_whole, saved_whole
from tests.support.schemas import current, fields

VOCABULARY = "https://schema.org/"


def load(url: str, options: object) -> dict[str, Any]:
    assert url == "https://schema.org"
    context = {"@context": {"@vocab": VOCABULARY}}
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": context}


def at_odds(version: Document) -> list[str]:
    """Return all violations of the vocabulary in a document."""
    [node] = jsonld.expand(version, {"documentLoader": load})
    return list(_at_odds(node))


def _at_odds(node: dict[str, Any]) -> Iterator[str]:
    kinds = _kinds(node)
    for name, values in node.items():
        term = name.removeprefix(VOCABULARY)
        if name == "@type":
            continue
        if term not in PROPERTY_BY_SCHEMA:
            yield f"{term} is no property"
            continue
        known = PROPERTY_BY_SCHEMA[term]
        if known.superseded_by or not kinds & set(known.domains):
            yield f"{term} is of {known.domains}, not of {node['@type']}"
        for value in values:
            found = _kinds(value)
            if not found & set(known.ranges):
                yield f"{term} is one of {known.ranges}, not {value}"
            if "@type" in value:
                yield from _at_odds(value)


def _kinds(value: dict[str, Any]) -> set[str]:
    """Return the types of a node with their parents, or the possible data types of a value."""
    if "@value" not in value:
        names = {each.removeprefix(VOCABULARY) for each in value["@type"]}
        return names.union(*map(ancestry, names))
    plain = value["@value"]
    if isinstance(plain, int):
        return {"Integer", "Number"}
    kinds = {"Text"} | ({"URL"} if urlsplit(plain).scheme else set())
    try:
        datetime.fromisoformat(plain)
    except ValueError:
        return kinds
    return kinds | {"DateTime"}


def of_case(case: str) -> Document:
    return with_captures(draft(normalize(read_whole(saved_whole(case)))), [capture()])


SAMPLE = with_captures(document(), [capture()])
PLACES = (Credit(name="WEI Jing", location="Rome"), Credit(name="Agencies", location="Kabul", organization=True))
PLACED = with_captures(document(authors=PLACES, contributors=PLACES), [capture()])
VERSIONS = {"sample": SAMPLE, "people and organisations in places": PLACED, **{case: of_case(case) for case in CASES}}


@pytest.mark.parametrize("name", VERSIONS)
def test_every_property_is_of_its_type_and_has_a_value_in_its_range(name: str) -> None:
    assert at_odds(VERSIONS[name]) == []


def test_the_documents_tried_have_every_field() -> None:
    def paths(value: Any, above: str = "") -> Iterator[str]:
        for each in value if isinstance(value, list) else ():
            yield from paths(each, f"{above}[]")
        for name, held in value.items() if isinstance(value, dict) else ():
            yield f"{above}.{name}".removeprefix(".")
            yield from paths(held, f"{above}.{name}".removeprefix("."))

    tried = {path for version in VERSIONS.values() for path in paths(version)}
    wanted = {field.path for field in fields(current(ARTICLE)) if not field.path.startswith("pressmark")}
    assert wanted <= tried


def test_a_processor_leaves_our_block_out() -> None:
    [node] = jsonld.expand(SAMPLE, {"documentLoader": load})
    assert f"{VOCABULARY}headline" in node
    assert not [name for name in node if "pressmark" in name]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"standfirst": "A town sees again"}, "standfirst is no property"),
        ({"jobTitle": "Reporter"}, "jobTitle is of ('Person',), not of"),
        ({"author": "REN QI"}, "author is one of ('Organization', 'Person'), not"),
        ({"author": {"@type": "Person", "headline": "Lamps"}}, "headline is of ('CreativeWork',), not of"),
        ({"wordCount": "4"}, "wordCount is one of ('Integer',), not"),
        ({"image": {"@type": "Person", "name": "A"}}, "image is one of"),
        ({"datePublished": "in spring"}, "datePublished is one of"),
        ({"archivedAt": "somewhere"}, "archivedAt is one of"),
    ],
    ids=str,
)
def test_what_is_at_odds_with_the_vocabulary_is_found(changes: Document, message: str) -> None:
    [found] = at_odds({**SAMPLE, **changes})
    assert found.startswith(message)
