"""The text of an element as a browser shows it: inline elements don't split text, blocks do.

`html-text` puts a blank between any two elements, which splits words with partial markup (drop caps, H₂O, links).
"""

import re
from collections.abc import Container

import html_text
from lxml import etree

from pressmark.extract.html.tree import Element

HIDDEN = (
    "script, style, noscript, template, title, iframe, object, applet, video, audio, canvas, [hidden],"
    " [style*='display:none'], [style*='display: none']"
)
"""CSS selector of elements that are hidden, or are not shown as text (HTML, 15.3.1)."""
_LINE, _PARAGRAPH = 1, 2
_BREAKS = {
    **dict.fromkeys(html_text.NEWLINE_TAGS, _LINE),
    **dict.fromkeys(html_text.DOUBLE_NEWLINE_TAGS, _PARAGRAPH),
}
_APART = frozenset({"td", "th", "img", "svg", "input", "button", "select", "textarea"})
"""Elements that are separated from the text on their sides by a blank."""
_WHITE = re.compile(r"\s+")


def shown_text(root: Element, left_out: Container[Element] = ()) -> str:
    """Return the text of an element: white space folded, lines separated by one newline, paragraphs by two.

    Args:
        root: the element.
        left_out: elements without their text; must include those of `HIDDEN`.
    """
    text = _Text()
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event in {"start", "end"}:
            text.mark(element.tag, begins=event == "start")
        if event != "start":
            text.add(element.tail if element is not root else None)
        elif element in left_out:
            walk.skip_subtree()
        else:
            text.add(element.text)
    return "".join(text.parts)


def one_line(text: str | None) -> str:
    """Fold white space; the result is empty without text."""
    return " ".join((text or "").split())


class _Text:
    """Collects text, without white space at the ends of lines."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._break, self._blank, self._line_ended = 0, False, False

    def mark(self, tag: str, *, begins: bool) -> None:
        """Record the start or end of an element."""
        if tag == "br":
            if begins:  # Two in a row separate paragraphs.
                self._break = max(self._break, _PARAGRAPH if self._line_ended else _LINE)
                self._line_ended = True
        elif tag in _APART:
            self._blank = True
        else:
            self._break = max(self._break, _BREAKS.get(tag, 0))

    def add(self, text: str | None) -> None:
        """Add the text of one node."""
        folded = _WHITE.sub(" ", text or "")
        words = folded.strip()
        if not words:
            self._blank |= bool(folded)
            return
        if self.parts:
            self.parts.append("\n" * self._break or " " * (self._blank or folded[0] == " "))
        self.parts.append(words)
        self._break, self._blank, self._line_ended = 0, folded[-1] == " ", False
