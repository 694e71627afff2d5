"""Request rates per host, compared with what the site file allows."""

from collections.abc import Sequence

import attrs

from pressmark.monitoring.history import PastRun
from pressmark.sites.site import Site

MINUTE = 60.0


@attrs.frozen(kw_only=True)
class Load:
    """Requests to one host."""

    host: str
    average: float
    """Requests per minute during the runs that used it; a run counts as at least a minute."""
    busiest: int
    """Requests in the busiest minute."""
    allowed: float | None
    """Requests per minute by the site file's delay; None: no limit."""

    @property
    def over(self) -> bool:
        """Whether the busiest minute was over the limit. One more request is tolerated, for the minute's edges."""
        return self.allowed is not None and self.busiest > self.allowed + 1


def loads(site: Site, runs: Sequence[PastRun]) -> list[Load]:
    """Return the load of each host of these runs, the busiest first. Manifests of older releases have none."""
    number: dict[str, int] = {}
    minutes: dict[str, float] = {}
    busiest: dict[str, int] = {}
    for run in runs:
        for requests in run.asked:
            number[requests.host] = number.get(requests.host, 0) + requests.number
            minutes[requests.host] = minutes.get(requests.host, 0.0) + max(run.seconds, MINUTE) / MINUTE
            busiest[requests.host] = max(busiest.get(requests.host, 0), requests.busiest_minute)
    allowed = MINUTE / site.politeness.delay if site.politeness.delay else None
    found = (
        Load(host=host, average=number[host] / minutes[host], busiest=busiest[host], allowed=allowed) for host in number
    )
    return sorted(found, key=lambda load: -load.busiest)
