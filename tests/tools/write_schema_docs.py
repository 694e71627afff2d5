"""Writes `docs/schema.md`, tables of every field of every document, from the schemas: `make fixtures`."""

import json
from pathlib import Path

from pressmark.model.schema import KEYS
from tests.support.schemas import Field, Schema, current, fields

PATH = Path(__file__).parents[2] / "docs" / "schema.md"
HEAD = """# The fields of the bucket's documents

Made from the [schemas](../pressmark/schemas) by `make fixtures`. [bucket.md](bucket.md) says where each document
is stored.

`[]` means each item of a list. *Always* means: in every document that has the object around the field; other fields are
absent if there is nothing to say. Fields may be added to a schema. None is removed, and none promises less: that would
be a schema of the next number ([how to add a field](how_to_add_a_field.md)).
"""
PLACES = {
    "schemas/article-1.json": "`articles/`, `corrections/` and `silent-edits/`",
    "schemas/withdrawal-1.json": "`withdrawn/`",
    "schemas/rejection-1.json": "`rejected/`",
    "schemas/manifest-1.json": "`runs/`",
    "schemas/audit-1.json": "`audits/`",
}


def main() -> None:
    """Write the file."""
    PATH.write_text(written(), "utf-8")


def written() -> str:
    """Return the file as the schemas have it."""
    return "\n".join([HEAD, *map(_section, KEYS)])


def _section(key: str) -> str:
    schema = current(key)
    rows = map(_row, fields(schema))
    return f"""## {schema["title"]}

Below {PLACES[key]}; [`{key}`](../pressmark/{key}). {schema["description"]}

| field | type | | what it says |
|---|---|---|---|
{"".join(rows)}"""


def _row(field: Field) -> str:
    always = "always" if field.required else ""
    return f"| `{field.path}` | {_kind(field.schema)} | {always} | {_cell(field.schema['description'])} |\n"


def _kind(schema: Schema) -> str:
    if "const" in schema:
        const = schema["const"]
        return _code(const if isinstance(const, str) else json.dumps(const))
    if "enum" in schema:
        return ", ".join(map(_code, schema["enum"]))
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    said = " or ".join(kinds)
    if "items" in schema:
        said += f" of {_kind(schema['items'])}s" if "properties" not in schema["items"] else " of objects"
    said += f", {schema['format']}" if "format" in schema else ""
    said += f", {_code(schema['pattern'])}" if "pattern" in schema else ""
    return said + _bounds(schema)


def _bounds(schema: Schema) -> str:
    if "maximum" in schema:
        return f", {schema['minimum']} to {schema['maximum']}"
    if "maxItems" in schema:
        return f", at most {schema['maxItems']}"
    if least := schema.get("minimum", schema.get("minItems")):
        return f", at least {least}"
    return ""


def _code(value: object) -> str:
    return f"`{_cell(str(value))}`"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    main()
