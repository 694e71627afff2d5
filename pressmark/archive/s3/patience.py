"""Waiting for a bucket that is away: how long, and how often it is asked again.

A process that was asked to end waits no longer than `IN_HASTE`: what is not in the bucket is the next run's.
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
"""Seconds between tries: twice as many each time, and some by chance less, so that many do not come at once."""
SLOWEST = 8 << 10
"""Bytes a second: what takes longer is as good as away."""
IN_HASTE = 10.0
"""Seconds that are left to a bucket that is away once the process was asked to end."""
_LOOK = 0.5
"""Seconds between two looks at whether it was."""
_SENT_AT_ONCE = 1 << 16
"""Bytes that the buffers of a connection take, whatever its pace."""
_WARM_UP = 10.0
"""Seconds before a pace is judged."""

logger = logging.getLogger(__name__)


class _Haste:
    """From when on no wait of this process goes on."""

    ends = math.inf


def make_haste() -> None:
    """Let no wait of this process, begun or to come, last longer than `IN_HASTE` from now; a signal may call it."""
    _Haste.ends = min(_Haste.ends, time.monotonic() + IN_HASTE)


def check_haste(what: str) -> None:
    """Break off what goes on and on, as its time is over once the process was asked to end.

    Raises:
        BucketUnreachable: it is.
    """
    if time.monotonic() > _Haste.ends:
        raise BucketUnreachable(
            f"{what} is broken off: it was not done {IN_HASTE:.0f} s after this process had to end."
        )


def keep_asking(call: Callable[[], Result], patience: float) -> Result:
    """Call again and again while the bucket is away.

    boto3 does not try again by itself: its tries would multiply with these.

    Args:
        call: what to do; it can be done again.
        patience: seconds from the first failure on. What is under way may take longer than that, as long as bytes move.

    Raises:
        BucketError: the last failure, when the patience ends; any that waiting does not fix, at once.
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
            wait = _wanted(error) or pause * random.uniform(0.5, 1)  # No secret.
            left = min(until, _Haste.ends) - now
            if left <= 0 or _wanted(error) > left:
                raise
            _sleep(min(wait, left))
            pause = min(2 * pause, LONGEST)


def _sleep(seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := min(until, _Haste.ends) - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK))


def _wanted(error: BucketError) -> float:
    """Return the seconds that the server asks for."""
    return error.retry_after if isinstance(error, BucketUnreachable) else 0.0


@attrs.define
class Pace:
    """Notes how fast bytes come."""

    patience: float
    _began: float = attrs.field(factory=time.monotonic, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def took(self, number: int) -> None:
        """Take note of some bytes.

        Raises:
            BucketUnreachable: it goes on too slowly, for longer than the patience.
        """
        self._bytes += number
        spent = time.monotonic() - self._began
        if spent > max(self.patience, _WARM_UP) and self._bytes < SLOWEST * spent:
            raise BucketUnreachable(
                f"the bucket takes or gives {self._bytes / spent / 1000:.1f} kB/s: less than {SLOWEST / 1000:.0f} kB/s "
                "is as good as nothing. See to the network between."
            )

    def paused(self, seconds: float) -> None:
        """Leave out a time in which nothing was read: what came before was being used."""
        self._began += seconds


class PacedFile:
    """A file that is sent, and whose pace is watched: boto3 reads it bit by bit."""

    def __init__(self, file: IO[bytes], patience: float) -> None:
        self._file, self._patience = file, patience
        self._pace = Pace(patience)

    def read(self, size: int = -1) -> bytes:
        """Read on; the bytes before are on their way."""
        data = self._file.read(size)
        self._pace.took(len(data))
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Begin again: boto3 reads it once to sign it, and once to send it."""
        self._pace = Pace(self._patience)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._file.tell()


def paced(data: bytes, patience: float) -> Any:
    """Return bytes as a body to send, whose pace is watched if there are many."""
    return PacedFile(BytesIO(data), patience) if len(data) > _SENT_AT_ONCE else data
