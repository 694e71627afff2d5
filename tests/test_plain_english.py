"""Plain English: words of the first years' dialect do not come back, into prose or into names."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

WORDS = re.compile(
    r"\b(told|tells?|telling|anew|mend(?:s|ed|ing)?|whoever|whom|portions?|settle[sd]?|lies|stands|stood"
    r"|(?:be|was|were|been|is|are) had|(?-i:(?:is|are|be|was|as) none)|(?:of|in|by|from|to|with) which|by whose"
    r"|thereof|therein|wherein|behind)\b",
    re.IGNORECASE,
)
"""Write: report, list, again, repair, who, partition, record, is stored, is invalid, after."""
USUAL = re.compile(
    r"stands in for|behind (?:a|the|your|its|an|another|one|some) (?:[\w-]+ )?"
    r"(?:proxy|balancer|server|wall|gateway|cache|firewall|NAT)",
    re.IGNORECASE,
)
"""What people of the field say."""
NAMES = re.compile(r"(?:^|_)(told|tells?|telling|anew|mend|mended|settle[sd]?|portions?|had|stood|behind)(?:_|$)")
SOURCES = ("benchmarks", "dags", "docker", "docs", "pipelines", "pressmark", "spiders")
SYNTHETIC = ROOT / "pressmark" / "local" / "newsroom"
"""Its pages keep their text: saved pages and archives of tests hold it."""
GENERATED = {ROOT / "docs" / "schema.md"}
"""Its sentences are those of the published schemas, whose bytes stay."""
STORED = {"Whether this is a correction: a version read anew by a newer layout."}
"""Texts in files that readers have."""


def texts() -> Iterator[Path]:
    for folder in SOURCES:
        for suffix in ("*.py", "*.html", "*.md", "*.yml", "*.sh"):
            yield from (ROOT / folder).rglob(suffix)
    yield from ROOT.glob("*.md")


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield lines without code: of Python, comments and strings with a blank; of other files, all but code and tags."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        fenced = False
        for number, line in enumerate(text.splitlines(), 1):
            fenced ^= line.lstrip().startswith("```")
            if not fenced:
                yield number, re.sub(r"\]\([^)]*\)|<[^>]*>|\{[{%].*?[%}]\}", " ", line)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_string = token.type == tokenize.STRING or tokenize.tok_name[token.type] == "FSTRING_MIDDLE"
        if token.type == tokenize.COMMENT or (is_string and " " in token.string):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line


def test_prose_is_plain() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in texts()
        if path not in GENERATED
        if not (path.is_relative_to(SYNTHETIC / "content") or path.is_relative_to(SYNTHETIC / "templates"))
        for number, line in prose(path)
        if not any(text in line for text in STORED)
        for match in WORDS.finditer(USUAL.sub(" ", re.sub(r"`[^`]*`|\*\w+\*", " ", line)))
    ]
    assert not found, "say it as an engineer of the field would say it aloud"


def test_names_are_plain() -> None:
    found = []
    for path in texts():
        if path.suffix == ".py":
            before = ""
            for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
                if (
                    token.type == tokenize.NAME
                    and NAMES.search(token.string)
                    and (before, token.string) not in {(".", "tell"), ("def", "tell")}
                ):
                    found.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
                before = token.string
    assert not found, "name it by the field's own word"
