"""What a version of an article changed: the version before it beside it, field by field and word by word."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

import attrs

from pressmark.errors import FindingsFound
from pressmark.reader import Difference, Document, diff
from pressmark.text import shown_json
from pressmark.web.common.formatting import count
from pressmark.web.common.key_patterns import NotFound, is_document
from pressmark.web.common.repository import Repository

LONGEST = 800
"""Words of two texts together that are compared word by word; comparing takes the square of their number."""
EFFORT = 1_000_000
"""Pairs of words that are compared for a page, at most, and of paragraphs: half a second or so."""
MOST_ALIKE = 20_000
"""Pairs of paragraphs that are the same, for the same reason: a few lines that come again and again take seconds."""
LEAST_KEPT = 0.3
"""Of the words: with fewer of them the same, a text was replaced by another."""
NAMES = {
    "headline": "Headline",
    "alternativeHeadline": "Standfirst",
    "author": "Authors",
    "dateline": "Dateline",
    "sourceOrganization": "Source",
    "contributor": "Contributors",
    "datePublished": "Published",
    "dateModified": "Updated",
    "articleSection": "Section",
    "articleBody": "Text",
    "image": "Pictures",
    "keywords": "Keywords",
    "inLanguage": "Language",
    "wordCount": "Words",
}

KINDS = {"articles": "Version", "corrections": "Correction", "silent-edits": "Silent edit"}
"""What a version can be compared with, for people."""
WITHDRAWN = "Withdrawn"
_SHOWN = {
    "headline": str,
    "articleBody": str,
    "url": str,
    "inLanguage": str,
    "wordCount": int,
    "author": list,
    "image": list,
}
"""What pages say of a version, of these types."""

_FROM, _OF = ("archivedAt", "identifier"), ("version", "layout", "contentSha256")
"""What they say of where it comes from, in the document and in its block."""

Words = Sequence[tuple[str, str]]
"""Runs of words, each with `same`, `removed` or `added`."""


@attrs.frozen(kw_only=True)
class Change:
    """A field that differs."""

    name: str
    """For people."""
    paragraphs: Sequence[Words | str]
    """Those that differ; in between, a line that says how many are the same."""

    def rows(self) -> Iterator[str | tuple[Words, Words]]:
        """Return the paragraphs in two columns, as they were and as they are; one beside that which replaced it."""
        old: Words = ()
        for paragraph in self.paragraphs:
            kinds = set() if isinstance(paragraph, str) else {kind for kind, _ in paragraph}
            if old and kinds != {"added"}:
                yield old, ()
                old = ()
            if isinstance(paragraph, str):
                yield paragraph
            elif kinds == {"removed"}:
                old = paragraph
            else:
                before = [each for each in paragraph if each[0] != "added"]
                yield before or old, [each for each in paragraph if each[0] != "removed"]
                old = ()
        if old:
            yield old, ()


@attrs.frozen
class CapturedVersion:
    """What was captured of an article once."""

    document: Document

    @property
    def kind(self) -> str:
        """For people."""
        return KINDS.get(self.document.kind, WITHDRAWN)

    @property
    def article(self) -> str:
        """The article that it is of, `<site>/YYYY/MM/DD/<article_id>`."""
        return "/".join(self.document.key.split("/")[1:6])

    @property
    def problem(self) -> str:
        """What is wrong with it, so that it can't be shown; empty if nothing is."""
        try:
            document = self.document
            if document.kind in KINDS:
                self.captured_at, document.updated_at.astimezone(UTC)
                if wrong := [name for name, kind in _SHOWN.items() if type(document.data[name]) is not kind]:
                    return f"its {wrong[0]} is none"
                [each["name"] for each in document.data["author"]]
                [each["contentUrl"] for each in document.data["image"]]
                for block, names in ((document.data, _FROM), (document.data["pressmark"], _OF)):
                    if odd := [name for name in names if not isinstance(block[name], str)]:
                        return f"its {odd[0]} is none"
                [each["payloadDigest"] for each in document.data["pressmark"]["captures"]]
                if not isinstance(document.data.get("sourceOrganization", {}), dict):
                    return "its sourceOrganization is none"
                if document.data["identifier"] != document.article_id:
                    return "it is of another article than its key says"
            else:
                int(document.data["pressmark"]["status"])
        except (FindingsFound, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return f"{type(error).__name__}: {error}"
        return ""

    @property
    def is_cut(self) -> bool:
        """Whether its page ended early each time it was asked for, or may have done so."""
        return self.document.data["pressmark"].get("cutShort") is True

    @property
    def captured_at(self) -> datetime:
        """When its first page was captured; FindingsFound if it does not say."""
        try:
            moment = datetime.fromisoformat(self.document.data["pressmark"]["captures"][0]["capturedAt"])
        except (LookupError, TypeError, ValueError) as error:
            raise FindingsFound(f"{self.document.key} points to no capture: {error}") from None
        return moment.astimezone(UTC)


@attrs.frozen(kw_only=True)
class Changes:
    """A version, the one before it, and what differs."""

    after: CapturedVersion
    before: CapturedVersion | None
    """None: it is the first that is known."""
    changes: Sequence[Change]
    versions: Sequence[CapturedVersion]
    """All of the article, oldest capture first, this one included."""

    @property
    def remark(self) -> str:
        """Why what differs need not be an edit; empty if nothing says so."""
        if self.before and self.before.is_cut and not self.after.is_cut:
            return (
                "The page of the earlier one ended early each time it was asked for. "
                "What was added may be the rest of it, and no edit."
            )
        return ""


def compare_with_previous(repository: Repository, key: str) -> Changes:
    """Compare a version or silent edit with what was captured of its article before it.

    Raises:
        NotFound: there is no such document, or it is no version.
        FindingsFound: one of them can't be read.
    """
    after = _comparable(repository, key)
    versions = captured_versions(repository, after.article)
    before = _before(repository, after, versions)
    return Changes(after=after, before=before, changes=_between(before, after) if before else (), versions=versions)


def compare(repository: Repository, earlier: str, later: str) -> Changes:
    """Compare any two versions or silent edits of an article; raises as `compare_with_previous` does."""
    before, after = _comparable(repository, earlier), _comparable(repository, later)
    if before.article != after.article:
        raise NotFound(f"{earlier} and {later} are of two articles")
    return Changes(
        after=after,
        before=before,
        changes=_between(before, after),
        versions=captured_versions(repository, after.article),
    )


def captured_versions(repository: Repository, article: str, kinds: Iterable[str] = KINDS) -> list[CapturedVersion]:
    """Return what was captured of an article (`<site>/YYYY/MM/DD/<article_id>`), in the order of the captures.

    What can't be read is left out, so that the rest is shown; `pressmark verify` tells of it.
    """
    listed = (key for kind in kinds for key in repository.store.keys(f"{kind}/{article}/"))
    found = repository.documents(filter(is_document, listed))
    versions = [each for each in map(CapturedVersion, found.values()) if not each.problem]
    return sorted(versions, key=lambda each: (each.captured_at, each.kind))


def _comparable(repository: Repository, key: str) -> CapturedVersion:
    versions = CapturedVersion(repository.document(key))
    if versions.document.kind not in KINDS:
        raise NotFound(key)
    if versions.problem:
        raise FindingsFound(f"{key} is no version: {versions.problem}")
    return versions


def _between(before: CapturedVersion, after: CapturedVersion) -> list[Change]:
    return [change_of(each) for each in diff(before.document, after.document)]


def change_of(difference: Difference) -> Change:
    """Show how a field differs; what is no text is shown as JSON."""
    texts = [_text(value) for value in (difference.before, difference.after)]
    before, after = (text.split("\n\n") if text else [] for text in texts)
    steps = [("replace", 0, len(before), 0, len(after))]
    if len(before) * len(after) <= EFFORT and _alike(before, after) <= MOST_ALIKE:
        steps = [*SequenceMatcher(None, before, after, autojunk=False).get_opcodes()]
    paragraphs: list[Words | str] = []
    left = EFFORT
    for tag, a, b, c, d in steps:
        if tag == "equal":
            paragraphs.append(f"{count(b - a, 'paragraph')} the same")
            continue
        for old, new in _pairs(before[a:b], after[c:d]):
            cost = _length(old) * _length(new)
            paragraphs += _words(old, new, compare=_length(old, new) <= LONGEST and cost <= left)
            left -= cost if cost <= left else 0
    return Change(name=NAMES.get(difference.field, difference.field), paragraphs=paragraphs)


def _alike(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many pairs of paragraphs are the same: what it costs to compare them goes with these."""
    there = Counter(after)
    return sum(there[each] for each in before)


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Return paragraphs and those that replaced them: all together, or in pairs if that would take too long."""
    if _length(*before, *after) <= LONGEST:
        return [("\n\n".join(before), "\n\n".join(after))]
    return zip_longest(before, after, fillvalue="")


def _words(old: str, new: str, *, compare: bool) -> Iterator[Words]:
    words = Difference("", old, new).words() if compare else []
    kept = _length(*(text for kind, text in words if kind == "same"))
    if kept < LEAST_KEPT * max(_length(old), _length(new)):  # Another text, and not a change of it.
        yield from ([(kind, text)] for kind, text in (("removed", old), ("added", new)) if text)
    elif words:
        yield words


def _length(*texts: str) -> int:
    return sum(len(text.split()) for text in texts)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else shown_json(value, indent=1)


def _before(
    repository: Repository, after: CapturedVersion, versions: Sequence[CapturedVersion]
) -> CapturedVersion | None:
    """Return what a correction corrects; of others, what was captured of the article before."""
    if corrects := after.document.data["pressmark"].get("corrects"):
        return CapturedVersion(repository.document(str(corrects)))
    earlier = [each for each in versions if each.kind != "Correction" and each.captured_at < after.captured_at]
    return earlier[-1] if earlier else None
