import logging
import os
import signal

import pytest

from pressmark.crawl.shutdown import ShutdownSignals
from pressmark.errors import Stopped


class Slow(logging.Handler):
    """A handler that a signal meets at work."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:  # noqa: BLE001  # As the handlers of the standard library do.
            self.handleError(record)


def test_a_signal_is_not_lost_in_a_line_of_the_log() -> None:
    logger = logging.getLogger("tests.stopping")
    logger.addHandler(Slow())
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="SIGTERM"), ShutdownSignals():
        logger.warning("on the way")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_polite_end_is_asked_for_once() -> None:
    asked = []
    with ShutdownSignals() as stopping:
        stopping.make_graceful()
        os.kill(os.getpid(), signal.SIGTERM)
        stopping.on_signal(lambda: asked.append(1))
        os.kill(os.getpid(), signal.SIGINT)
    assert asked == [1]
