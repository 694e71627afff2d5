"""The examples of docs/reading.md, run as a reader would run them."""

import re
from typing import Any

import pyarrow as pa
import pytest

from pressmark.jobs.export import SCHEMA, Exporter
from tests.support.archive import READABLE, ROOT, Archive

PAGE = (ROOT / "docs" / "reading.md").read_text()
PLAIN = {"string": "string", "bool": "boolean", "int16": "smallint", "int32": "int", "int64": "bigint"}


def test_every_example_runs(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    newest = next(archive.newsroom.ids())
    archive.crawl()
    archive.newsroom.update(newest)
    archive.crawl("--recheck")
    list(Exporter(archive.store, "newsroom").changed())
    names: dict[str, Any] = {}
    examples = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        exec(compile(example, "docs/reading.md", "exec"), names)
    output = capsys.readouterr().out
    assert "articleBody [('same'," in output
    assert f"({READABLE}, 4)" in output, "polars counts one row per article"
    assert names["articles"].count_rows() == READABLE + 1
    assert names["response"].status == 200


def test_the_table_of_columns_is_that_of_the_schema() -> None:
    for field in SCHEMA:
        description = field.metadata[b"description"].decode()
        absent = " Null if the page has none." if field.nullable else ""
        assert f"\n| `{field.name}` | {_duckdb(field.type)} | {description}{absent} |\n" in PAGE
        assert f"\n  {field.name} {_athena(field.type)}" in PAGE


def _duckdb(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_duckdb(kind.value_type)}"
    if pa.types.is_struct(kind):
        return "struct of " + ", ".join(kind.field(each).name for each in range(kind.num_fields))
    return str(kind)


def _athena(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"array<{_athena(kind.value_type)}>"
    if pa.types.is_struct(kind):
        fields = (kind.field(each) for each in range(kind.num_fields))
        return f"struct<{','.join(f'{field.name}:{_athena(field.type)}' for field in fields)}>"
    return "timestamp" if pa.types.is_timestamp(kind) else PLAIN[str(kind)]
