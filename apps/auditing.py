"""Auditing: a whole site's archive read and held against its manifests, and some documents made again from it."""

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs

from apps.rederiving import Rederived, rederive
from pressmark import __version__, schema
from pressmark.archive import keys, manifest
from pressmark.archive.sample import Sample, Sampled
from pressmark.archive.store import Store
from pressmark.archive.verify import Finding, verify_runs
from pressmark.config import Config
from pressmark.document import timestamp, to_bytes
from pressmark.errors import FindingsFound
from pressmark.packages.verify import verify_packages
from pressmark.run import new_run_id
from pressmark.site import Site, find_site, load_sites

LISTED = 1000
"""Findings that are told in full; schemas/audit-1.json promises no more."""
SAMPLED = (keys.ARTICLES, keys.SILENT_EDITS)
THREADS = 8
SOFTWARE = f"pressmark {__version__}"
_DAY = re.compile(r"/(\d{4}/\d\d/\d\d)/[^/]+$")

Progress = Callable[[str, int, int], None]
"""Is told of what (`runs`, then `documents`) how many are done, and of how many."""


def audit(
    config: Config,
    site: str,
    *,
    sample: int = 50,
    on: date | None = None,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, Any]:
    """Check all that the runs of a site left, make a sample of its documents again, and write down what was found.

    Args:
        config: names the bucket and the site files.
        site: its name.
        sample: how many documents to make again, at most.
        on: the day that their choice follows from; today in UTC, if it is left out.
        progress: is told how far it is.

    Returns:
        The document that lies in the bucket, as schemas/audit-1.json describes it, and its `key`.

    Raises:
        UnknownSection: no site has this name.
        BucketError: the bucket failed; nothing was written down.
    """
    store, named = Store.open(config), find_site(load_sites(config.sites), site)
    started_at, audit_id = datetime.now(UTC), new_run_id()
    on = on or started_at.date()
    runs = list(manifest.below(store, f"{named.site}/"))
    chosen = Sample(sample, *_time(runs, on), seed=on.isoformat())
    checked, findings = _Checked(chosen), _Findings()

    def count(run: manifest.Manifest | None) -> None:
        checked.count(run)
        progress("runs", checked.runs, len(runs))

    findings.add(verify_runs(store, runs, full=True, strays_of=named.site, on_run=count))
    findings.add(verify_packages(store, named.site))
    picked, replayed = chosen.chosen(), list[_Replayed]()
    for each in _replayed(store, named, picked):
        replayed.append(each)
        findings.add(each.findings)
        progress("documents", len(replayed), len(picked))
    document = {
        "schema": schema.AUDIT,
        "audit_id": audit_id,
        "site": named.site,
        "started_at": timestamp(started_at),
        "ended_at": timestamp(datetime.now(UTC)),
        "software": SOFTWARE,
        "parameters": {"sample": sample, "date": on.isoformat()},
        "checked": checked.told(),
        "findings": findings.told(),
        "sample": [each.told() for each in replayed],
    }
    schema.publish(store)
    key = keys.audit(named.site, started_at, audit_id)
    store.put_new(key, to_bytes(document))
    return {**document, "key": key}


def _time(runs: Iterable[str], on: date) -> tuple[datetime, datetime]:
    """Return begin and end of an archive: from the day of its first run, by the manifests' keys, to a day's end."""
    begin = datetime.combine(min(filter(None, map(_day, runs)), default=on), time(), UTC)
    return begin, datetime.combine(on, time(), UTC) + timedelta(days=1)


def _day(manifest_key: str) -> date | None:
    found = _DAY.search(manifest_key)
    try:
        return date.fromisoformat(found[1].replace("/", "-")) if found else None
    except ValueError:
        return None


@attrs.define
class _Checked:
    """Counts what manifests list, and offers the documents for the sample."""

    sample: Sample
    runs: int = 0
    objects: int = 0
    size: int = 0
    records: int = 0

    def count(self, run: manifest.Manifest | None) -> None:
        self.runs += 1
        if not run:
            return
        for said in manifest.listed(run):
            self.objects += 1
            self.size += said["size"]
        told = (segment.get("records") for segment in run["segments"])
        self.records += sum(each for each in told if isinstance(each, int))  # A hand may have written anything there.
        began = datetime.fromisoformat(run["started_at"]).astimezone(UTC)
        for said in run["objects"]:
            if said["key"].startswith(SAMPLED):
                self.sample.offer(said["key"], began, str(run.get("software", "")))

    def told(self) -> dict[str, int]:
        return {"runs": self.runs, "objects": self.objects, "bytes": self.size, "records": self.records}


@attrs.define
class _Findings:
    """Counts all findings and holds some, the grave ones first."""

    grave: int = 0
    notes: int = 0
    held: dict[bool, list[Finding]] = attrs.field(factory=lambda: {True: [], False: []})

    def add(self, found: Iterable[Finding]) -> None:
        for each in found:
            self.grave += each.grave
            self.notes += not each.grave
            if len(self.held[each.grave]) < LISTED:
                self.held[each.grave].append(each)

    def told(self) -> dict[str, Any]:
        held = [*self.held[True], *self.held[False]]
        return {"grave": self.grave, "notes": self.notes, "listed": [attrs.asdict(each) for each in held[:LISTED]]}


@attrs.frozen
class _Replayed:
    """What became of a document of the sample."""

    key: str
    result: str
    """See schemas/audit-1.json."""
    changed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def told(self) -> dict[str, Any]:
        return {"key": self.key, "result": self.result, "changed": list(self.changed)}


def _replayed(store: Store, site: Site, sample: list[Sampled]) -> Iterator[_Replayed]:
    with ThreadPoolExecutor(THREADS, "audit") as pool:
        yield from pool.map(lambda each: _replay(store, site, each), sample)


def _replay(store: Store, site: Site, sampled: Sampled) -> _Replayed:
    key = sampled.key
    try:
        found = rederive(store, site, key)
    except (FindingsFound, ValueError, TypeError, LookupError, AttributeError) as error:  # Of what a hand wrote there.
        return _Replayed(key, "unreadable", findings=(Finding(key, f"can't be made again: {error}"),))
    if found.now != found.was:
        return _Replayed(key, "unreadable", found.changed, (Finding(key, f"made again it is no version: {found.now}"),))
    result = _result(found, sampled.software)
    if result == "differs":
        fields = ", ".join(found.changed)
        problem = Finding(key, f"made again from its captures by the same layout it differs in {fields or 'its bytes'}")
        return _Replayed(key, result, found.changed, (problem,))
    return _Replayed(key, result, found.changed)


def _result(found: Rederived, software: str) -> str:
    if not found.correction_key:  # There is something to correct as soon as a byte differs.
        return "identical"
    if "pressmark.layout" in found.changed:
        return "newer_layout"
    same_content = "pressmark.contentSha256" not in found.changed
    return "same_content" if same_content and software != SOFTWARE else "differs"
