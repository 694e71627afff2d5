"""Differences between two versions of an article, field by field and word by word."""

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
"""Words of two texts together that are compared word by word; the time grows with the square of their number."""
EFFORT = 1_000_000
"""Pairs of words, and of paragraphs, that are compared for a page at most: about half a second."""
MOST_ALIKE = 20_000
"""Pairs of equal paragraphs at most, for the same reason: a few lines that repeat often take seconds."""
LEAST_KEPT = 0.3
"""Share of equal words. With fewer, one text replaced the other."""
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
"""Labels of the kinds of documents that can be compared."""
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
"""Fields of a version that pages show, with their types."""

_FROM, _OF = ("archivedAt", "identifier"), ("version", "layout", "contentSha256")
"""Fields on provenance that pages show: of the document, and of its `pressmark` block."""

Words = Sequence[tuple[str, str]]
"""Runs of words, each with `same`, `removed` or `added`."""


@attrs.frozen(kw_only=True)
class Change:
    """A field that differs."""

    name: str
    """Label for people."""
    paragraphs: Sequence[Words | str]
    """Paragraphs that differ; between them, a line with the number of equal ones."""

    def rows(self) -> Iterator[str | tuple[Words, Words]]:
        """Return the paragraphs in two columns, old and new; a paragraph is beside its replacement."""
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
    """One captured state of an article: a version, correction, silent edit or tombstone."""

    document: Document

    @property
    def kind(self) -> str:
        """Label for people."""
        return KINDS.get(self.document.kind, WITHDRAWN)

    @property
    def article(self) -> str:
        """Its article, `<site>/YYYY/MM/DD/<article_id>`."""
        return "/".join(self.document.key.split("/")[1:6])

    @property
    def problem(self) -> str:
        """Why it can't be shown; empty if it can."""
        try:
            document = self.document
            if document.kind in KINDS:
                self.captured_at, document.updated_at.astimezone(UTC)
                if wrong := [name for name, kind in _SHOWN.items() if type(document.data[name]) is not kind]:
                    return f"its {wrong[0]} is invalid"
                [each["name"] for each in document.data["author"]]
                [each["contentUrl"] for each in document.data["image"]]
                for block, names in ((document.data, _FROM), (document.data["pressmark"], _OF)):
                    if odd := [name for name in names if not isinstance(block[name], str)]:
                        return f"its {odd[0]} is invalid"
                [each["payloadDigest"] for each in document.data["pressmark"]["captures"]]
                if not isinstance(document.data.get("sourceOrganization", {}), dict):
                    return "its sourceOrganization is invalid"
                if document.data["identifier"] != document.article_id:
                    return "its identifier and its key name different articles"
            else:
                int(document.data["pressmark"]["status"])
        except (FindingsFound, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return f"{type(error).__name__}: {error}"
        return ""

    @property
    def is_cut(self) -> bool:
        """Whether each response for its page ended early, or may have done so."""
        return self.document.data["pressmark"].get("cutShort") is True

    @property
    def captured_at(self) -> datetime:
        """When its first page was captured; FindingsFound if unknown."""
        try:
            moment = datetime.fromisoformat(self.document.data["pressmark"]["captures"][0]["capturedAt"])
        except (LookupError, TypeError, ValueError) as error:
            raise FindingsFound(f"{self.document.key} points to no capture: {error}") from None
        return moment.astimezone(UTC)


@attrs.frozen(kw_only=True)
class Changes:
    """A version, the one before it, and their differences."""

    after: CapturedVersion
    before: CapturedVersion | None
    """None: it is the first known version."""
    changes: Sequence[Change]
    versions: Sequence[CapturedVersion]
    """All versions of the article, oldest capture first, including this one."""

    @property
    def remark(self) -> str:
        """Why the differences may be no edit, or empty."""
        if self.before and self.before.is_cut and not self.after.is_cut:
            return (
                "Each response for the earlier page ended early. "
                "The added text may be the rest of that page, and no edit."
            )
        return ""


def compare_with_previous(repository: Repository, key: str) -> Changes:
    """Compare a version or silent edit with the one captured before it.

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
        raise NotFound(f"{earlier} and {later} are of different articles")
    return Changes(
        after=after,
        before=before,
        changes=_between(before, after),
        versions=captured_versions(repository, after.article),
    )


def captured_versions(repository: Repository, article: str, kinds: Iterable[str] = KINDS) -> list[CapturedVersion]:
    """Return all versions of an article (`<site>/YYYY/MM/DD/<article_id>`), oldest capture first.

    Documents that can't be read are left out; `pressmark verify` reports them.
    """
    listed = (key for kind in kinds for key in repository.store.keys(f"{kind}/{article}/"))
    found = repository.documents(filter(is_document, listed))
    versions = [each for each in map(CapturedVersion, found.values()) if not each.problem]
    return sorted(versions, key=lambda each: (each.captured_at, each.kind))


def _comparable(repository: Repository, key: str) -> CapturedVersion:
    version = CapturedVersion(repository.document(key))
    if version.document.kind not in KINDS:
        raise NotFound(key)
    if version.problem:
        raise FindingsFound(f"{key} is no valid version: {version.problem}")
    return version


def _between(before: CapturedVersion, after: CapturedVersion) -> list[Change]:
    return [change_of(each) for each in diff(before.document, after.document)]


def change_of(difference: Difference) -> Change:
    """Return how a field differs. Values other than text are shown as JSON."""
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
    """Return the number of pairs of equal paragraphs. The cost of comparing grows with it."""
    there = Counter(after)
    return sum(there[each] for each in before)


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Return paragraphs and their replacements: all together, or in pairs if that would take too long."""
    if _length(*before, *after) <= LONGEST:
        return [("\n\n".join(before), "\n\n".join(after))]
    return zip_longest(before, after, fillvalue="")


def _words(old: str, new: str, *, compare: bool) -> Iterator[Words]:
    words = Difference("", old, new).words() if compare else []
    kept = _length(*(text for kind, text in words if kind == "same"))
    if kept < LEAST_KEPT * max(_length(old), _length(new)):  # A replacement, not a change.
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
    """Return the version that a correction corrects, or else the one captured before."""
    if corrects := after.document.data["pressmark"].get("corrects"):
        return CapturedVersion(repository.document(str(corrects)))
    earlier = [each for each in versions if each.kind != "Correction" and each.captured_at < after.captured_at]
    return earlier[-1] if earlier else None
