"""The text of a story: its paragraphs, and the lines before and after it that are not body."""

import re
from collections.abc import Set as AbstractSet

import attrs

from pressmark.extract.html.shown_text import shown_text
from pressmark.extract.html.tree import Element

_BOLD = {"strong", "b"}
_DATELINE = re.compile(r"(?P<place>.{2,60}?)(?:, [A-Z][a-z]+\.? \d{1,2})?(?: \([^)]{1,40}\))?(?:\s*(?:--|—|–)|\s-\s)")
_REGION = re.compile(r"[A-Z][\w.'’ -]*")
_NAME = r"(?:[^\W\d_a-z][\w.'’-]*|and|in|of|the|for|de|der|van|von|al|el|bin|&)"
_CONTRIBUTED = re.compile(
    rf"(?P<names>{_NAME}(?:[\s,/]+{_NAME}){{0,40}}) contributed to (?:this|the) (?:story|report|article)\.?"
)


@attrs.frozen(kw_only=True)
class Story:
    """The text of one page of an article."""

    standfirst: str | None = None
    paragraphs: tuple[str, ...] = ()
    contributors: str | None = None
    """The paragraph with the contributors, as printed."""

    @property
    def contributor_names(self) -> str:
        """The names in that paragraph; empty without one."""
        match = _CONTRIBUTED.fullmatch(self.contributors or "")
        return match["names"] if match else ""

    @property
    def dateline(self) -> str | None:
        """The place in capitals at the start of the first paragraph, before a dash; with its region, if printed."""
        match = _DATELINE.match(self.paragraphs[0]) if self.paragraphs else None
        if not match:
            return None
        town, *regions = match["place"].split(", ")
        is_place = town.isupper() and town[0].isalpha() and all(_REGION.fullmatch(each) for each in regions)
        return match["place"] if is_place else None


def read_story(
    content: Element,
    boilerplate: AbstractSet[Element],
    printed_boilerplate: re.Pattern[str],
    *,
    bold_standfirst: bool = True,
) -> Story:
    """Read a page's text.

    Args:
        content: the element with the text.
        boilerplate: elements that don't belong to the story.
        printed_boilerplate: paragraphs that match this as a whole don't belong to it either.
        bold_standfirst: whether a first paragraph in bold is the standfirst.
    """
    # Line breaks inside a paragraph stay: they separate the rows of a table.
    paragraphs = [part for part in shown_text(content, boilerplate).split("\n\n") if part]
    paragraphs = [part for part in paragraphs if not printed_boilerplate.fullmatch(part)]
    standfirst = contributors = None
    if bold_standfirst and len(paragraphs) > 1 and paragraphs[0] == _bold(content, boilerplate):
        standfirst = paragraphs.pop(0)
    if len(paragraphs) > 1 and _CONTRIBUTED.fullmatch(paragraphs[-1]):
        contributors = paragraphs.pop()
    return Story(standfirst=standfirst, paragraphs=tuple(paragraphs), contributors=contributors)


def _bold(content: Element, boilerplate: AbstractSet[Element]) -> str | None:
    """Return the text of the first paragraph with text, if all of it is bold; else None."""
    for each in content.iter("p"):
        if text := shown_text(each, boilerplate):
            bold = set(each.iter(*_BOLD))
            return None if shown_text(each, boilerplate | bold) else text
    return None
