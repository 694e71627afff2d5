"""What was published, as its readers have it: documents, and how two of them differ."""

import difflib
import re
from datetime import date, datetime
from typing import Any

import attrs

from pressmark.model.keys import day_of_document

_APART = {"pressmark", "archivedAt"}
"""Fields of which no reader of an article knows."""


@attrs.frozen
class Document:
    """A document of the bucket with the key it lies under.

    Versions, corrections and silent edits of articles have all of these properties; tombstones and rejections only
    `kind`, `day` and `article_id`.
    """

    key: str
    data: dict[str, Any] = attrs.field(repr=False)
    """As the schema describes it that `data["pressmark"]["schema"]` names."""

    @property
    def kind(self) -> str:
        """The part of the bucket it lies in: `articles`, `corrections`, `silent-edits`, `withdrawn` or `rejected`."""
        return self.key.split("/", 1)[0]

    @property
    def day(self) -> date:
        """The day it is filed under: that in the article's URL.

        Raises:
            ValueError: its key has none; none that a run writes is like that.
        """
        day = day_of_document(self.key)
        if day is None:
            raise ValueError(f"{self.key} is filed under no day")
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
        """Plain text; paragraphs are parted by a blank line."""
        return str(self.data["articleBody"])


@attrs.frozen
class Difference:
    """A field in which two versions differ."""

    field: str
    """Its name in the document, e.g. `articleBody`."""
    before: Any
    """None where the earlier version does not have it."""
    after: Any

    def words(self) -> list[tuple[str, str]]:
        """Return a text's words in runs, each with `same`, `removed` or `added`; joined, they give both texts."""
        before, after = (re.findall(r"\S+\s*|\s+", str(text or "")) for text in (self.before, self.after))
        runs = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                runs.append(("same", "".join(before[a:b])))
                continue
            runs += [("removed", "".join(before[a:b])), ("added", "".join(after[c:d]))]
        return [(kind, text) for kind, text in runs if text]


def diff(before: Document, after: Document) -> list[Difference]:
    """Return the fields in which two versions differ, in their order; what only the archive knows is left out."""
    names = dict.fromkeys([*before.data, *after.data])
    pairs = ((name, before.data.get(name), after.data.get(name)) for name in names if name not in _APART)
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]
