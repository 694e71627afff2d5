"""Advice on failures: one text for each, used in mails, the console, logs and the command line."""

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
    """Fills the names of site and section into a text; without a site, general words."""

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


_SPOOLED = "Nothing is lost: captures wait in the spool, and the next run publishes them."
_KEYS = "AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and PRESSMARK_BUCKET"
_BY_FAILURE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "LayoutChanged": (
            "A listing had fewer entries than its site file promises, or no article could be read.",
            (
                "Open {page}. If its markup is new, add page classes with a new day to {layout} (docs/sites.md, "
                '"A new layout"); then re-read the captures with `pressmark rederive {name}`. If only '
                "the number of its entries changed, set `expect.fewest` or `expect.most` in {file}."
            ),
        ),
        "CrawlRefused": (
            "The site refuses: robots.txt forbids the crawl, or the listing answers 401 or 403.",
            (
                "Do not retry. Read {robots} and open {page}: if the site refuses crawlers, pause the DAG and ask the "
                "site; if it wants fewer requests, raise `politeness.delay` in {file}."
            ),
        ),
        "BucketUnreachable": (
            "The S3 endpoint does not answer, or sends incomplete responses.",
            (
                "Check that the S3 server is up, and that AWS_ENDPOINT_URL_S3 is its address. "
                f"{_SPOOLED} `pressmark status` shows what waits."
            ),
        ),
        "BucketRefused": (
            "The S3 server refuses: wrong keys, no such bucket, or a missing permission.",
            f"Fix the keys or their policy ({_KEYS}; docs/security.md has the policies), or the bucket. {_SPOOLED}",
        ),
        "KeysExpired": (
            "The S3 server says that the keys have expired.",
            f"Get new keys, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. {_SPOOLED}",
        ),
        "ClockWrong": (
            "The clocks of this machine and of the S3 server differ too much for a valid signature.",
            f"Set the clock of this machine, or the server's, with a time server. {_SPOOLED}",
        ),
        "HostBusy": (
            "Another crawl of this site was running.",
            "Nothing, if it happens once: it is retried automatically.",
        ),
        "SpoolError": (
            "The worker's disk could not be written or read: it may be full.",
            (
                "Free space in PRESSMARK_SPOOL on the worker, or restore the folder if it is gone. The next run "
                "publishes all complete captures."
            ),
        ),
        "UsageError": (
            "The request can't be carried out.",
            "Fix what the message names: a site file, a variable or a parameter. A retry does not help.",
        ),
        "CrawlLost": (
            "The crawl ended without a result: it was killed, perhaps for its memory use, or it crashed.",
            (
                "Read the last lines of the task's log and of the machine's (`dmesg` shows kills for lack of memory). "
                "Its captures wait in the spool, and the next run publishes them."
            ),
        ),
        "RunFailed": (
            "The crawl ended, but its result may be incomplete.",
            (
                "Open {page}: does it answer? Then read the task's log of the newest run. The next run continues where "
                "this one stopped; `pressmark status` shows what waits in the spool."
            ),
        ),
    }
)
INTERRUPTED = Advice(
    "A person, a time limit or a shutdown stopped the run.",
    "Nothing: its captures are in the bucket, and the next run continues where it ended.",
)


def on_failure(failure: str | None, site: Site | None = None, section: str = "") -> Advice:
    """Return the advice on a failure, by the name of its error; an unknown name gets the advice on any failed run."""
    meaning, action = _BY_FAILURE.get(failure or "", _BY_FAILURE["RunFailed"])
    words = _Words(site, section)
    return Advice(words.fill(meaning), words.fill(action))


def on_run(ended: str, failure: str | None, site: Site | None = None, section: str = "") -> Advice | None:
    """Return the advice on a run by how it ended; None for a complete run."""
    if ended == "complete":
        return None
    return INTERRUPTED if ended == "interrupted" else on_failure(failure, site, section)


def renamed(site: Site, sections: Iterable[str]) -> list[str]:
    """Describe where the runs of unknown sections are: a renamed section starts from the beginning.

    Args:
        site: the current site file.
        sections: all sections that have runs.
    """
    return [
        f"There are runs of {site.site}/{section}, but its site file has no such section: was it renamed? They stay at "
        f"runs/{site.site}/{section}/. The documents belong to the site, not to a section."
        for section in sorted(set(sections) - set(site.sections))
    ]
