"""Whether an edited JSON Schema keeps its promise to the readers of the one before it.

A reader of the old schema relies on what it promises. So whatever keeps the new one must keep the old one: it may
promise more, never less. What can't be compared, a pattern say, must stay as it is.
"""

from collections.abc import Iterator
from typing import Any

from tests.support.schemas import Schema, resolved

TELLING = {"$comment", "deprecated", "description", "examples", "title"}
"""Keywords that promise nothing."""
LOWER, UPPER = {"minimum", "minItems", "minLength"}, {"maximum", "maxItems", "maxLength"}
ONE_OF = {"const", "enum"}
HOLDING = {"items", "properties"}


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return what a reader of the old schema can't rely on any more, each as `path: what`; empty if it all holds."""
    return list(_breaks("", resolved(old), resolved(new)))


def _breaks(path: str, old: Schema, new: Schema) -> Iterator[str]:
    here = path or "the document"
    for keyword in sorted(old.keys() - TELLING - HOLDING - ONE_OF):
        if not _holds(keyword, old[keyword], new.get(keyword)):
            yield f"{here}: {keyword} was {old[keyword]!r}, is {new.get(keyword)!r}"
    if (before := _values(old)) is not None and not _within(_values(new), before):
        yield f"{here}: one of {before!r} was promised, now {_values(new)!r}"
    if "items" in old:
        yield from _breaks(f"{path}[]", old["items"], new.get("items", {}))
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        below = f"{path}.{name}".removeprefix(".")
        if name in after:
            yield from _breaks(below, before[name], after[name])
        else:
            yield f"{below}: removed"
    if "additionalProperties" in old and (added := after.keys() - before.keys()):
        yield f"{here}: {sorted(added)} added, where other fields were bound"


def _holds(keyword: str, before: Any, after: Any) -> bool:
    """Return whether a keyword still promises at least as much as before."""
    if after is None:
        return False
    if keyword == "required":
        return set(before) <= set(after)
    if keyword == "type":
        return _within(_several(after), _several(before))
    if keyword in LOWER:
        return bool(after >= before)
    if keyword in UPPER:
        return bool(after <= before)
    return bool(after == before)


def _values(schema: Schema) -> list[Any] | None:
    """Return the only values that a schema allows; None if it names none."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _within(values: list[Any] | None, bound: list[Any]) -> bool:
    return values is not None and all(each in bound for each in values)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
