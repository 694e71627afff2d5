"""Published documents as readers get them, and how two of them differ."""

import difflib
import re
from datetime import date, datetime
from typing import Any

import attrs

from pressmark.model.keys import day_of_document

_APART = {"pressmark", "archivedAt"}
"""Fields of the archive, which a diff leaves out."""


@attrs.frozen
class Document:
    """A document of the bucket with its key.

    Versions, corrections and silent edits of articles have all of these properties; tombstones and rejections only
    `kind`, `day` and `article_id`.
    """

    key: str
    data: dict[str, Any] = attrs.field(repr=False)
    """The JSON; `data["pressmark"]["schema"]` names its schema."""

    @property
    def kind(self) -> str:
        """The folder of the bucket: `articles`, `corrections`, `silent-edits`, `withdrawn` or `rejected`."""
        return self.key.split("/", 1)[0]

    @property
    def day(self) -> date:
        """The day in its key, which is the day in the article's URL.

        Raises:
            ValueError: its key has no day; no run writes such a key.
        """
        day = day_of_document(self.key)
        if day is None:
            raise ValueError(f"{self.key} has no day in it")
        return day

    @property
    def article_id(self) -> str:
        """The id of its article."""
        return str(self.data["identifier"])

    @property
    def updated_at(self) -> datetime:
        """The *Updated* time; aware, in the site's zone."""
        return datetime.fromisoformat(self.data["dateModified"])

    @property
    def headline(self) -> str:
        """Plain text."""
        return str(self.data["headline"])

    @property
    def body(self) -> str:
        """Plain text; a blank line separates paragraphs."""
        return str(self.data["articleBody"])


@attrs.frozen
class Difference:
    """A field that differs between two versions."""

    field: str
    """Its name in the document, e.g. `articleBody`."""
    before: Any
    """None if the earlier version does not have it."""
    after: Any

    def words(self) -> list[tuple[str, str]]:
        """Return a word diff of a text field: pairs of `same`, `removed` or `added` and the words."""
        before, after = (re.findall(r"\S+\s*|\s+", str(text or "")) for text in (self.before, self.after))
        runs = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                runs.append(("same", "".join(before[a:b])))
                continue
            runs += [("removed", "".join(before[a:b])), ("added", "".join(after[c:d]))]
        return [(kind, text) for kind, text in runs if text]


def diff(before: Document, after: Document) -> list[Difference]:
    """Return the fields that differ between two versions, in their order; the archive's own fields are left out."""
    names = dict.fromkeys([*before.data, *after.data])
    pairs = ((name, before.data.get(name), after.data.get(name)) for name in names if name not in _APART)
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]
