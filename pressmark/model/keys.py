"""Bucket keys: the public layout of the bucket, in one place.

A day is written `YYYY/MM/DD`. For articles and rejections it is the day in the article's URL, so one listing of that
day finds everything about an article; for segments and runs it is the day of the crawl, UTC. A month is written
`YYYY-MM`.
"""

import re
from datetime import UTC, date, datetime

from pressmark.model.article import VersionKey

WARC, ARTICLES, REJECTED, RUNS = "warc/", "articles/", "rejected/", "runs/"
SILENT_EDITS, WITHDRAWN, CORRECTIONS = "silent-edits/", "withdrawn/", "corrections/"
INDEX, AUDITS, PACKAGES = "index/", "audits/", "wacz/"
STARTED = ".started"
MANIFEST = ".json"
_FOLDERS = re.compile(r"/(\d{4}/\d\d/\d\d)/[^/]+$")
_DIGITS = re.compile(r"([12]\d{3})(\d\d)(\d\d)", re.ASCII)
_DAY_IN_URL = re.compile(r"(?<=/)\d{4}[-/]?\d\d[-/]?\d\d(?=/)", re.ASCII)
_PACKAGE = re.compile(r"wacz/([^/]+)/(\d{4}-\d\d-\d\d)\.wacz")


def day_of(moment: date) -> str:
    """Return a day, or that of an aware time in UTC, as `YYYY/MM/DD`."""
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day.isoformat().replace("-", "/")  # %Y omits leading zeros of early years.


def is_day(day: str) -> bool:
    """Return whether the day in an article URL (`202202/18`, `2016-01/05`) is valid.

    A valid day is a calendar day of the years 1000 to 2999: every reader of keys can write it with four digits and
    compute with the days around it.
    """
    digits = re.sub(r"\D", "", day)
    return len(digits) == 8 and _date(digits) is not None


def day_of_document(key: str) -> date | None:
    """Return the day in the key of an article's document; None if it has no valid day (`is_day`)."""
    return _date(day_folder(key).replace("/", ""))


def _date(digits: str) -> date | None:
    found = _DIGITS.fullmatch(digits)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def day_of_url(day: str) -> str:
    """Return the day of an article URL (`202202/18`, `2016-01/05`) as `YYYY/MM/DD`."""
    digits = re.sub(r"\D", "", day)
    return f"{digits[:4]}/{digits[4:6]}/{digits[6:8]}"


def day_in_url(path: str) -> str | None:
    """Return the first valid day in the path of a URL (`/202202/18/`, `/2016-01/05/`) as `YYYY/MM/DD`."""
    days = (day_of_url(found) for found in _DAY_IN_URL.findall(path) if is_day(found))
    return next(days, None)


def day_in(key: str) -> date | None:
    """Return the day at the end of a key's folders (`.../YYYY/MM/DD/<name>`); None without a day."""
    found = _FOLDERS.search(key)
    return _date(found[1].replace("/", "")) if found else None


def segments_of_site(site: str) -> str:
    """Prefix of all segments of a site, and of their indexes."""
    return f"{WARC}{site}/"


def segments(site: str, day: date) -> str:
    """Prefix of the segments of a day, and of their indexes."""
    return f"{WARC}{site}/{day_of(day)}/"


def segment(site: str, started_at: datetime, name: str) -> str:
    """Key of a sealed segment."""
    return segments(site, started_at) + name


def site_of(segment_key: str) -> str:
    """Return the site that a segment is of."""
    return segment_key.split("/", 2)[1]


def segments_of_month(site: str, month: str) -> str:
    """Prefix of the segments of a month, and of their indexes."""
    return f"{WARC}{site}/{month.replace('-', '/')}/"


def index(site: str, month: str) -> str:
    """Key of the merged index of a month's segments."""
    return f"{INDEX}{site}/{month}.cdxj"


def merged(site: str, month: str) -> str:
    """Key of the note that lists the segment indexes in a month's merged index."""
    return f"{INDEX}{site}/{month}.merged"


def articles(site: str, day: str) -> str:
    """Prefix of all versions of all articles of a day."""
    return f"{ARTICLES}{site}/{day}/"


def version(site: str, day: str, key: VersionKey) -> str:
    """Key of a version's JSON."""
    return f"{articles(site, day)}{key}.json"


