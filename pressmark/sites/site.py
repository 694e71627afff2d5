"""The model of a site file, which is YAML (`pressmark.sites.site_files` reads it)."""

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pressmark.errors import UnknownSection
from pressmark.model.keys import is_day
from pressmark.sites import site_checks
from pressmark.sites.hosts import RefusedAddress, allowed_hosts, allows, server_of
from pressmark.sites.revisit_policy import Recheck

LONGEST_URL = 8000
"""Maximum characters of a requested URL: servers should support at least that many (RFC 9110, 4.1)."""
_ARTICLE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
"""An id is a part of keys (1,024 bytes at most), and on some S3 servers a file name (255)."""
MOST_PAGES = 1_000_000
"""Maximum number of listing pages of a run."""
_LONGEST = timedelta(days=365)
_PAGE = re.compile(r"\d{1,6}", re.ASCII)
"""A page number: Python reads no number of more than 4,300 digits."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Politeness(_Facts):
    """The request rate of a site."""

    delay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Minimum seconds between two requests to one host; a longer Crawl-delay in robots.txt wins."""
    longest_delay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0
    """Maximum seconds that a site may request: a longer Crawl-delay is cut to it. A longer Retry-After fails the
    request; if that is for the listing or its robots.txt, the run ends."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    """Concurrent requests to one host."""
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0
    """Seconds until an unfinished response is aborted."""
    retries: Annotated[int, Field(ge=0)] = 2
    """Retries of a failed request."""


Interval = Annotated[timedelta, Field(gt=timedelta(0))]


class Expectations(_Facts):
    """Limits of a healthy site: a listing outside `fewest` and `most` fails its run, all others raise an alarm."""

    fewest: Annotated[int, Field(ge=1)] = 5
    """Minimum entries on a full listing page (the last page of a section needs only one)."""
    most: int = 60
    """Maximum entries on a listing page."""
    news: Interval | None = timedelta(days=7)
    """Maximum time between two new versions; null: no limit."""
    rejected: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Maximum share of newly read pages that can't become an article, e.g. galleries."""
    missing: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Maximum share of newly read pages that lack a field which every article has."""
    failures: Annotated[int, Field(ge=1)] = 2
    """Failed runs in a row that raise an alarm; the tries of one DAG run are one run."""
    late: Interval | None = timedelta(days=2)
    """Maximum time between two complete runs of a scheduled section; null: no limit."""


class RequisiteBounds(_Facts):
    """Limits for the requisites of a page (styles, scripts, images, fonts), which replay needs."""

    number: Annotated[int, Field(ge=0)] = 60
    """Maximum requests for one page; 0 captures none."""
    size: Annotated[int, Field(ge=0)] = 32_000_000
    """Maximum bytes for one page; the last response may be cut there."""


Count = Annotated[int, Field(ge=1)]


class PageBounds(_Facts):
    """Size limits of pages that are parsed. A larger page is `too-large`: it is captured, but not parsed.

    The limits decide outcomes, so they are sizes and counts, which are the same on every machine, except `seconds`.
    """

    listing: Count = 8_000_000
    """Bytes of a listing page, without its content encoding."""
    article: Count = 8_000_000
    """Bytes of an article's pages together, without their content encoding."""
    requisite: Count = 4_000_000
    """Bytes of a stylesheet, without its content encoding; a larger one is captured, but not searched for links."""
    following: Count = 50
    """Pages of an article after its first."""
    tags: Count = 50_000
    """Tags of a page, end tags and comments included."""
    attributes: Count = 100_000
    """Attributes of all tags of a page."""
    attributes_of_tag: Count = 500
    """Attributes of one tag."""
    nesting: Annotated[int, Field(ge=1, le=1000)] = 250
    """Depth of nested elements."""
    items: Count = 5_000
    """Links of a listing; pictures, names and keywords of an article page; requisites of a page."""
    seconds: Annotated[float, Field(gt=0)] = 30.0
    """Time limit for parsing one page; then its reader is killed, the page fails, and the next run tries again."""


class Section(_Facts):
    """One listing path of a site."""

    name: str
    """Title for people, e.g. `World / Europe`."""
    path: str
    """Path of the first listing page, e.g. `/world/europe`."""
    enabled: bool = True
    """Whether it has DAGs; without them it is only crawled by hand."""
    schedule: Annotated[str, Field(max_length=200), AfterValidator(site_checks.schedule)] | None = "*/30 * * * *"
    """Cron expression of the Airflow DAG, UTC; null: runs only when triggered."""
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 5
    """Maximum listing pages of a scheduled run."""
    deadline: Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST)] = timedelta(minutes=30)
    """Time from when a run is queued until it must end; a later run is reported as late (ISO 8601, e.g. `PT30M`)."""
    time_limit: Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST)] | None = None
    """Time after which a crawl shuts itself down; null: four fifths of `deadline`. A scope with more pages than `pages`
    or a lower rate than `politeness` gets more."""

    @model_validator(mode="after")
    def _limit_before_deadline(self) -> Self:
        if self.limit >= self.deadline:
            raise ValueError(f"time_limit {self.limit} must be shorter than deadline {self.deadline}")
        return self

    @property
    def limit(self) -> timedelta:
        """`time_limit` or its default."""
        return self.time_limit or self.deadline * 4 / 5


