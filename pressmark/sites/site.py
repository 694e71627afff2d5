"""Sites are data: what one YAML file says about a site (`pressmark.sites.site_files` reads it)."""

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
"""Characters of an address that is asked for: what servers are expected to take at least (RFC 9110, 4.1)."""
_ARTICLE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}", re.ASCII)
"""An id is a folder of keys, which have 1,024 bytes at most, and a name on the disk of some S3 servers: 255."""
MOST_PAGES = 1_000_000
"""Listing pages that a run may be asked to read."""
_LONGEST = timedelta(days=365)
_PAGE = re.compile(r"\d{1,6}", re.ASCII)
"""The number of a page: Python reads no number of more than 4,300 digits."""


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Politeness(_Facts):
    """How gently a site is asked."""

    delay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """Seconds between two requests to one host, at least; a longer Crawl-delay of robots.txt wins."""
    longest_delay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0
    """Seconds a site may ask for, at most: a longer Crawl-delay is cut to it. A longer Retry-After fails what was
    asked for; that of the listing or its robots.txt ends the run."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    """Requests to one host under way at once."""
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0
    """Seconds until a response that does not end is given up."""
    retries: Annotated[int, Field(ge=0)] = 2
    """How often a failed request is tried again."""


Interval = Annotated[timedelta, Field(gt=timedelta(0))]


class Expectations(_Facts):
    """What is healthy: a listing that holds less or more fails its run, all else is told by an alarm."""

    fewest: Annotated[int, Field(ge=1)] = 5
    """Entries on a full listing page, at least (the last page of a section may have fewer, but one)."""
    most: int = 60
    """Entries on a listing page, at most."""
    news: Interval | None = timedelta(days=7)
    """Time between two new versions, at most; null: it may stand still for good."""
    rejected: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of what was read for the first time that can't become an article, e.g. galleries, at most."""
    missing: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Share of it that lacks a field which every article has, at most."""
    failures: Annotated[int, Field(ge=1)] = 2
    """Runs that fail in a row until it is told; the tries of one DAG run are one run."""
    late: Interval | None = timedelta(days=2)
    """Time between two complete runs of a section with a schedule, at most; null: any."""


class RequisiteBounds(_Facts):
    """How much of what a page needs to be shown again (styles, scripts, images, fonts) is captured with it."""

    number: Annotated[int, Field(ge=0)] = 60
    """Requests for one page, at most; 0 captures none."""
    size: Annotated[int, Field(ge=0)] = 32_000_000
    """Bytes for one page; the last one asked for may be cut there."""


Count = Annotated[int, Field(ge=1)]


class PageBounds(_Facts):
    """How large a page may be that is read. What is larger is `too-large`: captured, and read by nobody.

    They decide outcomes, so they are sizes and counts, which are the same on every machine; only `seconds` is not.
    """

    listing: Count = 8_000_000
    """Bytes of a listing page, without its content encoding."""
    article: Count = 8_000_000
    """Bytes of an article's pages together, without their content encoding."""
    requisite: Count = 4_000_000
    """Bytes of a stylesheet, without its content encoding; a larger one is captured and not searched for more."""
    following: Count = 50
    """Pages of an article behind its first."""
    tags: Count = 50_000
    """Tags of a page, end tags and comments included."""
    attributes: Count = 100_000
    """Attributes of all tags of a page."""
    attributes_of_tag: Count = 500
    """Attributes of one tag."""
    nesting: Annotated[int, Field(ge=1, le=1000)] = 250
    """Elements around an element."""
    items: Count = 5_000
    """Links of a listing; pictures, names and keywords of an article page; requisites of a page."""
    seconds: Annotated[float, Field(gt=0)] = 30.0
    """Time for reading one page; then its reader is killed and the page has failed, to be asked for by the next run."""


