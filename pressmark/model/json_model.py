"""Models of JSON objects: attrs classes that check their input and keep fields that they do not know.

The annotations are the rules. A field without a default is required; an absent field gets its default. Fields of later
releases are kept in `later` and written again, so reading and writing an object loses nothing.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import attrs

from pressmark.model.strict_json import InvalidJson

Read = Callable[[Any], Any]
"""Returns a checked value; raises `Unfit`."""
FIRST_YEAR, LAST_YEAR = 1970, 9998
"""Years of times that can be converted to any zone; clocks without a time start at the first."""


class Unfit(ValueError):
    """A value does not have the type of its field; the message says why."""


@attrs.frozen(kw_only=True)
class JsonModel:
    """A JSON object."""

    later: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields that this release does not know, as they were read."""

    @classmethod
    def from_json(cls, facts: Any) -> Self:
        """Read an object as `strict_json` returns it.

        Raises:
            InvalidJson: a field is missing or of another type; the message names it.
        """
        try:
            found: Self = _read_model(cls, facts)
        except Unfit as error:
            raise InvalidJson(str(error)) from None
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the object for `json.dumps`: known fields in their order, then the others."""
        facts = {}
        kind: Any = type(self)
        for name in _fields(kind):
            value = getattr(self, name)
            if value is not None or self.writes_null(name):
                facts[name] = _plain(value)
        return {**facts, **self.later}

    def writes_null(self, name: str) -> bool:
        """Return whether to write null for a field without a value; other such fields are left out."""
        return False


def _read_model(cls: Any, facts: Any) -> Any:
    if not isinstance(facts, dict):
        raise Unfit("no JSON object")
    known = {}
    fields = _fields(cls)
    for name, (read, required) in fields.items():
        if name in facts:
            try:
                known[name] = read(facts[name])
            except Unfit as error:
                raise Unfit(f"{name}: {error}") from None
        elif required:
            raise Unfit(f"{name} is missing")
    if len(known) < len(facts):
        known["later"] = {name: value for name, value in facts.items() if name not in fields}
    return cls(**known)


@cache
def _fields(cls: Any) -> dict[str, tuple[Read, bool]]:
    """Return how to read each field, and whether it is required."""
    hints = get_type_hints(cls)
    return {
        each.name: (each.metadata.get("read") or _reader(hints[each.name]), each.default is attrs.NOTHING)
        for each in attrs.fields(cls)
        if each.name != "later"
    }


def _reader(kind: Any) -> Read:
    origin, of = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        [one] = [each for each in of if each is not type(None)]
        return _or_none(_reader(one))
    if origin is tuple:
        return _tuple(_reader(of[0]), None if of[-1] is Ellipsis else len(of))
    if origin is Mapping:
        return _mapping(_reader(of[1]))
    if kind in _PLAIN:
        return _PLAIN[kind]
    return lambda value: _read_model(kind, value)


def _or_none(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _tuple(read: Read, length: int | None) -> Read:
    def values(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            raise Unfit("not a list" if length is None else f"not a list of {length}")
        try:
            return tuple(map(read, value))
        except Unfit as error:
            raise Unfit(f"an entry: {error}") from None

    return values


def _mapping(read: Read) -> Read:
    def values(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit("no JSON object")
        return {name: read(each) for name, each in value.items()}

    return values


def text(value: Any) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise Unfit("not a string")
    return value


def key(value: Any) -> str:
    """Return a string that is a valid object key: S3 refuses requests for others."""
    found = text(value)
    if not is_key(found):
        raise Unfit("not an object key")
    return found


def is_key(name: str) -> bool:
    """Return whether a string is a valid object key."""
    return name.isprintable() and 0 < len(name.encode()) <= 1024 and not {"", ".", ".."} & set(name.split("/"))


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Unfit("not a number of zero or more")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Unfit("neither true nor false")
    return value


def moment(value: Any) -> datetime:
    """Return a time with a zone (RFC 3339), in UTC."""
    written = text(value)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Unfit("not a time") from None
    if found.tzinfo and FIRST_YEAR <= found.year <= LAST_YEAR:
        utc = found.astimezone(UTC)
        if FIRST_YEAR <= utc.year <= LAST_YEAR:
            return utc
    raise Unfit("not a time with a zone")


_PLAIN: dict[Any, Read] = {str: text, int: _number, bool: _flag, datetime: moment, Any: lambda value: value}


def _plain(value: Any) -> Any:
    match value:
        case JsonModel():
            return value.to_json()
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
    return value
