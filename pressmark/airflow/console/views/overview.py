"""The overview: a card for each section, those with problems first."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from pressmark.airflow.console import charts, request_rate
from pressmark.airflow.console.addresses import Links
from pressmark.airflow.console.charts import Chart
from pressmark.airflow.console.daily_totals import Day, by_day
from pressmark.airflow.console.freshness import FAILURES, Freshness, State, freshness
from pressmark.airflow.console.request_rate import Load
from pressmark.airflow.ids import slug
from pressmark.monitoring import advice
from pressmark.monitoring.advice import Advice
from pressmark.monitoring.alarm import Alarm
from pressmark.monitoring.alarms import alarms
from pressmark.monitoring.history import PastRun
from pressmark.sites.site import Site
from pressmark.web.common.repository import RUNS, Repository

BARS, DAYS = 48, 14
"""Runs and days in the charts."""


@attrs.frozen(kw_only=True)
class Card:
    """One section."""

    site: Site
    section: str
    slug: str
    freshness: Freshness
    alarms: Sequence[Alarm]
    last: PastRun | None
    runs: Chart
    days: Chart
    storage: Chart
    new: int
    """New versions of the days shown."""
    silent: int
    """Silent edits of the days shown."""
    size: int
    """Bytes of segments of the days shown."""
    loads: Sequence[Load]
    daily: Sequence[Day]
    """Oldest first."""
    broken: int
    """Manifests that can't be read."""

    @property
    def title(self) -> str:
        """Name of the section."""
        return self.site.sections[self.section].name

    @property
    def failures_have_alarm(self) -> bool:
        """Whether an alarm says why its runs fail."""
        return any(alarm.kind in FAILURES for alarm in self.alarms)

    @property
    def advice(self) -> Advice | None:
        """What to do about the last run, if it failed."""
        failed = self.freshness.failed
        return advice.on_run(failed.ended, failed.failure, self.site, self.section) if failed else None


@attrs.frozen(kw_only=True)
class Overview:
    """All sections, the worst first."""

    cards: Sequence[Card]
    wrong: Sequence[str] = ()
    """Errors of site files that are left out."""
    renamed: Sequence[str] = ()
    """Remarks on runs of sections that no site file has."""

    def number(self, state: str) -> int:
        """Return how many sections have this state."""
        return sum(card.freshness.state == state for card in self.cards)

    @property
    def alarms(self) -> int:
        """Number of alarms."""
        return sum(len(card.alarms) for card in self.cards)


def overview(repository: Repository, links: Links) -> Overview:
    """Return the overview of all sections."""
    now, sites = repository.clock(), repository.sites()
    cards = [
        card_of(repository, links, site, section, repository.runs(site.site, section), now)
        for site in sites.values()
        for section in site.enabled
    ]
    order = list(State)
    cards.sort(key=lambda card: (not card.alarms, order.index(card.freshness.state), card.site.site, card.section))
    renamed = [each for site in sites.values() for each in advice.renamed(site, repository.sections(site.site))]
    return Overview(cards=cards, wrong=[str(each) for each in sites.wrong], renamed=renamed)


def card_of(
    repository: Repository,
    links: Links,
    site: Site,
    section: str,
    runs: Sequence[PastRun],
    now: datetime,
    days: int = DAYS,
) -> Card:
    """Return the card of a section, given its runs, newest first."""
    found = alarms(site, section, runs, now)
    if len(runs) >= RUNS:  # There are more; the oldest run's day may be incomplete.
        days = max(1, min(days, (now - runs[-1].started_at).days))
    daily = by_day(runs, now, days)
    return Card(
        site=site,
        section=section,
        slug=slug(site.site, section),
        freshness=freshness(site.sections[section].schedule, runs, found, now),
        alarms=found,
        last=runs[0] if runs else None,
        runs=charts.of_runs(runs, links.run, BARS),
        days=charts.of_days(daily),
        storage=charts.of_storage(daily),
        new=sum(day.new for day in daily),
        silent=sum(day.silent for day in daily),
        size=sum(day.size for day in daily),
        daily=daily,
        loads=request_rate.loads(site, runs[:BARS]),
        broken=len(repository.broken(site.site, section)),
    )
