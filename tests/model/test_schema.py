"""The schemas of the bucket: what they describe, and what readers of a released schema can rely on."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pressmark.model.outcomes import Outcome
from pressmark.model.schema import ARTICLE, KEYS, MANIFEST, REJECTION, WITHDRAWAL, schema_bytes
from tests.support.compatibility import breaks
from tests.support.schemas import Schema, current, fields
from tests.tools import write_schema_docs

RELEASED = Path(__file__).parent / "released"
"""The released schemas. Copy a schema here only if it is new or has a new optional field."""


def schema(key: str) -> Schema:
    read: Schema = json.loads(schema_bytes(key))
    return read


@pytest.mark.parametrize("key", KEYS)
def test_a_schema_is_one_and_says_its_name(key: str) -> None:
    jsonschema_rs.meta.validate(schema(key))
    assert schema(key)["$id"] == f"https://pressmark.invalid/{key}"
    [named] = [field for field in fields(current(key)) if field.path in {"schema", "pressmark.schema"}]
    assert (named.schema["const"], named.required) == (key, True)


def test_every_schema_is_published() -> None:
    assert {f"schemas/{path.name}" for path in (files("pressmark") / "schemas").iterdir()} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_every_field_is_described(key: str) -> None:
    assert [field.path for field in fields(current(key)) if not field.schema.get("description")] == []


def test_a_capture_is_described_the_same_everywhere() -> None:
    captures = [schema(key)["$defs"]["capture"] for key in (ARTICLE, WITHDRAWAL, REJECTION)]
    assert captures[0] == captures[1] == captures[2]


@pytest.mark.parametrize("key", KEYS)
def test_what_was_released_holds(key: str) -> None:
    released = json.loads((RELEASED / Path(key).name).read_text())
    assert breaks(released, schema(key)) == [], "readers rely on it: make a schema of the next number"


def test_no_released_schema_is_gone() -> None:
    assert {path.name for path in RELEASED.iterdir()} == {Path(key).name for key in KEYS}


def block(edited: Schema) -> dict[str, Any]:
    return edited["properties"]["pressmark"]["properties"]


def capture(edited: Schema) -> dict[str, Any]:
    return edited["$defs"]["capture"]["properties"]


BREAKING: dict[str, Callable[[Schema], object]] = {
    "headline: removed": lambda s: s["properties"].pop("headline"),
    "pressmark.raw.byline: removed": lambda s: block(s)["raw"]["properties"].pop("byline"),
    "the document: required was": lambda s: s["required"].remove("headline"),
    "the document: required was [": lambda s: s.pop("required"),
    "pressmark: required was": lambda s: s["properties"]["pressmark"]["required"].remove("layout"),
    "headline: type was 'string', is ['string', 'null']": lambda s: s["properties"]["headline"].update(
        type=["string", "null"]
    ),
    "headline: type was 'string', is None": lambda s: s["properties"]["headline"].pop("type"),
    "wordCount: type was 'integer', is 'string'": lambda s: s["properties"]["wordCount"].update(type="string"),
    "headline: minLength was 1, is 0": lambda s: s["properties"]["headline"].update(minLength=0),
    "headline: minLength was 1, is None": lambda s: s["properties"]["headline"].pop("minLength"),
    "wordCount: minimum was 1, is 0": lambda s: s["properties"]["wordCount"].update(minimum=0),
    "pressmark.captures: minItems was 1": lambda s: block(s)["captures"].update(minItems=0),
    "pressmark.version: pattern was": lambda s: block(s)["version"].update(pattern="^.*$"),
    "pressmark.layout: pattern was": lambda s: block(s)["layout"].pop("pattern"),
    "url: format was 'uri', is 'iri'": lambda s: s["properties"]["url"].update(format="iri"),
    "@type: one of ['NewsArticle']": lambda s: s["properties"]["@type"].update(const="Article"),
    "@type: one of ['NewsArticle'] was promised, now None": lambda s: s["properties"]["@type"].pop("const"),
    "author[].@type: one of ['Person', 'Organization']": lambda s: s["$defs"]["credit"]["properties"]["@type"][
        "enum"
    ].append("Thing"),
    "author[].name: removed": lambda s: s["$defs"]["credit"]["properties"].pop("name"),
    "contributor[]: required was": lambda s: s["$defs"]["credit"]["required"].remove("name"),
    "pressmark.captures[].status: maximum was 599, is 999": lambda s: capture(s)["status"].update(maximum=999),
    "pressmark.captures[].offset: type was": lambda s: capture(s)["offset"].update(type="number"),
    "keywords[]: type was": lambda s: s["properties"]["keywords"].pop("items"),
    "image[].caption: type was 'string', is ['string', 'null']": lambda s: s["properties"]["image"]["items"][
        "properties"
    ]["caption"].update(type=["string", "null"]),
    "sourceOrganization: type was": lambda s: s["$defs"].update(organization={"type": "string"}),
    "the document: $id was": lambda s: s.update({"$id": "https://pressmark.invalid/schemas/article-2.json"}),
}


@pytest.mark.parametrize("change", BREAKING)
def test_an_edit_that_breaks_readers_is_found(change: str) -> None:
    edited = schema(ARTICLE)
    BREAKING[change](edited)
    assert any(each.startswith(change) for each in breaks(schema(ARTICLE), edited))


def test_a_field_added_where_others_were_bound_is_found() -> None:
    closed = {"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}
    opened = {**closed, "properties": {"a": {}, "b": {"type": "string"}}}
    assert breaks(closed, opened) == ["the document: ['b'] added, where other fields were bound"]
    assert breaks(closed, closed) == []


ALLOWED: dict[str, Callable[[Schema], object]] = {
    "an optional field": lambda s: s["properties"].update(genre={"type": ["string", "null"]}),
    "an optional field of a definition": lambda s: capture(s).update(ip={"type": "string"}),
    "a field that will always be there": lambda s: s["required"].append("articleSection"),
    "a better description": lambda s: s["properties"]["headline"].update(description="In plain text."),
    "a title": lambda s: s["properties"]["headline"].update(title="Headline", examples=["Lamps lit"]),
    "a narrower enum": lambda s: s["$defs"]["credit"]["properties"]["@type"]["enum"].remove("Organization"),
    "a closer bound": lambda s: capture(s)["length"].update(minimum=2, maximum=10),
    "a new pattern": lambda s: s["properties"]["headline"].update(pattern=r"\S"),
    "a definition under another name": lambda s: (
        s["$defs"].update(company=s["$defs"].pop("organization")),
        s["properties"]["sourceOrganization"].update({"$ref": "#/$defs/company"}),
    ),
}


@pytest.mark.parametrize("edit", ALLOWED)
def test_an_edit_that_promises_more_passes(edit: str) -> None:
    edited = schema(ARTICLE)
    ALLOWED[edit](edited)
    assert edited != schema(ARTICLE)
    assert breaks(schema(ARTICLE), edited) == []


def test_the_outcomes_of_the_manifest_are_those_of_a_run() -> None:
    fields_by_path = {field.path: field.schema for field in fields(current(MANIFEST))}
    assert fields_by_path["articles[].outcome"]["enum"] == list(Outcome)
    assert set(Outcome) < {path.removeprefix("counts.") for path in fields_by_path if path.startswith("counts.")}


def test_the_tables_of_fields_are_those_of_the_schemas() -> None:
    assert write_schema_docs.PATH.read_text("utf-8") == write_schema_docs.written(), "make fixtures"
