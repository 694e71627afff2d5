"""The same page in other markup, as a reader would not notice; and the same page with another word."""

import html
import re
import unicodedata
from html.entities import codepoint2name
from random import Random

ARTICLE = re.compile(r"<h1>.*<!--Content end-->", re.DOTALL)
CHROME = re.compile(r"(<body[^>]*>).*(<!--bread-->.*)(<h1>.*<!--Content end-->).*(</body>)", re.DOTALL)
TOKEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]+>|[^<]+", re.DOTALL)
BLANKS = [" ", "\n", "\t", "  ", "\r\n\t", "&#32;", "&#x20; "]
INNER_BLANKS = [*BLANKS, "&nbsp;", "&#160;", "\N{NO-BREAK SPACE}", " <!-- folded --> "]
BLOCK = re.compile(r"</?(?:p|div|figure|table|tbody|tr)\b")
UNSEEN = [
    "<!-- ad -->",
    "<script>document.write('<p>Read on in the app</p>')</script>",
    "<style>#Content p { color: #333 }</style>",
    '<div class="art_share new"><b>Share</b> <a href="#">Share - WeChat</a></div>',
]
NOISE = [
    '<div class="topNav"><a href="//news.example/asia">ASIA</a> <b>Another story</b><p>Most Viewed</p></div>',
    "<!-- served by web-7 --><script>var site = {};</script>",
    '<form><input type="text" value="Lamps lit" /></form>',
]


def respelled(page: str, by: Random) -> str:
    """Return the page with other white space, entities, attributes and comments, and other chrome around it."""
    return ARTICLE.sub(lambda found: _respelled(found[0], by), _other_chrome(page, by))


def _respelled(markup: str, by: Random) -> str:
    parts = []
    for token in TOKEN.finditer(markup):
        if not token[0].startswith("<"):
            parts.append(_text(token[0], by))
        elif token[1] or token[0].startswith("<!"):
            parts.append(token[0])
        else:
            seam = by.choice([*BLANKS, *UNSEEN]) if BLOCK.match(token[0]) and by.random() < 0.3 else ""
            parts += [seam, _tag(token[0], by)]
    return "".join(parts)


def _text(markup: str, by: Random) -> str:
    if not markup.strip():
        return by.choice(BLANKS)
    words = re.split(r"(\s+)", html.unescape(markup))
    return "".join(
        _blank(by, inner=0 < place < len(words) - 1) if place % 2 else _word(word, by)
        for place, word in enumerate(words)
    )


def _blank(by: Random, *, inner: bool) -> str:
    return by.choice(INNER_BLANKS if inner else BLANKS)


def _word(word: str, by: Random) -> str:
    form = by.choice(["NFC", "NFD"])
    return "".join(_character(each, by) for each in unicodedata.normalize(form, word))


def _character(character: str, by: Random) -> str:
    code = ord(character)
    spellings = [f"&#{code};", f"&#x{code:X};"]
    if character.isascii():
        spellings += [html.escape(character)] * 10
    else:
        spellings += [character] + ([f"&{codepoint2name[code]};"] if code in codepoint2name else [])
    return by.choice(spellings)


def _tag(tag: str, by: Random) -> str:
    def shuffled(found: re.Match[str]) -> str:
        names = [*found[1].split(), *by.choice([[], ["pc"], ["mb10", "x"]])]
        by.shuffle(names)
        return f" class={by.choice([chr(34), chr(39)]).join(['', ' '.join(names), ''])}"

    added = by.choice(["", "", ' data-track="7"', ' lang="en"'])
    closing = "</" in tag
    tag = re.sub(r' class="([^"]*)"', shuffled, tag)
    return tag if closing else re.sub(r"^<\w+", lambda name: by.choice([name[0], name[0].upper()]) + added, tag)


def _other_chrome(page: str, by: Random) -> str:
    def noise() -> str:
        return "".join(by.choices(NOISE, k=3))

    changed, count = CHROME.subn(
        lambda found: f"{found[1]}{noise()}{found[2]}{found[3]}</div>{noise()}{found[4]}", page
    )
    assert count == 1
    return changed


def with_word(page: str, word: str, other: str) -> str:
    """Return the page with another word in the place of one, wherever the article has it in its text."""

    def changed(token: re.Match[str]) -> str:
        if token[0].startswith("<"):
            return token[0]
        return html.escape(re.sub(rf"\b{re.escape(word)}\b", other, html.unescape(token[0])))

    return ARTICLE.sub(lambda found: TOKEN.sub(changed, found[0]), page)
