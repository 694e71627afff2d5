"""Labels, meanings and order of outcomes in the console, and their groups in charts."""

from collections.abc import Iterator, Mapping

import attrs

from pressmark.model.outcomes import Outcome

LABELS = {
    Outcome.PUBLISHED: "published",
    Outcome.UPDATED: "updated",
    Outcome.SILENT_EDIT: "silent edit",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.REJECTED: "rejected",
    Outcome.FAILED: "failed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.NOT_MODIFIED: "not modified",
}
"""In the order of their interest to operators."""
MEANINGS = {
    Outcome.PUBLISHED: "the first version of an article",
    Outcome.UPDATED: "a further version of a known article",
    Outcome.SILENT_EDIT: "other content under the same Updated time",
    Outcome.WITHDRAWN: "a known article is gone: 404 or 410",
    Outcome.REJECTED: "a page that could not be read as an article",
    Outcome.FAILED: "an article that could not be fetched",
    Outcome.UNCHANGED: "the same version with the same content",
    Outcome.NOT_MODIFIED: "the server says it is the same (304)",
}


@attrs.frozen
class Group:
    """Outcomes that charts draw as one part."""

    name: str
    """Its colour in the style sheet."""
    label: str
    outcomes: tuple[Outcome, ...]

    def number(self, counts: Mapping[str, int]) -> int:
        """Return how many of a run's articles have one of its outcomes."""
        return sum(counts.get(outcome, 0) for outcome in self.outcomes)


GROUPS = (
    Group("same", "unchanged", (Outcome.NOT_MODIFIED, Outcome.UNCHANGED)),
    Group("new", "new versions", (Outcome.PUBLISHED, Outcome.UPDATED)),
    Group("silent", "silent edits", (Outcome.SILENT_EDIT,)),
    Group("withdrawn", "withdrawn", (Outcome.WITHDRAWN,)),
    Group("rejected", "rejected", (Outcome.REJECTED,)),
    Group("failed", "failed", (Outcome.FAILED,)),
)
"""From the bottom of a bar to its top."""


def summary(counts: Mapping[str, int]) -> str:
    """Return `30 seen: 2 new versions, 28 unchanged`."""
    parts = list(_parts(counts))
    return f"{counts.get('seen', 0)} seen" + (f": {', '.join(parts)}" if parts else "")


def _parts(counts: Mapping[str, int]) -> Iterator[str]:
    for group in (*GROUPS[1:], GROUPS[0]):
        if number := group.number(counts):
            label = group.label.removesuffix("s") if number == 1 and group.label.endswith("s") else group.label
            yield f"{number} {label}"
