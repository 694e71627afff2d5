"""Audits: a site's archive compared with its manifests, and a sample of documents re-derived from it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.schemas import publish_schemas
from pressmark.archive.s3.store import THREADS, Store
from pressmark.config import Config
from pressmark.crawl.state.run import new_run_id
from pressmark.errors import FindingsFound
from pressmark.jobs.audit.orphans import find_orphans
from pressmark.jobs.audit.partitions import Partition
from pressmark.jobs.audit.resample import SOFTWARE, resample
from pressmark.jobs.audit.sample import Sample
from pressmark.jobs.audit.verify import Finding, orphan_finding, verify_runs
from pressmark.jobs.wacz.signing import trusted_keys
from pressmark.jobs.wacz.validate import verify_packages
from pressmark.model import keys, schema
from pressmark.model.document import timestamp, to_bytes
from pressmark.sites.site import Site
from pressmark.sites.site_files import find_site, load_sites
from pressmark.system.external_sort import SortedLines

MOST_LISTED = 1000
"""Findings that an audit lists; schemas/audit-1.json promises no more."""
MANIFESTS_HELD = 64
"""Manifests that are held in memory at a time."""
SAMPLED_PREFIXES = (keys.ARTICLES, keys.SILENT_EDITS)

Progress = Callable[[str, int, int], None]
"""Gets what is counted (`runs`, then `documents`), how many are done, and the total."""

PartResult = dict[str, Any]
"""Result for a part of the archive: `checked`, `findings` and `sample` as in schemas/audit-1.json."""


def audit(
    config: Config,
    site: str,
    *,
    sample: int = 50,
    on: date | None = None,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, Any]:
    """Check everything that a site's runs left, re-derive a sample of its documents, and write the audit.

    Args:
        config: names the bucket and the site files.
        site: its name.
        sample: how many documents to re-derive, at most.
        on: the day that decides their choice; by default today in UTC.
        progress: gets how far the audit is.

    Returns:
        The document in the bucket, as schemas/audit-1.json describes it, and its `key`.

    Raises:
        UnknownSection: no site has this name.
        BucketError: the bucket failed; no audit was written.
    """
    began = datetime.now(UTC)
    trusted = trusted_keys(config.wacz_key, config.wacz_public_keys)
    auditor = Auditor(Store.open(config), find_site(load_sites(config.sites), site), on or began.date(), trusted)
    seen = [
        auditor.check_partition(Partition(), progress=progress),
        auditor.check_global(Partition(), sample, progress=progress),
    ]
    return auditor.write(seen, {"sample": sample}, began)


@attrs.frozen
class Auditor:
    """Audits a site, all at once or one partition at a time."""

    store: Store
    site: Site
    on: date
    """The day that decides which documents are re-derived."""
    trusted: frozenset[str] = frozenset()
    """Public keys that packages may be signed by; if empty, packages may be unsigned."""

    def check_partition(
        self,
        partition: Partition,
        *,
        listed: int = MOST_LISTED,
        progress: Progress = lambda what, done, total: None,
        on_finding: Callable[[Finding], None] = lambda finding: None,
    ) -> PartResult:
        """Check what the runs of a partition left, and the packages of its days.

        Args:
            partition: of the archive.
            listed: how many findings to list, the grave ones first.
            progress: gets how many runs are done.
            on_finding: gets each finding as it comes.
        """
        runs = list(partition.manifests(self.store, self.site.site))
        checked, findings = _Checked(), _Findings(on_finding)

        def count(run: manifest.Manifest | None) -> None:
            checked.count(run)
            progress("runs", checked.runs, len(runs))

        findings.add(verify_runs(self.store, runs, full=True, on_run=count))
        findings.add(verify_packages(self.store, self.site.site, partition.leads, self.trusted))
        return _part_result(checked, findings.summary(listed))

    def check_global(
        self, of: Partition, sample: int, *, progress: Progress = lambda what, done, total: None
    ) -> PartResult:
        """Check what only all runs together show: re-derive a sample, and look for objects in no manifest.

        Args:
            of: the days that are audited. Objects in no manifest are looked for only if these are all days: otherwise
                runs of other days may list them.
            sample: how many documents to re-derive, at most.
            progress: gets how many documents are done.
        """
        findings, again = _Findings(), list[dict[str, Any]]()
        runs = list(of.manifests(self.store, self.site.site))
        since = min(filter(None, map(keys.day_in, runs)), default=self.on)
        before = min(of.before, self.on + timedelta(days=1))
        chooser = Sample(sample, _midnight(since), _midnight(before), self.on.isoformat())
        with SortedLines() as listed_keys:
            for run in self._read(runs):
                listed_keys.add(f"{said.key}\n".encode() for said in run.listed())
                _offer(run, chooser)
            if of == Partition():
                findings.add(map(orphan_finding, find_orphans(self.store, self.site.site, listed_keys)))
        chosen = chooser.chosen()
        for each in resample(self.store, self.site, chosen):
            again.append(each.to_dict())
            findings.add(each.findings)
            progress("documents", len(again), len(chosen))
        return _part_result(_Checked(), findings.summary(MOST_LISTED), again)

    def _read(self, runs: Iterable[str]) -> Iterator[manifest.Manifest]:
        """Read manifests, some at a time; leave out unreadable ones, which `check_partition` reports."""
        rest = iter(runs)
        with ThreadPoolExecutor(THREADS, "survey") as pool:
            while some := list(islice(rest, MANIFESTS_HELD)):
                yield from filter(None, pool.map(self._read_one, some))

    def _read_one(self, key: str) -> manifest.Manifest | None:
        try:
            return manifest.read(self.store, key)
        except (FindingsFound, KeyError):
            return None

    def write(self, seen: Iterable[PartResult], parameters: dict[str, Any], started_at: datetime) -> dict[str, Any]:
        """Add up the results, write the audit, and return it with its `key`.

        Args:
            seen: the result for each part of the archive, in order.
            parameters: of the audit.
            started_at: when it began.
        """
        parts, audit_id = list(seen), new_run_id()
        listed = [found for each in parts for found in each["findings"]["listed"]]
        listed.sort(key=lambda found: not found["grave"])
        document = {
            "schema": schema.AUDIT,
            "audit_id": audit_id,
            "site": self.site.site,
            "started_at": timestamp(started_at),
            "ended_at": timestamp(datetime.now(UTC)),
            "software": SOFTWARE,
            "parameters": {**parameters, "date": self.on.isoformat()},
            "checked": {name: sum(each["checked"][name] for each in parts) for name in attrs.fields_dict(_Checked)},
            "findings": {
                **{name: sum(each["findings"][name] for each in parts) for name in ("grave", "notes")},
                "listed": listed[:MOST_LISTED],
            },
            "sample": [document for each in parts for document in each["sample"]],
        }
        publish_schemas(self.store)
        key = keys.audit(self.site.site, started_at, audit_id)
        self.store.put_new(key, to_bytes(document))
        return {**document, "key": key}


def _part_result(checked: "_Checked", findings: dict[str, Any], sample: Sequence[dict[str, Any]] = ()) -> PartResult:
    return {"checked": attrs.asdict(checked), "findings": findings, "sample": list(sample)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _offer(run: manifest.Manifest, chooser: Sample) -> None:
    for said in run.objects:
        if said.key.startswith(SAMPLED_PREFIXES):
            chooser.offer(said.key, run.started_at, run.software)


@attrs.define
class _Checked:
    """Counts what manifests list."""

    runs: int = 0
    objects: int = 0
    bytes: int = 0
    records: int = 0

    def count(self, run: manifest.Manifest | None) -> None:
        self.runs += 1
        if not run:
            return
        for said in run.listed():
            self.objects += 1
            self.bytes += said.size
        self.records += sum(segment.records for segment in run.segments)


@attrs.define
class _Findings:
    """Counts all findings and keeps some, the grave ones first."""

    on_finding: Callable[[Finding], None] = lambda finding: None
    grave: int = 0
    notes: int = 0
    kept: dict[bool, list[Finding]] = attrs.field(factory=lambda: {True: [], False: []})

    def add(self, found: Iterable[Finding]) -> None:
        for each in found:
            self.on_finding(each)
            self.grave += each.grave
            self.notes += not each.grave
            if len(self.kept[each.grave]) < MOST_LISTED:
                self.kept[each.grave].append(each)

    def summary(self, listed: int) -> dict[str, Any]:
        kept = [*self.kept[True], *self.kept[False]]
        return {"grave": self.grave, "notes": self.notes, "listed": [attrs.asdict(each) for each in kept[:listed]]}
