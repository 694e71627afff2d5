"""The sample of an audit: documents re-derived from their captures, and compared with the published ones."""

from collections.abc import Iterator
from typing import Any

import attrs

from pressmark import __version__
from pressmark.archive.s3.store import Store
from pressmark.crawl.derive import Rederived
from pressmark.jobs.audit.sample import Sampled
from pressmark.jobs.audit.verify import Finding
from pressmark.jobs.rederive import OTHER_READER, Unreadable, rederive_all
from pressmark.sites.site import Site

SOFTWARE = f"pressmark {__version__}"


@attrs.frozen
class Resampled:
    """The result for a document of the sample."""

    key: str
    result: str
    """See schemas/audit-1.json."""
    changed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return its entry in the audit's document."""
        return {"key": self.key, "result": self.result, "changed": list(self.changed)}


def resample(store: Store, site: Site, sample: list[Sampled]) -> Iterator[Resampled]:
    """Re-derive documents in their order, and compare."""
    found = rederive_all(store, site, [each.key for each in sample])
    return (_compared(each, made.software) for each, made in zip(found, sample, strict=True))


def _compared(found: Rederived | Unreadable, software: str) -> Resampled:
    key = found.key
    if isinstance(found, Unreadable):
        return Resampled(key, "unreadable", findings=(Finding(key, found.problem, grave=not found.expired),))
    if found.now != found.was:
        return Resampled(
            key, "unreadable", found.changed, (Finding(key, f"re-derived, it is no version: {found.now}"),)
        )
    result = _result(found, software)
    if result == "differs":
        fields = ", ".join(found.changed)
        problem = Finding(
            key, f"re-derived from its captures by the same layout, it differs in {fields or 'its bytes'}"
        )
        return Resampled(key, result, found.changed, (problem,))
    return Resampled(key, result, found.changed)


def _result(found: Rederived, software: str) -> str:
    if found.same:
        return "identical"
    if "pressmark.layout" in found.changed:
        return "newer_layout"
    if "pressmark.contentSha256" not in found.changed and software != SOFTWARE:
        return "same_content"
    return "newer_layout" if OTHER_READER & set(found.changed) else "differs"
