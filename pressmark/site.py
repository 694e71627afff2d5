"""Sites are data: one YAML file says what is known about a site, and this module reads it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pressmark.errors import SiteFileError, UnknownSection
from pressmark.recheck import Recheck


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except ZoneInfoNotFoundError:
        raise ValueError(f"no such IANA time zone: {name}") from None
    return name


def _article_pattern(pattern: str) -> str:
    missing = {"id", "day", "page"} - re.compile(pattern).groupindex.keys()
    if missing:
        raise ValueError(f"the pattern lacks the named groups {sorted(missing)}")
    return pattern


def _section_name(name: str) -> str:
    if any(part.isdecimal() for part in name.split("/")):
        raise ValueError("a part of it is a number, as the years below it in the bucket are")
    return name


def _listing_page(template: str) -> str:
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    if "number" not in names:
        raise ValueError("the address lacks {number}")
    if unknown := names - {"path", "number"}:
        raise ValueError(f"only {{path}} and {{number}} stand for something in the address, not {sorted(unknown)}")
    if not template.format(path="/path", number=2).startswith("/"):
        raise ValueError("the address must begin with {path} or /")
    return template


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Politeness(_Facts):
    """How gently a site is asked."""

    delay: Annotated[float, Field(ge=0)] = 1.0
    """Seconds between two requests to one host, at least; a longer Crawl-delay of robots.txt wins."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    """Requests to one host under way at once."""
    timeout: Annotated[float, Field(gt=0)] = 30.0
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
    failures: Annotated[int, Field(ge=1)] = 4
    """Runs that may fail in a row before it is told; each try of a task is a run."""
    late: Interval | None = timedelta(days=2)
    """Time between two complete runs of a section with a schedule, at most; null: any."""


class RequisiteBounds(_Facts):
    """How much of what a page needs to be shown again (styles, scripts, images, fonts) is captured with it."""

    number: Annotated[int, Field(ge=0)] = 60
    """Requests for one page, at most; 0 captures none."""
    size: Annotated[int, Field(ge=0)] = 32_000_000
    """Bytes for one page; the last one asked for may be cut there."""


class Section(_Facts):
    """One listing path of a site."""

    name: str
    """Title for people, e.g. `World / Europe`."""
    path: str
    """Path of the first listing page, e.g. `/world/europe`."""
    enabled: bool = True
    """Whether it has DAGs; without them it is crawled by hand alone."""
    schedule: str | None = "*/30 * * * *"
    """Cron expression of the Airflow DAG, UTC; null: only when triggered."""
    pages: Annotated[int, Field(ge=1)] = 5
    """Listing pages a scheduled run visits at most."""
    deadline: Annotated[timedelta, Field(gt=timedelta(0))] = timedelta(minutes=30)
    """Time within which a run has to end, from when it was queued; then it is told as late (ISO 8601, e.g. `PT30M`)."""


SectionName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"),
    AfterValidator(_section_name),
]
"""It stands in bucket keys and DAG ids: `world/europe`."""


class Site(_Facts):
    """One news site: everything about it that is not code."""

    site: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    """Short name; stands in bucket keys, segment names and DAG ids."""
    title: str
    layout: str
    """Name of the page classes that read it (`spiders.pages`)."""
    origin: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    """Scheme and host that listing paths are appended to."""
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    """Hosts that may be asked; a leading dot allows all subdomains."""
    language: str = "en"
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    """IANA zone of the times printed on the pages."""
    article_url: Annotated[str, AfterValidator(_article_pattern)]
    """Pattern of an article URL's path with the groups `id`, `day` (YYYYMM/DD or YYYY-MM/DD) and `page` (or none)."""
    listing_page: Annotated[str, AfterValidator(_listing_page)] = "{path}/page_{number}.html"
    """Path of a section's listing page by its number, from 2 on; `{path}` is the section's own."""
    politeness: Politeness = Politeness()
    expect: Expectations = Expectations()
    requisites: RequisiteBounds = RequisiteBounds()
    recheck: Recheck = Recheck()
    sections: Annotated[dict[SectionName, Section], Field(min_length=1)]

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

    def allows(self, host: str) -> bool:
        """Tell whether this host may be asked."""
        return any(host == each.lstrip(".") or (each.startswith(".") and host.endswith(each)) for each in self.hosts)

    def article_match(self, url: str) -> re.Match[str] | None:
        """Match the URL of an article of this site; None for any other address."""
        parts = urlsplit(url)
        return self.article_pattern.search(parts.path) if self.allows(parts.hostname or "") else None

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


def read_site(path: Path) -> Site:
    """Read one site file; raise SiteFileError that names the file, the field and what is wrong with it."""
    try:
        facts: Any = yaml.safe_load(path.read_text("utf-8"))
        return Site.model_validate(facts)
    except (OSError, yaml.YAMLError) as error:
        raise SiteFileError(f"{path}: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'the file'}: {each['msg']}" for each in error.errors()
        )
        raise SiteFileError(f"{path}: {wrong}") from error


def load_sites(extra: Path | None = None) -> dict[str, Site]:
    """Return all sites by name: those shipped, then those of the folder `extra`, which win.

    Raises:
        SiteFileError: a file is wrong, or `extra` is no folder.
    """
    if extra is not None and not extra.is_dir():
        raise SiteFileError(f"PRESSMARK_SITES={extra}: no such folder")
    shipped = Path(str(files("pressmark"))) / "sites"
    return {site.site: site for folder in filter(None, (shipped, extra)) for site in _folder(folder)}


def _folder(folder: Path) -> Iterator[Site]:
    return (read_site(path) for path in sorted(folder.glob("*.yml")))


def find_section(sites: dict[str, Site], name: str) -> tuple[Site, str]:
    """Split `SITE/SECTION` and return the site and the section's name.

    Raises:
        UnknownSection: there is none of that name; the message lists all there are.
    """
    site_name, _, section = name.partition("/")
    site = sites.get(site_name)
    if site is None or section not in site.sections:
        known = "\n  ".join(f"{each.site}/{path}" for each in sites.values() for path in each.sections)
        raise UnknownSection(f"no section {name!r}. Known sections:\n  {known}")
    return site, section


def find_site(sites: dict[str, Site], name: str) -> Site:
    """Return the site of this name.

    Raises:
        UnknownSection: there is none; the message lists all there are.
    """
    if name not in sites:
        raise UnknownSection(f"no site {name!r}. Known sites: {', '.join(sites)}")
    return sites[name]
