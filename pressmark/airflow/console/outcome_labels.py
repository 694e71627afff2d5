"""How the console speaks of outcomes: in which order, by which words, and which belong together in a chart."""

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
"""In the order in which an operator wants to see them."""
MEANINGS = {
    Outcome.PUBLISHED: "the first version of an article",
    Outcome.UPDATED: "a further version of a known article",
    Outcome.SILENT_EDIT: "other content under the same Updated time",
    Outcome.WITHDRAWN: "a known article now answers 404 or 410",
    Outcome.REJECTED: "a page that could not be read as an article",
    Outcome.FAILED: "an article that could not be had",
    Outcome.UNCHANGED: "the same version with the same content",
    Outcome.NOT_MODIFIED: "the server says it is the same (304)",
}


@attrs.frozen
class Group:
    """Outcomes that a chart draws as one."""

    name: str
    """Of its colour in the style sheet."""
    label: str
    outcomes: tuple[Outcome, ...]

    def number(self, counts: Mapping[str, int]) -> int:
        """Return how many of a run's articles belong to it."""
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
