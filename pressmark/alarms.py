"""Alarms: what is wrong with a section, told from its last runs. A stand-in: the interface, until they are written."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from pressmark.history import PastRun
from pressmark.site import Site


@attrs.frozen(kw_only=True)
class Alarm:
    """One thing that is wrong with a section."""

    kind: str
    """A short name that can be counted."""
    title: str
    since: datetime
    """Aware."""
    message: str
    """The details, for people."""
    advice: str
    """What to do."""


def alarms(site: Site, section: str, runs: Sequence[PastRun], now: datetime) -> list[Alarm]:
    """Return what is wrong with a section by its last runs, newest first."""
    return []
