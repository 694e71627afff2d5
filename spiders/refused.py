"""What is refused: requests that are not sent, and responses that the archive can't hold."""

from scrapy.exceptions import IgnoreRequest

BAD_HEAD = "bad-head"
"""Reason of a response whose head is not recorded."""


class Refused(IgnoreRequest):
    """A request or response that is not used: `reason` is a short name that is counted, the message says why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
