"""How texts are spelled for the index: where words have no blanks, as in Chinese, each character is a word."""

import re

import attrs

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CHARACTER = re.compile(rf"([{_CJK}])")
_PART = re.compile(r'"([^"]*)"?|(\S+)')
_NO_WORD = re.compile(r"[\W_]+")  # FTS5, too, takes _ for none.
LONGEST = 500
"""Characters of what is looked for."""
MOST = 20
"""Words and phrases of it, each counted once. FTS5 reads the lists of all beginnings before it can be stopped."""
SHORTEST = 2
"""Letters of the beginning of a word: the catalogue has lists of those of two and three; one letter is all words."""
OPENING, CLOSING = "\x02", "\x03"
"""Around what was found, in a headline or an excerpt."""
_MARKS = f"{OPENING}{CLOSING}"
_BLANK = re.compile(rf"([{_CJK}][{_MARKS}]*) +([{_MARKS}]*)(?=[{_CJK}])")


def separate_cjk(text: str) -> str:
    """Return a text as it is indexed."""
    return _CHARACTER.sub(r" \1 ", text) if _CHARACTER.search(text) else text


def join_cjk(text: str) -> str:
    """Return an indexed text, marked or not, as people read it."""
    return " ".join(_BLANK.sub(r"\1\2", text).split(" ")).strip() if _CHARACTER.search(text) else text


@attrs.frozen
class Query:
    """What somebody asked for, within the bounds of one search."""

    match: str
    """For FTS5; empty without a word."""
    remarks: tuple[str, ...] = ()
    """What of it was not looked for, or otherwise."""


def query(asked: str) -> Query:
    """Read what somebody asked for: all words, `"phrases"`, and beginnings of words with `word*`.

    What else FTS5 would read as an operator is taken as a word. What is beyond the bounds of a search is left out.
    """
    remarks = []
    if len(asked) > LONGEST:
        asked = asked[:LONGEST].rpartition(" ")[0] or asked[:LONGEST]
        remarks.append(f"It is longer than {LONGEST} characters: what is behind them was not looked for.")
    terms: dict[str, None] = {}
    for phrase, word in _PART.findall(asked):
        text = _NO_WORD.sub(" ", separate_cjk(phrase or word)).strip()
        if not text:
            continue
        is_beginning = word.endswith("*") and not _CHARACTER.fullmatch(text[-1])
        if is_beginning and len(text.rpartition(" ")[2]) < SHORTEST:
            is_beginning = False
            remarks.append(f"The beginning of a word has {SHORTEST} letters at least: {text} was looked for as a word.")
        terms[f'"{text}"' + ("*" if is_beginning else "")] = None
    if len(terms) > MOST:
        remarks.append(f"It has more than {MOST} words: the others were not looked for.")
    return Query(" ".join(list(terms)[:MOST]), tuple(dict.fromkeys(remarks)))


def marked(text: str) -> list[tuple[bool, str]]:
    """Return a text in runs, each with whether it was found."""
    runs = []
    for at, part in enumerate(re.split(f"[{_MARKS}]", join_cjk(text))):
        if part:
            runs.append((bool(at % 2), part))
    return runs
