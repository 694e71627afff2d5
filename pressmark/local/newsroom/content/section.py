"""The newsroom's sections, and how their articles are numbered in time.

An article's id is `WS` + 8 hex digits of its creation time (Unix seconds) + 8 of its section + 8 of its index, so an id
identifies its article without a table of all articles.
"""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Final
from zlib import crc32

import attrs

SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The site's zone. It has had no daylight saving since 1991, so a fixed offset is exact and needs no tzdata."""

MAIN: Final = "world/europe"
SECTIONS: Final[dict[str, str]] = {
    MAIN: "Europe",
    "world/asia_pacific": "Asia Pacific",
    "world/america": "Americas",
    "world/middle_east": "Middle East",
    "world/africa": "Africa",
    "world/china-us": "China-US",
    "world/cn_eu": "China-Europe",
    "world/China-Japan-Relations": "China-Japan",
    "world/china-africa": "China-Africa",
}
"""Title of each section by its name; the name is also its path."""


@attrs.frozen
class Numbering:
    """The articles that a section has from the start: when each was created and what its id is."""

    seed: int
    section: str
    count: int
    """Articles that exist at the start; index 0 is the oldest."""
    start: datetime
    """The newest is created shortly before."""
    tag: str = attrs.field(init=False)
    """8 hex digits for seed and section."""
    step: int = attrs.field(init=False)
    """Seconds from one article to the next on average: 16 to 40 articles a day."""

    @tag.default
    def _tag(self) -> str:
        return sha256(f"{self.seed}:{self.section}".encode()).hexdigest()[:8]

    @step.default
    def _step(self) -> int:
        return 86400 // (16 + int(self.tag, 16) % 25)

    def created(self, index: int) -> datetime:
        """Return when the article was created, to the second."""
        # The shift is at least a minute below the step: times increase strictly, also in whole minutes.
        shift = crc32(f"{self.seed}:{self.section}:{index}".encode()) % (self.step - 60)
        before = (self.count - index) * self.step
        return datetime.fromtimestamp(int(self.start.timestamp()) - before + shift, tz=SHANGHAI)

    def article_id(self, index: int, created: datetime) -> str:
        """Return the id of the article that was created then."""
        return f"WS{int(created.timestamp()):08x}{self.tag}{index:08x}"


def article_path(article_id: str, page: int = 1) -> str:
    """Return the path of an article's page: the day is that of the id's creation time in Shanghai."""
    following = f"_{page}" if page > 1 else ""
    return f"/a/{day_folder(article_id)}/{article_id}{following}.html"


def day_folder(article_id: str) -> str:
    """Return `YYYYMM/DD` of an article's creation."""
    created = datetime.fromtimestamp(int(article_id[2:10], 16), tz=UTC).astimezone(SHANGHAI)
    return f"{created:%Y%m/%d}"


def minute(moment: datetime) -> datetime:
    """Return the moment without its seconds, in Shanghai: what the site prints."""
    return moment.astimezone(SHANGHAI).replace(second=0, microsecond=0)
