"""The text of a story: markup to paragraphs, and the lines at its two ends that are not body."""

import re
from copy import deepcopy

import attrs
import html_text
from lxml import etree
from parsel import Selector

from spiders.pages.tree import matching

_DROPPED = "dropped"
"""What chrome is renamed to, so that all of it goes in one pass. Dropped one by one, each joins the texts around it."""
_BOLD = {"strong", "b"}
_DATELINE = re.compile(r"(?P<place>.{2,60}?)(?:, [A-Z][a-z]+\.? \d{1,2})?(?: \([^)]{1,40}\))?(?:\s*(?:--|—|–)|\s-\s)")
_PRIVATE = range(0xE000, 0xF900)
"""The private use area of Unicode, of which a page seldom has a character."""
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
    """The paragraph that names contributors, as printed."""

    @property
    def contributor_names(self) -> str:
        """The names in that paragraph; empty when there is none."""
        match = _CONTRIBUTED.fullmatch(self.contributors or "")
        return match["names"] if match else ""

    @property
    def dateline(self) -> str | None:
        """The place in capitals that opens the first paragraph, before a dash; with its region, if that is named."""
        match = _DATELINE.match(self.paragraphs[0]) if self.paragraphs else None
        if not match:
            return None
        town, *regions = match["place"].split(", ")
        is_place = town.isupper() and town[0].isalpha() and all(_REGION.fullmatch(each) for each in regions)
        return match["place"] if is_place else None


def read_story(
    content: Selector, chrome: str, printed_chrome: re.Pattern[str], *, bold_standfirst: bool = True
) -> Story:
    """Read a page's text.

    Args:
        content: the element that holds it.
        chrome: CSS selector of what inside it is not text of the story.
        printed_chrome: a paragraph that matches this wholly is chrome too.
        bold_standfirst: whether a first paragraph wholly in bold is the standfirst.
    """
    copy = Selector(root=deepcopy(content.root), type="html")
    for element in matching(copy.root, chrome):
        element.tag = _DROPPED
    if copy.root.tag == _DROPPED:
        return Story()
    # html_text leaves out what follows a comment, up to the next tag.
    etree.strip_elements(copy.root, _DROPPED, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    parting = _unused(copy)
    for each in copy.css("br"):
        following = each.root.getnext()
        if following is not None and following.tag == "br" and not (each.root.tail or "").strip():
            each.root.tail = parting
    text = html_text.etree_to_text(copy.root).replace("\N{NO-BREAK SPACE}", " ")
    parts = re.split(rf"\n\n|{parting}", text)
    # Line breaks inside a paragraph stay: they part the rows of a table.
    paragraphs = ["\n".join(" ".join(line.split()) for line in part.strip().split("\n")) for part in parts]
    paragraphs = [part for part in paragraphs if part and not printed_chrome.fullmatch(part)]
    standfirst = contributors = None
    if bold_standfirst and len(paragraphs) > 1 and paragraphs[0] == _bold(copy):
        standfirst = paragraphs.pop(0)
    if len(paragraphs) > 1 and _CONTRIBUTED.fullmatch(paragraphs[-1]):
        contributors = paragraphs.pop()
    return Story(standfirst=standfirst, paragraphs=tuple(paragraphs), contributors=contributors)


def _unused(content: Selector) -> str:
    """Return a character that no text here has, to stand where two line breaks part paragraphs."""
    used = set(str(content.xpath("string()").get()))
    return next((chr(number) for number in _PRIVATE if chr(number) not in used), chr(_PRIVATE[0]))


def _bold(content: Selector) -> str:
    """Return the bold text of the first paragraph: a standfirst, when it is all of the paragraph."""
    first = content.xpath("(.//p[normalize-space()])[1]")
    words: list[str] = []
    depth = 0
    for event, element in etree.iterwalk(first[0].root, events=("start", "end")) if first else ():
        if event == "start":
            depth += element.tag in _BOLD
            words += (element.text or "").split() if depth else ()
        else:
            depth -= element.tag in _BOLD
            words += (element.tail or "").split() if depth else ()
    return " ".join(words)
