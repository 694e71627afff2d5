"""Request statistics: how many requests a run sent to each host."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import attrs


@attrs.frozen
class RequestStats:
    """Counts requests as sent over the wire, including retries, redirects, robots.txt and requisites."""

    _minutes: Counter[tuple[str, datetime]] = attrs.field(factory=Counter, init=False)
    """Requests by host and minute, UTC."""

    def count(self, host: str, at: datetime, times: int = 1) -> None:
        """Count requests to a host; the time is aware."""
        if times:
            self._minutes[host, at.astimezone(UTC).replace(second=0, microsecond=0)] += times

    def summary(self) -> list[dict[str, Any]]:
        """Return the statistics for a manifest: `host`, `number` and `busiest_minute` (UTC) of each, sorted by host."""
        number, busiest = Counter[str](), Counter[str]()
        for (host, _), sent in self._minutes.items():
            number[host] += sent
            busiest[host] = max(busiest[host], sent)
        return [{"host": host, "number": number[host], "busiest_minute": busiest[host]} for host in sorted(number)]
