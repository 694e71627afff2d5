"""How hard a site was asked, beside what its site file allows."""

from collections.abc import Sequence

import attrs

from pressmark.monitoring.history import PastRun
from pressmark.sites.site import Site

MINUTE = 60.0


@attrs.frozen(kw_only=True)
class Load:
    """How often one host was asked."""

    host: str
    average: float
    """Requests per minute of the runs that asked it; a run counts a minute at least."""
    busiest: int
    """Requests in the busiest minute."""
    allowed: float | None
    """Requests per minute by the site file's delay; None: it sets no bound."""

    @property
    def over(self) -> bool:
        """Whether the busiest minute was busier than allowed; its edges may let one more in."""
        return self.allowed is not None and self.busiest > self.allowed + 1


def loads(site: Site, runs: Sequence[PastRun]) -> list[Load]:
    """Return the load of each host that these runs asked, the busiest first; manifests of old tell of none."""
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
