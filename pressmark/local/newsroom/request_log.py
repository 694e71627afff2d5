"""Records requests, so that a test can check what a client really requested."""

import time
from collections import Counter, deque
from typing import Final

import attrs

_PATHS_KEPT: Final = 10_000
_REQUESTS_KEPT: Final = 2_000


@attrs.frozen(kw_only=True)
class SeenRequest:
    """One request of a page or file (control requests are not counted)."""

    method: str
    path: str
    """With its query, if any."""
    status: int
    user_agent: str
    conditional: bool
    """It had an If-None-Match or If-Modified-Since."""
    at: float = attrs.field(factory=time.monotonic)
    """Seconds of the monotonic clock, when it was answered."""


class RequestLog:
    """Counts per path, and the last requests; both limited."""

    def __init__(self) -> None:
        self.total = 0
        self.counts: Counter[str] = Counter()
        """Requests per path, without query; of the first 10,000 paths since the last `clear`."""
        self.recent: deque[SeenRequest] = deque(maxlen=_REQUESTS_KEPT)
        """The last 2,000 requests, oldest first."""

    def add(self, request: SeenRequest) -> None:
        """Count a request."""
        self.total += 1
        self.recent.append(request)
        path = request.path.partition("?")[0]
        if path in self.counts or len(self.counts) < _PATHS_KEPT:
            self.counts[path] += 1

    def clear(self) -> None:
        """Forget all."""
        self.total = 0
        self.counts.clear()
        self.recent.clear()