class Section(_Facts):
    """One listing path of a site."""

    name: str
    """Title for people, e.g. `World / Europe`."""
    path: str
    """Path of the first listing page, e.g. `/world/europe`."""
    enabled: bool = True
    """Whether it has DAGs; without them it is crawled by hand alone."""
    schedule: Annotated[str, Field(max_length=200), AfterValidator(site_checks.schedule)] | None = "*/30 * * * *"
    """Cron expression of the Airflow DAG, UTC; null: only when triggered."""
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 5
    """Listing pages a scheduled run visits at most."""
    deadline: Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST)] = timedelta(minutes=30)
    """Time within which a run has to end, from when it was queued; then it is told as late (ISO 8601, e.g. `PT30M`)."""
    time_limit: Annotated[timedelta, Field(gt=timedelta(0), le=_LONGEST)] | None = None
    """Time after which a crawl ends itself, in order; null: four fifths of `deadline`. More pages than `pages`, and a
    slower pace than `politeness`, get more."""

    @model_validator(mode="after")
    def _limit_before_deadline(self) -> Self:
        if self.limit >= self.deadline:
            raise ValueError(f"time_limit {self.limit} must be shorter than deadline {self.deadline}")
        return self

    @property
    def limit(self) -> timedelta:
        """`time_limit`, or what it is by default."""
        return self.time_limit or self.deadline * 4 / 5


SectionName = Annotated[
    str,
    Field(max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"),
    AfterValidator(site_checks.section_name),
]
"""It stands in bucket keys and DAG ids: `world/europe`."""


class Site(_Facts):
    """One news site: everything about it that is not code."""

    site: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")]
    """Short name; stands in bucket keys, segment names and DAG ids."""
    title: str
    layout: Annotated[str, AfterValidator(site_checks.layout)]
    """Name of the page classes that read it (`pressmark.spiders.pages`)."""
    origin: Annotated[str, Field(pattern=r"^https?://[^/]+$"), AfterValidator(site_checks.origin)]
    """Scheme, host and port that listing paths are appended to."""
    hosts: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(site_checks.hosts)]
    """Hosts that may be asked, at their scheme's own port (80 or 443), and the origin's host at the origin's port too;
    a leading dot allows all subdomains, `host:port` that port alone."""
    allow_addresses: Annotated[tuple[str, ...], AfterValidator(site_checks.networks)] = ()
    """Networks that its hosts may be in beside the public ones, e.g. `10.0.0.0/8` of an intranet."""
    language: str = "en"
    time_zone: Annotated[str, AfterValidator(site_checks.time_zone)]
    """IANA zone of the times printed on the pages."""
    article_url: Annotated[str, AfterValidator(site_checks.article_pattern)]
    """Pattern of an article URL's path with the groups `id`, `day` (YYYYMM/DD or YYYY-MM/DD) and `page` (or none)."""
    listing_page: Annotated[str, AfterValidator(site_checks.listing_page)] = "{path}/page_{number}.html"
    """Path of a section's listing page by its number, from 2 on; `{path}` is the section's own."""
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
        """The time zone as an object."""
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
        """Return why a URL is not asked: its server is none of this site, or can't be told; None if it may be asked."""
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
        """Tell whether the server of a URL may be asked."""
        return self.refusal(url) is None

    def article_match(self, url: str) -> re.Match[str] | None:
        """Match the URL of an article of this site; None for any other address.

        One whose day is no day, or whose URL, id or page is longer than what it is stored in allows, is no article's.
        """
        if len(url) > LONGEST_URL:
            return None
        try:
            parts = urlsplit(url)
            allowed = self.allows(url)
        except ValueError:  # Brackets that hold no IPv6 address.
            return None
        match = self.article_pattern.search(parts.path) if allowed else None
        if not (match and is_day(match["day"]) and _ARTICLE_ID.fullmatch(match["id"])):
            return None
        return match if _PAGE.fullmatch(match["page"] or "1") else None

    def listing_url(self, section: Section, number: int) -> str:
        """Return the address of a section's listing page; the first is number 1."""
        if number == 1:
            return self.origin + section.path
        return self.origin + self.listing_page.format(path=section.path.rstrip("/"), number=number)

    def section(self, name: str) -> Section:
        """Return the section, or raise UnknownSection with the known ones listed."""
        try:
            return self.sections[name]
        except KeyError:
            known = ", ".join(f"{self.site}/{each}" for each in self.sections)
            raise UnknownSection(f"{self.site} has no section {name!r}. Known: {known}") from None
