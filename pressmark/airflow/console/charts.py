"""Charts as rectangles; templates/charts.html draws them as SVG."""

from collections.abc import Callable, Iterable, Sequence

import attrs

from pressmark.airflow.console import outcome_labels
from pressmark.airflow.console.daily_totals import Day
from pressmark.airflow.console.outcome_labels import GROUPS
from pressmark.monitoring.history import PastRun
from pressmark.web.common.formatting import count, exact, size

STEP, WIDTH, HEIGHT, HEAD, FOOT = 12, 9, 48, 14, 16
"""Sizes in the SVG's units: step and width of a bar; heights of bars, of marks above and of bars below the ground."""
LEAST = 2.0
"""Least height of a part, so that it stays visible."""


@attrs.frozen
class Part:
    """A coloured part of a bar."""

    colour: str
    """Its class in the style sheet."""
    y: float
    height: float


@attrs.frozen(kw_only=True)
class Bar:
    """One bar of a chart."""

    x: int
    parts: tuple[Part, ...]
    title: str
    """Its run or day, with the numbers."""
    width: int = WIDTH
    href: str = ""
    mark: str = ""
    """`failed` or `interrupted`: drawn above the bar, for readers who can't see its colour."""


@attrs.frozen(kw_only=True)
class Chart:
    """Bars and their captions."""

    name: str
    """Description for screen readers."""
    bars: tuple[Bar, ...]
    first: str
    """Caption below the left end."""
    last: str
    """Caption below the right end."""
    top: str
    """What the full height means."""
    width: int
    """Of the chart."""
    ground: int
    """Position of the ground line, from the top."""
    height: int = HEAD + HEIGHT + FOOT


def of_runs(runs: Sequence[PastRun], link: Callable[[str], str], room: int) -> Chart:
    """Draw the outcomes of these runs, given newest first; `room` is the number of bars that fit.

    Unchanged articles are the most. They hang below the ground on their own scale, so that the others stay visible.
    """
    shown = list(reversed(runs[:room]))
    same, *rest = GROUPS
    most_same = max((same.number(run.counts) for run in shown), default=0)
    most = max((sum(group.number(run.counts) for group in rest) for run in shown), default=0)
    ground = HEAD + HEIGHT
    bars = tuple(
        Bar(
            x=(room - len(shown) + place) * STEP,
            parts=(
                *_stack([(group.name, group.number(run.counts)) for group in rest], most, ground, HEIGHT),
                *_stack([(same.name, same.number(run.counts))], most_same, ground, -FOOT),
            ),
            title=f"{exact(run.started_at)}, {run.ended}. {outcome_labels.summary(run.counts)}.",
            href=link(run.key),
            mark="" if run.ended == "complete" else run.ended,
        )
        for place, run in enumerate(shown)
    )
    return Chart(
        name=f"What became of the articles of the last {count(len(shown), 'run')}",
        bars=bars,
        first=f"{most_same:,} unchanged below the line" if most_same else "",
        last="newest",
        top=f"{most:,} new, changed or bad" if most else "nothing new, changed or bad",
        width=room * STEP,
        ground=ground,
    )


def of_days(days: Sequence[Day]) -> Chart:
    """Draw the new versions and silent edits of each day."""
    most = max((day.new + day.silent for day in days), default=0)
    bars = (
        (
            [("new", day.new), ("silent", day.silent)],
            ", ".join(
                (
                    f"{day.day:%-d %b}: {count(day.new, 'new version')}",
                    count(day.silent, "silent edit"),
                    count(day.runs, "run"),
                )
            ),
        )
        for day in days
    )
    return _daily("New versions and silent edits per day", days, bars, most, f"{most:,}")


def of_storage(days: Sequence[Day]) -> Chart:
    """Draw the bytes of the segments of each day."""
    most = max((day.size for day in days), default=0)
    bars = (([("stored", day.size)], f"{day.day:%-d %b}: {size(day.size)}") for day in days)
    return _daily("Bytes of WARC segments per day", days, bars, most, size(most))


def _daily(
    name: str, days: Sequence[Day], labelled: Iterable[tuple[list[tuple[str, int]], str]], most: int, top: str
) -> Chart:
    ground = HEAD + HEIGHT + FOOT
    bars = tuple(
        Bar(x=place * STEP, parts=_stack(numbers, most, ground, ground - HEAD), title=title)
        for place, (numbers, title) in enumerate(labelled)
    )
    first = f"{days[0].day:%-d %b}"
    return Chart(name=name, bars=bars, first=first, last="today", top=top, width=len(days) * STEP, ground=ground)


def _stack(numbers: Sequence[tuple[str, int]], most: int, ground: int, height: int) -> tuple[Part, ...]:
    """Stack parts from the ground up; `most` reaches `height`. A negative height stacks them downwards."""
    room = abs(height)
    heights = [(name, max(LEAST, room * number / most)) for name, number in numbers if number]
    shrink = min(1.0, room / (sum(tall for _, tall in heights) or 1.0))
    parts, done = [], 0.0
    for name, tall in heights:
        y = ground - done - tall * shrink if height > 0 else ground + done
        parts.append(Part(name, round(y, 2), round(tall * shrink, 2)))
        done += tall * shrink
    return tuple(parts)