def day_folder(key: str) -> str:
    """Return the day (`YYYY/MM/DD`) in the key of an article's document."""
    return "/".join(key.split("/")[2:5])


def article_of(key: str) -> str:
    """Return the article id in the key of a document."""
    return key.split("/")[-2]


def version_of(key: str) -> str:
    """Return the version key in the key of a version, a correction or a silent edit."""
    article_id, name = key.split("/")[-2:]
    return f"{article_id}/{name.removesuffix('.json').partition('-')[0]}"


def correction(version_key: str, layout: str) -> str:
    """Key of a version re-read from its captures by a newer layout, e.g. `chinadaily/2`."""
    name = version_key.removeprefix(ARTICLES).removesuffix(".json")
    return f"{CORRECTIONS}{name}-{layout.replace('/', '-')}.json"


def silent_edit(version_key: str, content_sha256: str) -> str:
    """Key of a silent edit: other content under a known version; `version_key` is the version's."""
    name = version_key.removeprefix(ARTICLES).removesuffix(".json")
    return f"{SILENT_EDITS}{name}-{content_sha256[:12]}.json"


def silent_edits(site: str, day: str, article_id: str) -> str:
    """Prefix of all silent edits of an article."""
    return f"{SILENT_EDITS}{site}/{day}/{article_id}/"


def withdrawal(version_key: str) -> str:
    """Key of the tombstone of an article with this last version."""
    return WITHDRAWN + version_key.removeprefix(ARTICLES)


def rejections(site: str, day: str) -> str:
    """Prefix of all rejected pages of articles of a day."""
    return f"{REJECTED}{site}/{day}/"


def rejection(site: str, day: str, article_id: str, reason: str) -> str:
    """Key of a rejected page; one object per article and reason, however often it is rejected."""
    return f"{rejections(site, day)}{article_id}/{reason}.json"


def runs(site: str, section: str) -> str:
    """Prefix of the manifests of a section."""
    return f"{RUNS}{site}/{section}/"


def manifest(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of a run's manifest."""
    return f"{runs(site, section)}{day_of(started_at)}/{run_id}{MANIFEST}"


def started(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of the start mark of a run; without a manifest beside it, the run was killed or is still running."""
    return manifest(site, section, started_at, run_id).removesuffix(MANIFEST) + STARTED


def visits(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of a run's visits: the state of watched articles for the next run."""
    return manifest(site, section, started_at, run_id).removesuffix(MANIFEST) + ".visits.jsonl.gz"


def export_parquet(site: str, day: date) -> str:
    """Key of the versions of a day as Parquet, with Hive partitioning."""
    return f"exports/{site}/parquet/date={day:%Y-%m-%d}/part.parquet"


def export_lines(site: str, day: date) -> str:
    """Key of the versions of a day as gzipped JSON Lines."""
    return f"exports/{site}/jsonl/date={day:%Y-%m-%d}/part.jsonl.gz"


def exports_of_lines(site: str) -> str:
    """Prefix of the JSON Lines of all days."""
    return f"exports/{site}/jsonl/"


def exported(site: str) -> str:
    """Key of the progress note of a site's exports."""
    return f"exports/{site}/reached.json"


def package(site: str, day: date) -> str:
    """Key of the package (WACZ) of a day's segments; the day is that of the crawl, UTC."""
    return f"{packages(site)}{day:%Y-%m-%d}.wacz"


def packaged_day(key: str) -> tuple[str, date] | None:
    """Return the site and day of a package; None if the key is not a package's."""
    found = _PACKAGE.fullmatch(key)
    day = _date(found[2].replace("-", "")) if found else None
    return (found[1], day) if found and day else None


def packages(site: str) -> str:
    """Prefix of the packages of all days; an empty `site` means all sites."""
    return f"{PACKAGES}{site}/" if site else PACKAGES


def packaged(site: str) -> str:
    """Key of the progress note of a site's packages."""
    return f"{packages(site)}reached.json"


def audit(site: str, started_at: datetime, audit_id: str) -> str:
    """Key of an audit's result; the day is that of its start, UTC."""
    return f"{AUDITS}{site}/{day_of(started_at)}/{audit_id}.json"
