"""How texts are split into words for the index. In CJK scripts, which have no spaces, each character is a word."""

import re

import attrs

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CHARACTER = re.compile(rf"([{_CJK}])")
_PART = re.compile(r'"([^"]*)"?|(\S+)')
_NO_WORD = re.compile(r"[\W_]+")  # FTS5 does not index _ either.
LONGEST = 500
"""Characters of a query."""
MOST = 20
"""Words and phrases of a query, without repeats. FTS5 reads the lists of all prefixes before it can be stopped."""
SHORTEST = 2
"""Letters of a prefix. The catalogue indexes prefixes of two and three letters; one letter would match all words."""
OPENING, CLOSING = "\x02", "\x03"
"""Marks around a match in a headline or an excerpt."""
_MARKS = f"{OPENING}{CLOSING}"
_BLANK = re.compile(rf"([{_CJK}][{_MARKS}]*) +([{_MARKS}]*)(?=[{_CJK}])")


def separate_cjk(text: str) -> str:
    """Return a text for the index, with a space around each CJK character."""
    return _CHARACTER.sub(r" \1 ", text) if _CHARACTER.search(text) else text


def join_cjk(text: str) -> str:
    """Return an indexed text, marked or not, for people."""
    return " ".join(_BLANK.sub(r"\1\2", text).split(" ")).strip() if _CHARACTER.search(text) else text


@attrs.frozen
class Query:
    """A query within the limits of one search."""

    match: str
    """Expression for FTS5; empty if the query has no word."""
    remarks: tuple[str, ...] = ()
    """Parts of the query that were ignored or changed."""


def query(written: str) -> Query:
    """Parse a query: words, which must all occur, `"phrases"`, and prefixes as `word*`.

    Other operators of FTS5 are taken as words. Parts beyond the limits of a search are left out.
    """
    remarks = []
    if len(written) > LONGEST:
        written = written[:LONGEST].rpartition(" ")[0] or written[:LONGEST]
        remarks.append(f"Only the first {LONGEST} characters were searched.")
    terms: dict[str, None] = {}
    for phrase, word in _PART.findall(written):
        text = _NO_WORD.sub(" ", separate_cjk(phrase or word)).strip()
        if not text:
            continue
        is_beginning = word.endswith("*") and not _CHARACTER.fullmatch(text[-1])
        if is_beginning and len(text.rpartition(" ")[2]) < SHORTEST:
            is_beginning = False
            remarks.append(f"A prefix needs at least {SHORTEST} letters: {text} was searched as a word.")
        terms[f'"{text}"' + ("*" if is_beginning else "")] = None
    if len(terms) > MOST:
        remarks.append(f"Only the first {MOST} words were searched.")
    return Query(" ".join(list(terms)[:MOST]), tuple(dict.fromkeys(remarks)))


def marked(text: str) -> list[tuple[bool, str]]:
    """Return a marked text as parts, each with whether it is a match."""
    runs = []
    for at, part in enumerate(re.split(f"[{_MARKS}]", join_cjk(text))):
        if part:
            runs.append((bool(at % 2), part))
    return runs
