"""Retries for an unavailable bucket: how long, and how often.

A process that was asked to end waits at most `GRACE` seconds: the next run uploads the rest.
"""

import logging
import math
import random
import time
from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

import attrs

from pressmark.errors import BucketError, BucketUnreachable, ClockWrong, KeysExpired

Result = TypeVar("Result")

FIRST, LONGEST = 0.5, 10.0
"""Seconds between tries: doubled each time, with random jitter, so that many clients do not retry together."""
SLOWEST = 8 << 10
"""Bytes per second: a slower bucket counts as unavailable."""
GRACE = 10.0
"""Seconds to wait for an unavailable bucket after the process was asked to end."""
_LOOK = 0.5
"""Seconds between two checks for that."""
_SENT_AT_ONCE = 1 << 16
"""Bytes that fit into the buffers of a connection, whatever its speed."""
_WARM_UP = 10.0
"""Seconds before the speed is checked."""

logger = logging.getLogger(__name__)


class _Shutdown:
    """The time when all waits of this process end."""

    ends = math.inf


def shorten_waits() -> None:
    """End all current and future waits of this process `GRACE` seconds from now; safe in a signal handler."""
    _Shutdown.ends = min(_Shutdown.ends, time.monotonic() + GRACE)


def check_time_left(what: str) -> None:
    """Abort long work when the time after `shorten_waits` is over.

    Raises:
        BucketUnreachable: it is over.
    """
    if time.monotonic() > _Shutdown.ends:
        raise BucketUnreachable(
            f"{what} is aborted: it was not done {GRACE:.0f} s after this process was asked to end."
        )


def retry_while_unavailable(call: Callable[[], Result], patience: float) -> Result:
    """Retry a call while the bucket is unavailable.

    boto3's own retries are off: they would multiply with these.

    Args:
        call: the call; it must be repeatable.
        patience: seconds from the first failure. A running call may take longer, as long as bytes move.

    Raises:
        BucketError: the last failure when the patience ends; immediately if waiting does not fix it.
    """
    until, pause = 0.0, FIRST
    while True:
        try:
            return call()
        except (BucketUnreachable, ClockWrong, KeysExpired) as error:
            now = time.monotonic()
            if not until:
                until = now + patience
                logger.warning("%s Waiting for it, %.0f s at most.", error, patience)
            wait = _wanted(error) or pause * random.uniform(0.5, 1)  # Not for security.
            left = min(until, _Shutdown.ends) - now
            if left <= 0 or _wanted(error) > left:
                raise
            _sleep(min(wait, left))
            pause = min(2 * pause, LONGEST)


def _sleep(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := min(until, _Shutdown.ends) - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK))


def _wanted(error: BucketError) -> float:
    """Return the seconds to wait that the server requested."""
    return error.retry_after if isinstance(error, BucketUnreachable) else 0.0


@attrs.define
class Pace:
    """Measures the transfer speed."""

    patience: float
    _began: float = attrs.field(factory=time.monotonic, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def took(self, number: int) -> None:
        """Count transferred bytes.

        Raises:
            BucketUnreachable: the transfer was too slow for longer than the patience.
        """
        self._bytes += number
        spent = time.monotonic() - self._began
        if spent > max(self.patience, _WARM_UP) and self._bytes < SLOWEST * spent:
            raise BucketUnreachable(
                f"the bucket transfers {self._bytes / spent / 1000:.1f} kB/s: less than {SLOWEST / 1000:.0f} kB/s "
                "counts as unavailable. Check the network in between."
            )

    def paused(self, seconds: float) -> None:
        """Exclude time that the caller spent on the data without reading more."""
        self._began += seconds


class PacedFile:
    """A file to upload with a check of the speed: boto3 reads it in chunks."""

    def __init__(self, file: IO[bytes], patience: float) -> None:
        self._file, self._patience = file, patience
        self._pace = Pace(patience)

    def read(self, size: int = -1) -> bytes:
        """Read on; the bytes before were sent."""
        data = self._file.read(size)
        self._pace.took(len(data))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Start again: boto3 reads it once to sign it, and once to send it."""
        self._pace = Pace(self._patience)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._file.tell()


def paced(data: bytes, patience: float) -> Any:
    """Return bytes as a request body; a large one gets a check of the speed."""
    return PacedFile(BytesIO(data), patience) if len(data) > _SENT_AT_ONCE else data
