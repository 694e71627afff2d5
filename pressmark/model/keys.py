"""Bucket keys: the public layout of the bucket, in one place.

A day is written `YYYY/MM/DD`. For articles and rejections it is the day in the article's URL, so that what is known of
an article is found by listing that day; for segments and runs it is the day of the crawl, UTC. A month is written
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
_PACKAGE = re.compile(r"wacz/([^/]+)/(\d{4}-\d\d-\d\d)\.wacz")


def day_of(moment: date) -> str:
    """Return a day, or that of an aware time in UTC, as `YYYY/MM/DD`."""
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day.isoformat().replace("-", "/")  # %Y would leave out the zeros in front of early years.


def is_day(day: str) -> bool:
    """Tell whether what an article URL has in the place of a day (`202202/18`, `2016-01/05`) is one.

    It is a day of the calendar in the years 1000 to 2999: all that reads keys can write it with four digits, and reckon
    with the days around it.
    """
    digits = re.sub(r"\D", "", day)
    return len(digits) == 8 and _date(digits) is not None


def day_of_document(key: str) -> date | None:
    """Return the day that a document of an article is filed under; None if its key has none (`is_day`)."""
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


def day_in(key: str) -> date | None:
    """Return the day that the folders of a key end with (`.../YYYY/MM/DD/<name>`); None if they do not."""
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
    """Key of the note of which segments' indexes are in the merged index of a month."""
    return f"{INDEX}{site}/{month}.merged"


def articles(site: str, day: str) -> str:
    """Prefix of all versions of all articles of a day."""
    return f"{ARTICLES}{site}/{day}/"


def version(site: str, day: str, key: VersionKey) -> str:
    """Key of a version's JSON."""
    return f"{articles(site, day)}{key}.json"


def day_folder(key: str) -> str:
    """Return the day (`YYYY/MM/DD`) that an article's document is filed under."""
    return "/".join(key.split("/")[2:5])


def article_of(key: str) -> str:
    """Return the id of the article whose document has this key."""
    return key.split("/")[-2]


def version_of(key: str) -> str:
    """Return the version key that a version, a correction or a silent edit is filed under."""
    article_id, name = key.split("/")[-2:]
    return f"{article_id}/{name.removesuffix('.json').partition('-')[0]}"


def correction(version_key: str, layout: str) -> str:
    """Key of a version read anew from its captures by a newer layout, e.g. `chinadaily/2`; `version_key` is its own."""
    name = version_key.removeprefix(ARTICLES).removesuffix(".json")
    return f"{CORRECTIONS}{name}-{layout.replace('/', '-')}.json"


def silent_edit(version_key: str, content_sha256: str) -> str:
    """Key of other content under a known version; `version_key` is the version's own."""
    name = version_key.removeprefix(ARTICLES).removesuffix(".json")
    return f"{SILENT_EDITS}{name}-{content_sha256[:12]}.json"


def silent_edits(site: str, day: str, article_id: str) -> str:
    """Prefix of all silent edits of an article."""
    return f"{SILENT_EDITS}{site}/{day}/{article_id}/"


def withdrawal(version_key: str) -> str:
    """Key of the tombstone of an article whose last version this is."""
    return WITHDRAWN + version_key.removeprefix(ARTICLES)


def rejections(site: str, day: str) -> str:
    """Prefix of all rejected pages of articles of a day."""
    return f"{REJECTED}{site}/{day}/"


def rejection(site: str, day: str, article_id: str, reason: str) -> str:
    """Key of a rejected page; one object per article and reason, however often it is seen."""
    return f"{rejections(site, day)}{article_id}/{reason}.json"


def runs(site: str, section: str) -> str:
    """Prefix of the manifests of a section."""
    return f"{RUNS}{site}/{section}/"


def manifest(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of a run's manifest."""
    return f"{runs(site, section)}{day_of(started_at)}/{run_id}{MANIFEST}"


def started(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of the mark that a run has begun; without a manifest beside it, the run was killed or goes on."""
    return manifest(site, section, started_at, run_id).removesuffix(MANIFEST) + STARTED


def visits(site: str, section: str, started_at: datetime, run_id: str) -> str:
    """Key of what a run tells the next one of the articles it watches."""
    return manifest(site, section, started_at, run_id).removesuffix(MANIFEST) + ".visits.jsonl.gz"


def export_parquet(site: str, day: date) -> str:
    """Key of the versions of a day as Parquet; the day is partitioned as Hive does it."""
    return f"exports/{site}/parquet/date={day:%Y-%m-%d}/part.parquet"


def export_lines(site: str, day: date) -> str:
    """Key of the versions of a day as gzipped JSON Lines."""
    return f"exports/{site}/jsonl/date={day:%Y-%m-%d}/part.jsonl.gz"


def exports_of_lines(site: str) -> str:
    """Prefix of the JSON Lines of all days."""
    return f"exports/{site}/jsonl/"


def exported(site: str) -> str:
    """Key of the note of how far a site's exports have come."""
    return f"exports/{site}/reached.json"


def package(site: str, day: date) -> str:
    """Key of the package (WACZ) of a day's segments; the day is that of the crawl, UTC."""
    return f"{packages(site)}{day:%Y-%m-%d}.wacz"


def packaged_day(key: str) -> tuple[str, date] | None:
    """Return the site and day of a package; None of what is none."""
    found = _PACKAGE.fullmatch(key)
    day = _date(found[2].replace("-", "")) if found else None
    return (found[1], day) if found and day else None


def packages(site: str) -> str:
    """Prefix of the packages of all days; of all sites, if it is the empty string."""
    return f"{PACKAGES}{site}/" if site else PACKAGES


def packaged(site: str) -> str:
    """Key of the note of how far a site's packages have come."""
    return f"{packages(site)}reached.json"


def audit(site: str, started_at: datetime, audit_id: str) -> str:
    """Key of what an audit found; the day is that of its start, UTC."""
    return f"{AUDITS}{site}/{day_of(started_at)}/{audit_id}.json"
