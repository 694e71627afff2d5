"""What to do about a failure: one text for each, wherever it is told: mail, console, log, command line."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from pressmark.sites.site import Site


@attrs.frozen
class Advice:
    """What a failure means and what to do."""

    meaning: str
    action: str


@attrs.frozen
class _Words:
    """How a text names what it is about; without a site, in general words."""

    site: Site | None = None
    section: str = ""

    def fill(self, text: str) -> str:
        site = self.site
        if site is None or self.section not in site.sections:
            return text.format(
                page="the listing",
                robots="its robots.txt",
                file="its site file",
                name="SITE/SECTION",
                layout="its layout",
            )
        return text.format(
            page=site.origin + site.sections[self.section].path,
            robots=f"{site.origin}/robots.txt",
            file=f"{site.site}.yml",
            name=f"{site.site}/{self.section}",
            layout=f"layout {site.layout!r}",
        )


_SPOOLED = "Nothing is lost: what was captured waits in the spool, and the next run publishes it."
_KEYS = "AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and PRESSMARK_BUCKET"
_BY_FAILURE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "LayoutChanged": (
            "A listing held fewer entries than its site file promises, or no article could be read.",
            (
                "Look at {page}. If its markup is new, add page classes with a new day to {layout} (docs/sites.md, "
                '"A new layout"); what was captured meanwhile is read again by `pressmark rederive {name}`. If only '
                "the number of its entries is, set `expect.fewest` or `expect.most` in {file}."
            ),
        ),
        "CrawlRefused": (
            "The site said no: robots.txt forbids the crawl, or the listing answers 401 or 403.",
            (
                "Do not insist. Read {robots} and open {page}: if the site refuses crawlers, pause the DAG and ask the "
                "site; if it asks for more patience, raise `politeness.delay` in {file}."
            ),
        ),
        "BucketUnreachable": (
            "Nobody answers at the S3 endpoint, or not whole.",
            (
                "See that the S3 server is up, and that AWS_ENDPOINT_URL_S3 leads to it. "
                f"{_SPOOLED} `pressmark status` tells what waits."
            ),
        ),
        "BucketRefused": (
            "The S3 server answers and says no: wrong keys, no such bucket, or a right is missing.",
            f"Mend the keys or their policy ({_KEYS}; docs/security.md has the policies), or the bucket. {_SPOOLED}",
        ),
        "KeysExpired": (
            "The S3 server answers and says that the keys have expired.",
            f"Get new keys, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. {_SPOOLED}",
        ),
        "ClockWrong": (
            "The clocks of this machine and of the S3 server are too far apart for a signature to hold.",
            f"Set the clock of this machine, or the server's, by a time server. {_SPOOLED}",
        ),
        "HostBusy": (
            "Another crawl of this site went on.",
            "Nothing, if it happens once: it is tried again by itself.",
        ),
        "SpoolError": (
            "The worker's disk could not be written or read: it may be full.",
            (
                "Make room below PRESSMARK_SPOOL on the worker, or bring the folder back if it is gone. The next run "
                "publishes what is there and whole."
            ),
        ),
        "UsageError": (
            "What was asked for can't be.",
            "Mend what the message names: a site file, a variable, or what was asked for. No other try mends it.",
        ),
        "CrawlLost": (
            "The crawl ended without a word: it was killed, for its memory perhaps, or broke off.",
            (
                "Read the last lines of the task's log, and the machine's (`dmesg` tells what was killed for memory). "
                "What it captured waits in the spool, and the next run publishes it."
            ),
        ),
        "RunFailed": (
            "The crawl went through, and its result can't be trusted to hold all.",
            (
                "Open {page}: does it answer? Then read the task's log of the newest run. The next run reads on where "
                "this one stopped; `pressmark status` tells what waits in the spool."
            ),
        ),
    }
)
INTERRUPTED = Advice(
    "The run was told to stop, by a person, a time limit or a shutdown.",
    "Nothing: what it captured is in the bucket, and the next run goes on where it ended.",
)


def on_failure(failure: str | None, site: Site | None = None, section: str = "") -> Advice:
    """Return the advice on a failure, by the name of its error; on one that is not known, that on any failed run."""
    meaning, action = _BY_FAILURE.get(failure or "", _BY_FAILURE["RunFailed"])
    words = _Words(site, section)
    return Advice(words.fill(meaning), words.fill(action))


def on_run(ended: str, failure: str | None, site: Site | None = None, section: str = "") -> Advice | None:
    """Return the advice on a run that ended like this; None for a complete one."""
    if ended == "complete":
        return None
    return INTERRUPTED if ended == "interrupted" else on_failure(failure, site, section)


def renamed(site: Site, sections: Iterable[str]) -> list[str]:
    """Say where the runs are of sections that the site file does not have: one that is renamed begins again.

    Args:
        site: as its file says today.
        sections: all that have runs.
    """
    return [
        f"There are runs of {site.site}/{section}, which is no section of its site file: was it renamed? They stay at "
        f"runs/{site.site}/{section}/; the documents are the site's, whatever its sections are called."
        for section in sorted(set(sections) - set(site.sections))
    ]
