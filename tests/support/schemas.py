"""What tests read from JSON Schemas: their fields, and whether a bucket keeps them."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs
import jsonschema_rs

from pressmark.archive.s3.store import Store
from pressmark.model.schema import schema_bytes

Schema = dict[str, Any]


@cache
def current(key: str) -> Schema:
    """Return the schema of this key with all references followed."""
    return resolved(json.loads(schema_bytes(key)))


def resolved(schema: Schema) -> Schema:
    """Return the schema with its definitions where they are referred to; keywords beside a reference apply too."""
    definitions: Schema = schema.get("$defs", {})

    def follow(part: Any) -> Any:
        if isinstance(part, list):
            return [follow(each) for each in part]
        if not isinstance(part, dict):
            return part
        if isinstance(reference := part.get("$ref"), str):
            part = {**definitions[reference.removeprefix("#/$defs/")], **part}
        return {name: follow(each) for name, each in part.items() if name not in {"$ref", "$defs"}}

    followed: Schema = follow(schema)
    return followed


@attrs.frozen
class Field:
    """One field of a document."""

    path: str
    """E.g. `pressmark.captures[].offset`."""
    schema: Schema
    required: bool
    """Whether it is there whenever what holds it is."""


def fields(schema: Schema, above: str = "") -> Iterator[Field]:
    """Return the fields of a resolved schema, each before what it holds."""
    for name, part in schema.get("properties", {}).items():
        path = f"{above}.{name}".removeprefix(".")
        yield Field(path, part, name in schema.get("required", ()))
        yield from fields(part, path)
        yield from fields(part.get("items", {}), f"{path}[]")


def keeps_its_schemas(store: Store) -> Counter[tuple[str, str]]:
    """Hold all JSON of a bucket against the schemas it names there; count it by first part of the key and schema."""
    kept: Counter[tuple[str, str]] = Counter()
    validators: dict[str, Any] = {}
    for key in store.keys(""):
        if not key.endswith(".json") or key.startswith("schemas/"):
            continue
        document = json.loads(store.get(key))
        name = document.get("schema") or document["pressmark"]["schema"]
        if name not in validators:
            validators[name] = jsonschema_rs.validator_for(json.loads(store.get(name)), validate_formats=True)
        assert [f"{key}: {error}" for error in validators[name].iter_errors(document)] == []
        kept[key.partition("/")[0], name] += 1
    return kept
