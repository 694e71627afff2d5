"""How texts are spelled for the index: where words have no blanks, as in Chinese, each character is a word."""

import re

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CHARACTER = re.compile(rf"([{_CJK}])")
_PART = re.compile(r'"([^"]*)"?|(\S+)')
OPENING, CLOSING = "\x02", "\x03"
"""Around what was found, in a headline or an excerpt."""
_MARKS = f"{OPENING}{CLOSING}"
_BLANK = re.compile(rf"([{_CJK}][{_MARKS}]*) +([{_MARKS}]*)(?=[{_CJK}])")


def spelled(text: str) -> str:
    """Return a text as it is indexed."""
    return _CHARACTER.sub(r" \1 ", text) if _CHARACTER.search(text) else text


def unspelled(text: str) -> str:
    """Return an indexed text, marked or not, as people read it."""
    return " ".join(_BLANK.sub(r"\1\2", text).split(" ")).strip() if _CHARACTER.search(text) else text


def query(asked: str) -> str:
    """Return what somebody asked for as an FTS5 query: all words, `"phrases"`, and beginnings of words with `word*`.

    What else FTS5 would read as an operator is taken as a word. Without a word it is empty.
    """
    terms = []
    for phrase, word in _PART.findall(asked):
        beginning = word.endswith("*")
        text = re.sub(r"[^\w]+", " ", spelled(phrase or word)).strip()
        if text:
            terms.append(f'"{text}"' + ("*" if beginning else ""))
    return " ".join(terms)


def marked(text: str) -> list[tuple[bool, str]]:
    """Return a text in runs, each with whether it was found."""
    runs = []
    for at, part in enumerate(re.split(f"[{_MARKS}]", unspelled(text))):
        if part:
            runs.append((bool(at % 2), part))
    return runs
