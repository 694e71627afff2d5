"""robots.txt: the rules of one file for this crawler (RFC 9309)."""

import re
from collections.abc import Iterator

import attrs
from protego import Protego

LARGEST = 500 * 1024
"""Bytes of a file that are read; the rest is ignored (RFC 9309, 2.5)."""
PRODUCT = "pressmark"
"""The product token of this crawler (RFC 9309, 2.2.1)."""
EVERYBODY = "*"
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NAMES = re.compile(r"user[- ]?agent\b[\s:]*(.*)", re.IGNORECASE)
_RULE = re.compile(r"(?:(?:dis+al+[oa]w|diasllow|allow)|(crawl[- ]delay))\b[\s:]*(.*)", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15})?")
_TOKEN = re.compile(r"[a-z_-]*", re.IGNORECASE)


@attrs.frozen
class Robots:
    """The rules of a file for this crawler."""

    _rules: Protego | None
    """None: everything is allowed."""
    crawl_delay: float | None = None
    """Seconds between two requests; many files have it, though the standard does not."""

    def allows(self, url: str) -> bool:
        """Return whether a URL may be fetched."""
        return self._rules is None or self._rules.can_fetch(url, PRODUCT)


ALLOW_ALL = Robots(None)
"""The rules where there is no file (RFC 9309, 2.3.1.3)."""


def read_robots(body: bytes) -> Robots:
    """Read a file of any content; bytes that are no rules are ignored.

    Protego reads the rules. It gets the groups of this crawler only: it copies each rule for each agent of a group, so
    16,000 agents with 16,000 rules would cost gigabytes.
    """
    lines = list(_lines(body))
    rules = _rules_of(lines, PRODUCT)
    if rules is None:
        rules = _rules_of(lines, EVERYBODY) or []
    delays = [match[2] for match in map(_RULE.match, rules) if match and match[1] and _SECONDS.fullmatch(match[2])]
    text = "\n".join([f"User-agent: {PRODUCT}", *rules])
    return Robots(Protego.parse(text) if rules else None, float(delays[-1]) if delays else None)


def _lines(body: bytes) -> Iterator[str]:
    """Return the lines without comments; blank ones and one that the size limit cuts are left out."""
    if len(body) > LARGEST:
        end = max(body.rfind(b"\n", 0, LARGEST), body.rfind(b"\r", 0, LARGEST))
        body = body[: max(end, 0)]
    encoding = next((encoding for bom, encoding in _BOMS.items() if body.startswith(bom)), "utf-8")
    for line in re.split(r"[\r\n]+", body.decode(encoding, errors="ignore").replace("\0", "")):
        if said := line.partition("#")[0].strip():
            yield said


def _rules_of(lines: list[str], agent: str) -> list[str] | None:
    """Return the rules of all groups for an agent, in order; None if no group names it."""
    found: list[str] | None = None
    named = ours = False  # The previous line names an agent; the group is for this agent.
    for line in lines:
        if names := _NAMES.match(line):
            ours = (named and ours) or _token(names[1]) == agent
            named = True
            if ours and found is None:
                found = []
        elif _RULE.match(line):
            named = False
            if ours and found is not None:
                found.append(line)
    return found


def _token(name: str) -> str:
    """Return the product token of a name such as `Pressmark/1.0 (+https://...)`, without version and comment."""
    return EVERYBODY if name.startswith(EVERYBODY) else (_TOKEN.match(name) or [""])[0].lower()
