"""Every error that Pressmark raises on purpose.

PressmarkError                 exit code 1
├── UsageError                 2  what was asked for can't be: the message lists what can
│   ├── SiteFileError          2  a site file is wrong
│   └── UnknownSection         2
├── BucketError                3  the bucket can't be used
│   ├── BucketUnreachable      3  nobody answers at the endpoint
│   └── BucketRefused          3  wrong keys, no such bucket, no permission
│       ├── ClockWrong         3  our clock or the server's is wrong
│       └── KeysExpired        3  they were right once
├── RunFailed                  4  the crawl went through and its result can't be trusted
│   ├── LayoutChanged          4  a listing has fewer entries than its site promises
│   └── CrawlRefused           4  the site said no: robots.txt or 403
├── SpoolError                 5  the local spool can't be written or read
├── HostBusy                   6  another crawl of this host goes on
├── ServiceFailed              7  a program that Pressmark started did not come up
├── FindingsFound              8  the archive was checked, or read again, and something in it is wrong
├── Stopped                  130  asked to stop before it had begun
├── Rejected                   -  one page can't become an article; the run goes on
└── ReadingFailed              -  one page could not be read by its process; the next run asks for it again

Each message names the URL, key or file it is about and says what to do.
"""

from typing import ClassVar

from pressmark.text import brief, shown_lines


class PressmarkError(Exception):
    """The root: catch this to catch all that Pressmark raises on purpose.

    Its message may quote what a site or a bucket holds: it is kept as text that is safe to show.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, *args: object) -> None:
        super().__init__(*(shown_lines(each) if isinstance(each, str) else each for each in args))


class UsageError(PressmarkError):
    """What was asked for does not exist or does not fit."""

    exit_code = 2


class SiteFileError(UsageError):
    """A site file does not say what a site file must say."""


class UnknownSection(UsageError):
    """No site file has this section."""


class BucketError(PressmarkError):
    """The bucket can't be used."""

    exit_code = 3


class BucketUnreachable(BucketError):
    """Nobody answers at the S3 endpoint, or not now, or not whole."""

    retry_after: float = 0.0
    """Seconds in which the server asks to be asked again; 0: it does not say."""


class BucketRefused(BucketError):
    """The S3 endpoint answers and says no."""


class ClockWrong(BucketRefused):
    """The clocks of this machine and of the server are too far apart for a signature to hold."""


class KeysExpired(BucketRefused):
    """The session of these keys is over."""


class RunFailed(PressmarkError):
    """The crawl went through, and its result can't be trusted."""

    exit_code = 4


class LayoutChanged(RunFailed):
    """A listing page does not hold what its site file promises."""


class CrawlRefused(RunFailed):
    """The site refuses the crawl: robots.txt forbids it, or the listing answers 401 or 403."""


class SpoolError(PressmarkError):
    """The local spool can't be written or read."""

    exit_code = 5


class HostBusy(PressmarkError):
    """Another crawl of the same host goes on and did not end in time."""

    exit_code = 6


class ServiceFailed(PressmarkError):
    """A program that Pressmark started did not come up or went down."""

    exit_code = 7


class FindingsFound(PressmarkError):
    """The archive was checked and something in it is wrong."""

    exit_code = 8


class Stopped(PressmarkError):
    """A program was asked to stop before it had begun."""

    exit_code = 130  # 128 + SIGINT, as shells count


class Rejected(PressmarkError):
    """One page can't become an article: `reason` is a short name that is counted, the message the details.

    The message may quote the page: it is kept as one line that is safe to show, and no longer than a line may be.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(brief(message))
        self.reason = reason


class ReadingFailed(PressmarkError):
    """The process that reads pages took too long or ended on this one: `reason` is a short name that is counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def named(name: str, message: str) -> PressmarkError:
    """Return the error of this class, as another process told it; one whose name is not known becomes the root."""
    known: list[type[PressmarkError]] = [PressmarkError, *_below(PressmarkError)]
    of_pages = {Rejected, ReadingFailed}
    kind = next((each for each in known if each.__name__ == name and each not in of_pages), PressmarkError)
    return kind(message)


def _below(error: type[PressmarkError]) -> list[type[PressmarkError]]:
    return [each for kind in error.__subclasses__() for each in (kind, *_below(kind))]
