"""Normalize: one spelling for texts that look the same."""

import re
from typing import Any

import attrs

from pressmark.model.article import Credit, Raw
from pressmark.model.item import Reading
from pressmark.pipelines.base import BasePipeline
from pressmark.text import cleaned, composed

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_BLANKS = re.compile(r"[^\S\n]+")


class NormalizePipeline(BasePipeline):
    """Converts all text to Unicode's composed form (NFC), without control, invisible and repeated blank characters."""

    def process_item(self, item: Reading) -> Reading:
        """Return the reading with normalized text; the printed text (`raw`) stays as it is."""
        return attrs.evolve(item, article=normalize(item.article))


def normalize(value: Any) -> Any:
    """Return a text, or an article with all its texts, normalized."""
    match value:
        case str():
            return _BLANKS.sub(" ", composed(_INVISIBLE.sub("", cleaned(value)))).strip()
        case tuple():
            return tuple(each for each in map(normalize, value) if not _is_empty(each))
        case Raw():
            return value
    if not attrs.has(type(value)):
        return value
    parts = {field: normalize(getattr(value, field.name)) for field in attrs.fields(type(value))}
    # A text without visible characters becomes None, where that is allowed.
    return attrs.evolve(
        value, **{field.name: None if each == "" and field.default is None else each for field, each in parts.items()}
    )


def _is_empty(value: Any) -> bool:
    return value == "" or (isinstance(value, Credit) and not value.name)
