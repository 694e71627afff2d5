"""The text of a story: markup to paragraphs, and the lines at its two ends that are not body."""

import re
from copy import deepcopy

import attrs
import html_text
from parsel import Selector

_DATELINE = re.compile(
    r"(?P<place>[A-Z][A-Z .'’/-]+[A-Z])(?:, [A-Z][a-z]+\.? \d{1,2})?(?: \([^)]{1,40}\))?\s*(?:--|—|–)"
)
_CONTRIBUTED = re.compile(r"(?P<names>.{2,200}?) contributed to (?:this|the) (?:story|report|article)\.?")


@attrs.frozen(kw_only=True)
class Story:
    """The text of one page of an article."""

    standfirst: str | None = None
    paragraphs: tuple[str, ...] = ()
    contributors: str | None = None
    """The paragraph that names contributors, as printed."""

    @property
    def contributor_names(self) -> str:
        """The names in that paragraph; empty when there is none."""
        match = _CONTRIBUTED.fullmatch(self.contributors or "")
        return match["names"] if match else ""

    @property
    def dateline(self) -> str | None:
        """The place in capitals that opens the first paragraph, before a dash."""
        match = _DATELINE.match(self.paragraphs[0]) if self.paragraphs else None
        return match["place"] if match else None


def read_story(content: Selector, chrome: str, printed_chrome: re.Pattern[str]) -> Story:
    """Read a page's text.

    Args:
        content: the element that holds it.
        chrome: CSS selector of what inside it is not text of the story.
        printed_chrome: a paragraph that matches this wholly is chrome too.
    """
    copy = Selector(root=deepcopy(content.root), type="html")
    for element in copy.css(chrome):
        element.root.drop_tree()
    text = html_text.etree_to_text(copy.root).replace("\N{NO-BREAK SPACE}", " ")
    # Line breaks inside a paragraph stay: they part the rows of a table.
    paragraphs = ["\n".join(" ".join(line.split()) for line in part.strip().split("\n")) for part in text.split("\n\n")]
    paragraphs = [part for part in paragraphs if part and not printed_chrome.fullmatch(part)]
    standfirst = contributors = None
    if len(paragraphs) > 1 and paragraphs[0] == _bold(copy):
        standfirst = paragraphs.pop(0)
    if len(paragraphs) > 1 and _CONTRIBUTED.fullmatch(paragraphs[-1]):
        contributors = paragraphs.pop()
    return Story(standfirst=standfirst, paragraphs=tuple(paragraphs), contributors=contributors)


def _bold(content: Selector) -> str:
    """Return the bold text of the first paragraph: a standfirst, when it is all of the paragraph."""
    first = content.xpath("(.//p[normalize-space()])[1]")
    return " ".join(" ".join(first.css("strong ::text, b ::text").getall()).split())
