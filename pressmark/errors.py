"""Every error that Pressmark raises on purpose.

PressmarkError                 exit code 1
├── UsageError                 2  the request can't be carried out: the message lists what can
│   ├── SiteFileError          2  a site file is wrong
│   └── UnknownSection         2
├── BucketError                3  the bucket can't be used
│   ├── BucketUnreachable      3  the endpoint does not answer
│   └── BucketRefused          3  wrong keys, no such bucket, no permission
│       ├── ClockWrong         3  the clock of this machine or of the server is wrong
│       └── KeysExpired        3  the keys have expired
├── RunFailed                  4  the crawl ended, but its result can't be trusted
│   ├── LayoutChanged          4  a listing has fewer entries than its site promises
│   └── CrawlRefused           4  the site refuses: robots.txt or 403
├── SpoolError                 5  the local spool can't be written or read
├── HostBusy                   6  another crawl of this host is running
├── ServiceFailed              7  a program that Pressmark started did not become ready
├── FindingsFound              8  a check or a re-read found something wrong in the archive
├── Stopped                  130  asked to stop before it began
├── Rejected                   -  one page can't become an article; the run goes on
└── ReadingFailed              -  the page reader failed on one page; the next run requests it again

Each message names its URL, key or file and says what to do.
"""

from typing import ClassVar

from pressmark.text import brief, shown_lines


class PressmarkError(Exception):
    """The root: catch this to catch every error that Pressmark raises on purpose.

    A message may quote a site or a bucket, so it is stored as text that is safe to show.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, *args: object) -> None:
        super().__init__(*(shown_lines(each) if isinstance(each, str) else each for each in args))


class UsageError(PressmarkError):
    """The request names something that does not exist or does not fit."""

    exit_code = 2


class SiteFileError(UsageError):
    """A site file is invalid."""


class UnknownSection(UsageError):
    """No site file has this section."""


class BucketError(PressmarkError):
    """The bucket can't be used."""

    exit_code = 3


class BucketUnreachable(BucketError):
    """The S3 endpoint does not answer, is busy, or sends an incomplete response."""

    retry_after: float = 0.0
    """Seconds to wait before the next try, as the server says; 0: it does not say."""


class BucketRefused(BucketError):
    """The S3 endpoint answers and refuses the request."""


class ClockWrong(BucketRefused):
    """The clocks of this machine and of the server differ too much for a valid signature."""


class KeysExpired(BucketRefused):
    """The keys have expired."""


class RunFailed(PressmarkError):
    """The crawl ended, but its result can't be trusted."""

    exit_code = 4


class LayoutChanged(RunFailed):
    """A listing page does not contain what its site file promises."""


class CrawlRefused(RunFailed):
    """The site refuses the crawl: robots.txt forbids it, or the listing answers 401 or 403."""


class SpoolError(PressmarkError):
    """The local spool can't be written or read."""

    exit_code = 5


class HostBusy(PressmarkError):
    """Another crawl of the same host is running and did not end in time."""

    exit_code = 6


class ServiceFailed(PressmarkError):
    """A program that Pressmark started did not become ready, or ended."""

    exit_code = 7


class FindingsFound(PressmarkError):
    """A check found something wrong in the archive."""

    exit_code = 8


class Stopped(PressmarkError):
    """A program was asked to stop before it began."""

    exit_code = 130  # 128 + SIGINT, as shells count


class Rejected(PressmarkError):
    """One page can't become an article: `reason` is a short name for counting, the message has the details.

    The message may quote the page, so it is stored as one short line that is safe to show.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(brief(message))
        self.reason = reason


class ReadingFailed(PressmarkError):
    """The page reader took too long or crashed on this page: `reason` is a short name for counting."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def error_by_name(name: str, message: str) -> PressmarkError:
    """Return an error by its class name, as another process sent it; an unknown name gives the root class."""
    known: list[type[PressmarkError]] = [PressmarkError, *_below(PressmarkError)]
    of_pages = {Rejected, ReadingFailed}
    kind = next((each for each in known if each.__name__ == name and each not in of_pages), PressmarkError)
    return kind(message)


def _below(error: type[PressmarkError]) -> list[type[PressmarkError]]:
    return [each for kind in error.__subclasses__() for each in (kind, *_below(kind))]
