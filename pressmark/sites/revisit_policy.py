"""The revisit policy: which known articles a run requests again, as a listing does not show that one changed."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SLACK = 0.9
"""Part of an interval that is enough: schedules jitter, and a run that starts some seconds early must not skip one."""

Interval = Annotated[timedelta, Field(ge=timedelta(0))]


class Step(BaseModel):
    """How often an article is visited up to an age."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: Interval
    """Maximum age, as an ISO 8601 duration, e.g. `PT6H`."""
    every: Interval
    """Minimum time between two visits; `PT0S`: in every run."""


class Recheck(BaseModel):
    """The revisit policy of a site."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: tuple[Step, ...] = (
        Step(until=timedelta(hours=6), every=timedelta(0)),
        Step(until=timedelta(days=2), every=timedelta(hours=1)),
        Step(until=timedelta(days=14), every=timedelta(hours=12)),
    )
    """Ordered by age, the youngest first."""
    listed: Interval = timedelta(days=1)
    """Time between two visits of an older article while a listing page shows it."""

    def due(self, age: timedelta, since: timedelta, *, listed: bool) -> bool:
        """Return whether to visit an article.

        Args:
            age: time since it was created; negative counts as new.
            since: time since its last visit; negative (the clock was set back) counts as due.
            listed: whether a listing page of this run shows it.
        """
        if since < timedelta(0):
            return True
        step = next((each for each in self.steps if age < each.until), None)
        every = step.every if step else self.listed
        return (bool(step) or listed) and since >= every * SLACK

    def watches(self, age: timedelta) -> bool:
        """Return whether an article of this age is visited even if no listing shows it."""
        return any(age < each.until for each in self.steps)