SectionName = Annotated[
    str,
    Field(max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"),
    AfterValidator(site_checks.section_name),
]
"""Part of bucket keys and DAG ids: `world/europe`."""


class Site(_Facts):
    """One news site: all facts about it that are not code."""

    site: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]
    """Short name, used in bucket keys, segment names and DAG ids."""
    title: str
    layout: Annotated[str, AfterValidator(site_checks.layout)]
    """Name of the page classes that parse it (`pressmark.spiders.pages`)."""
    origin: Annotated[str, Field(pattern=r"^https?://[^/]+$"), AfterValidator(site_checks.origin)]
    """Scheme, host and port before listing paths."""
    hosts: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(site_checks.hosts)]
    """Hosts that may be requested, at the default ports (80 and 443), and the origin's host also at the origin's port;
    a leading dot allows all subdomains, `host:port` allows only that port."""
    allow_addresses: Annotated[tuple[str, ...], AfterValidator(site_checks.networks)] = ()
    """Networks that are allowed besides public addresses, e.g. `10.0.0.0/8` for an intranet."""
    language: str = "en"
    time_zone: Annotated[str, AfterValidator(site_checks.time_zone)]
    """IANA zone of the times printed on the pages."""
    article_url: Annotated[str, AfterValidator(site_checks.article_pattern)]
    """Pattern of an article URL's path, with the groups `id`, `day` (YYYYMM/DD or YYYY-MM/DD) and `page`, which
    may be empty."""
    listing_page: Annotated[str, AfterValidator(site_checks.listing_page)] = "{path}/page_{number}.html"
    """Path of a section's listing page by its number, from 2 on; `{path}` is the section's path."""
    politeness: Politeness = Politeness()
    expect: Expectations = Expectations()
    requisites: RequisiteBounds = RequisiteBounds()
    bounds: PageBounds = PageBounds()
    recheck: Recheck = Recheck()
    sections: Annotated[dict[SectionName, Section], Field(min_length=1)]

    @model_validator(mode="after")
    def _own_host(self) -> Self:
        if refusal := self.refusal(self.origin + "/"):
            raise ValueError(f"origin: {refusal}")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """`time_zone` as an object."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def enabled(self) -> dict[str, Section]:
        """The sections that have DAGs."""
        return {name: section for name, section in self.sections.items() if section.enabled}

    @cached_property
    def article_pattern(self) -> re.Pattern[str]:
        """`article_url`, compiled."""
        return re.compile(self.article_url)

    def refusal(self, url: str) -> RefusedAddress | None:
        """Return why a URL is refused: its server is not one of this site, or is invalid; None if it is allowed."""
        try:
            server = server_of(url)
        except RefusedAddress as error:
            return error
        if allows(server, origin=server_of(self.origin), hosts=allowed_hosts(self.hosts)):
            return None
        return RefusedAddress(
            "offsite", f"it leads to {server}, a host or port that the site file does not allow (`hosts`)"
        )

    def allows(self, url: str) -> bool:
        """Return whether the server of a URL may be requested."""
        return self.refusal(url) is None

    def article_match(self, url: str) -> re.Match[str] | None:
        """Match the URL of an article of this site; None for any other URL.

        A URL with an invalid day, or with a URL, id or page that is too long to store, does not match.
        """
        if len(url) > LONGEST_URL:
            return None
        try:
            parts = urlsplit(url)
            allowed = self.allows(url)
        except ValueError:  # Brackets without an IPv6 address.
            return None
        match = self.article_pattern.search(parts.path) if allowed else None
        if not (match and is_day(match["day"]) and _ARTICLE_ID.fullmatch(match["id"])):
            return None
        return match if _PAGE.fullmatch(match["page"] or "1") else None

    def listing_url(self, section: Section, number: int) -> str:
        """Return the URL of a section's listing page; the first is number 1."""
        if number == 1:
            return self.origin + section.path
        return self.origin + self.listing_page.format(path=section.path.rstrip("/"), number=number)

    def section(self, name: str) -> Section:
        """Return the section, or raise UnknownSection with the known ones."""
        try:
            return self.sections[name]
        except KeyError:
            known = ", ".join(f"{self.site}/{each}" for each in self.sections)
            raise UnknownSection(f"{self.site} has no section {name!r}. Known: {known}") from None
