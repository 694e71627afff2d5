"""A run: one crawl of one section. Its facts, which never change, and its status, which does."""

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

import attrs

from pressmark import __version__
from pressmark.config import Config
from pressmark.errors import PressmarkError
from pressmark.model.outcomes import Outcome
from pressmark.sites.scope import Scope
from pressmark.sites.site import Section, Site

ADDING = (Outcome.PUBLISHED, Outcome.UPDATED, Outcome.SILENT_EDIT, Outcome.WITHDRAWN)
"""Outcomes that each add a document."""

logger = logging.getLogger(__name__)


def new_run_id() -> str:
    """Return a unique id that sorts by time, e.g. `20220218T005300-3fa9c1`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def user_agent(config: Config) -> str:
    """Return the user agent that the crawl sends to sites."""
    return f"Pressmark/{__version__} (+{config.contact})"


@attrs.frozen(kw_only=True)
class Run:
    """The section, the scope, the id and the start of a run."""

    site: Site
    section_name: str
    """A listing path, e.g. `world/europe`."""
    scope: Scope
    run_id: str
    started_at: datetime

    @classmethod
    def new(cls, site: Site, section: str, *, run_id: str | None = None, scope: Scope | None = None) -> Self:
        """Start a run now; without a scope it is a regular one."""
        return cls(
            site=site,
            section_name=section,
            scope=scope or Scope(pages=site.section(section).pages),
            run_id=run_id or new_run_id(),
            started_at=datetime.now(UTC),
        )

    @property
    def section(self) -> Section:
        """The section, as the site file describes it."""
        return self.site.section(self.section_name)

    @property
    def label(self) -> str:
        """`site/section`, for messages."""
        return f"{self.site.site}/{self.section_name}"

    def warcinfo(self, config: Config) -> dict[str, str]:
        """Return the fields of a warcinfo record (WARC 1.1, 6.2)."""
        return {
            "software": f"pressmark/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "operator": config.operator,
            "http-header-user-agent": user_agent(config),
            "robots": "obey",
            "isPartOf": self.label,
            "description": f"{self.site.title}, {self.section.name}: run {self.run_id}",
        }


class RunStatus:
    """Whether a run failed or was interrupted, and why. Any thread may change it."""

    def __init__(self) -> None:
        self.failure: PressmarkError | None = None
        self.interrupted = False
        self._interruption: str | None = None
        self._stop: Callable[[], None] = lambda: None

    def stop_with(self, stop: Callable[[], None]) -> None:
        """Set the function that stops the crawl in order; it is called from any thread."""
        self._stop = stop

    def fail(self, error: PressmarkError) -> None:
        """Record why this run's result can't be trusted; only the first reason is kept."""
        self.failure = self.failure or error

    def abort(self, error: PressmarkError) -> None:
        """Fail, and stop the crawl: its further work would be lost, or is not wanted."""
        self.fail(error)
        self._stop()

    def interrupt(self) -> None:
        """Record that the crawl was asked to stop."""
        self.interrupted = True

    def time_out(self, limit: timedelta) -> None:
        """Stop the crawl, since its time limit is over; its captures are kept, and the next run goes on."""
        self.interrupted = True
        limit_over = f"its time limit of {limit} is over"
        self._interruption = f"{limit_over} (`time_limit` of the section; by default four fifths of its `deadline`)"
        logger.warning("the crawl ends: %s", self._interruption)
        self._stop()

    @property
    def ended(self) -> str:
        """How the run ended: `complete`, `interrupted` or `failed`."""
        if self.failure:
            return "failed"
        return "interrupted" if self.interrupted else "complete"

    @property
    def reason(self) -> str | None:
        """Why it failed or interrupted itself, for people."""
        return str(self.failure) if self.failure else self._interruption


def changed(counts: Mapping[str, int], *, newly_rejected: int, recovered: int) -> bool:
    """Return whether a run added documents to the bucket.

    Args:
        counts: of its manifest.
        newly_rejected: of its manifest.
        recovered: versions that it published for earlier runs.
    """
    return bool(sum(counts.get(outcome, 0) for outcome in ADDING) + recovered + newly_rejected)
