"""Clean: one spelling for what looks the same."""

import re
import unicodedata
from typing import Any

import attrs

from pipelines.step import Step
from pressmark.article import Raw
from pressmark.reading import Reading

_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_BLANKS = re.compile(r"[^\S\n]+")


class Clean(Step):
    """Puts all text into Unicode's composed form (NFC), without invisible characters and doubled blanks."""

    def process_item(self, item: Reading) -> Reading:
        """Return the reading with clean text; what was printed (`raw`) stays as it was."""
        return attrs.evolve(item, article=clean(item.article))


def clean(value: Any) -> Any:
    """Return a text, or an article with all its texts, clean."""
    match value:
        case str():
            return _BLANKS.sub(" ", unicodedata.normalize("NFC", _INVISIBLE.sub("", value))).strip()
        case tuple():
            return tuple(each for each in map(clean, value) if each != "")
        case Raw():
            return value
    if not attrs.has(type(value)):
        return value
    cleaned = {field: clean(getattr(value, field.name)) for field in attrs.fields(type(value))}
    # What only looked like text is absent, where that is allowed.
    return attrs.evolve(
        value, **{field.name: None if each == "" and field.default is None else each for field, each in cleaned.items()}
    )
