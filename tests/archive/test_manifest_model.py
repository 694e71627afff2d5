"""The model of manifests: what it refuses, what it keeps, and that it matches the schema."""

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import Manifest, RunParameters, SeenArticle, manifest_of
from pressmark.errors import FindingsFound
from pressmark.model.schema import MANIFEST, schema_bytes
from pressmark.model.strict_json import InvalidJson
from tests.support.manifests import facts_of

BEGAN = datetime(2022, 2, 18, 0, 53, tzinfo=UTC)
OBJECT = {"key": "articles/news/2022/02/18/WS1/20220218T005300Z.json", "size": 7, "sha256": "0" * 64}
WHOLE = facts_of(
    BEGAN,
    spool="a",
    set_aside=[],
    pages_found=None,
    parameters={"scope": "search", "pages": 40, "since": "2022-02-01", "recheck": False},
    requests=[{"host": "news.example", "number": 9, "busiest_minute": 6}],
    articles=[
        {"article_id": "WS1", "url": "https://news.example/1", "outcome": "rejected", "reason": "no-body"},
        {"article_id": "WS2", "url": "https://news.example/2", "outcome": "published", "key": OBJECT["key"]},
    ],
    segments=[{**OBJECT, "key": "warc/news/a.warc.gz", "records": 4, "index": {**OBJECT, "key": "warc/news/a.cdxj"}}],
    visits={**OBJECT, "key": "runs/news/a.visits.jsonl.gz"},
    objects=[OBJECT],
)
KEY = "runs/news/world/europe/2022/02/18/20220218T005300-a.json"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of each value in the JSON."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        found += places(each, (*path, name))
    return found


def with_value(facts: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = json.loads(json.dumps(facts))
    within = changed
    for name in path[:-1]:
        within = within[name]
    within[path[-1]] = value
    return changed


def problem_of(data: bytes) -> str | None:
    try:
        found = manifest.parse(KEY, data)
    except FindingsFound as error:
        return str(error)
    assert manifest.parse(KEY, json.dumps(found.to_json()).encode()) == found
    return None


def test_reading_and_writing_changes_nothing_nor_the_order() -> None:
    assert json.dumps(Manifest.from_json(WHOLE).to_json()) == json.dumps(
        {name: WHOLE[name] for name in attrs.fields_dict(Manifest) if name in WHOLE}
    )


@pytest.mark.parametrize("path", [(), ("articles", 0), ("segments", 0), ("segments", 0, "index"), ("parameters",)])
def test_fields_of_later_releases_are_kept(path: tuple[Any, ...]) -> None:
    later = with_value(WHOLE, (*path, "of_a_later_release"), {"deep": [1, None]})
    assert Manifest.from_json(later).to_json() == later
    assert Manifest.from_json(later) != Manifest.from_json(WHOLE)


def test_the_model_has_the_fields_of_the_schema_in_its_order() -> None:
    schema = json.loads(schema_bytes(MANIFEST))
    names = [name for name in attrs.fields_dict(Manifest) if name != "later"]
    assert names == list(schema["properties"])
    inner = {"articles": SeenArticle, "parameters": RunParameters}
    for name, kind in inner.items():
        said = schema["properties"][name]
        assert {*attrs.fields_dict(kind)} - {"later"} == set(said.get("items", said)["properties"])


@pytest.mark.parametrize("path", places(WHOLE), ids=lambda path: "/".join(map(str, path)))
def test_a_wrong_value_anywhere_is_named_or_harmless(path: tuple[Any, ...]) -> None:
    for wrong in (None, True, -1, 1.5, 10**18, "", "x" * 2000, [], [[]], [None], {}, {"a": None}):
        data = json.dumps(with_value(WHOLE, path, wrong)).encode()
        said = problem_of(data)
        assert said is None or (said.startswith(f"{KEY} is no manifest: ") and len(said) < 500)


@pytest.mark.parametrize(
    "name",
    [name for name in WHOLE if name not in {"failure", "requisites", "requests", "set_aside", "spool", "visits"}],
)
def test_what_a_manifest_must_say(name: str) -> None:
    facts = {other: value for other, value in WHOLE.items() if other != name}
    if name == "pages_found":
        assert manifest_of(facts).pages_found is None
        return
    with pytest.raises(InvalidJson, match=name):
        manifest_of(facts)


@pytest.mark.parametrize("schema", ["schemas/manifest-2.json", "schemas/article-1.json", "https://other.example/x"])
def test_a_later_or_foreign_manifest_is_none(schema: str) -> None:
    with pytest.raises(InvalidJson, match=f"its schema is '{schema}'"):
        manifest_of({**WHOLE, "schema": schema})
    with pytest.raises(InvalidJson, match=schema):
        manifest_of({"schema": schema})


@pytest.mark.parametrize("change", [{"site": "other"}, {"section": "world"}, {"run_id": "b"}])
def test_a_manifest_that_was_copied_to_another_key_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(FindingsFound, match="it belongs to another run"):
        manifest.parse(KEY, json.dumps(WHOLE | change).encode())


@pytest.mark.parametrize(
    "time",
    ["2022-02-18T00:53:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2022-02-30T00:00:00Z", "x"],
)
def test_times_have_a_zone_and_can_be_moved_to_any(time: str) -> None:
    for name in ("started_at", "ended_at"):
        with pytest.raises(InvalidJson, match=name):
            manifest_of({**WHOLE, name: time})


@pytest.mark.parametrize(
    "key", ["", "/", "a//b", "../x", "a/..", "a/./b", "a\nb", "a\0b", "a" * 1025, "a/\N{RIGHT-TO-LEFT OVERRIDE}b"]
)
def test_keys_are_those_that_a_bucket_has(key: str) -> None:
    with pytest.raises(InvalidJson, match="objects: an entry: key: not an object key"):
        manifest_of({**WHOLE, "objects": [{**OBJECT, "key": key}]})


FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.sampled_from([*WHOLE, "key"]), each),
    max_leaves=10,
)


@given(FACTS)
def test_nothing_else_than_a_manifest_is_one(facts: Any) -> None:
    with pytest.raises(InvalidJson):
        manifest_of(facts)
