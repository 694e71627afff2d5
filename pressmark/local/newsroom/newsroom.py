"""The newsroom: sections of articles, a clock, and all changes to them. It knows no HTTP."""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from threading import RLock
from typing import Final

import attrs

from pressmark.local.newsroom.clock import CLOCK_START, Clock
from pressmark.local.newsroom.content.article_generator import Change, one_page
from pressmark.local.newsroom.content.section import MAIN, SECTIONS, Numbering, minute
from pressmark.local.newsroom.content.story import Story
from pressmark.local.newsroom.faults import FaultKind, Faults
from pressmark.local.newsroom.request_log import RequestLog
from pressmark.local.newsroom.script import Event
from pressmark.local.newsroom.section_state import PER_PAGE, Entry, SectionState

_ID: Final = re.compile(r"WS([0-9a-f]{8})([0-9a-f]{8})([0-9a-f]{8})")
MOST_ARTICLES: Final = 200_000
"""With more, the oldest would be older than 1970."""
GONE: Final = (404, 410)
"""HTTP status codes of a withdrawn article."""

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Sidebar:
    """The right column: articles of other sections only."""

    most_viewed: tuple[Entry, ...]
    special_coverage: tuple[Entry, ...]
    newsmakers: tuple[Entry, ...]


class Newsroom:
    """A news site without its server; every method may be called from any thread.

    Args:
        articles: articles of world/europe at the start; each other section has a tenth of it, at least 10.
        seed: determines all texts and ids.
        clock: the time at the start, with its zone.
        run_clock: let the clock run with the real one; otherwise only `advance` moves it.
        crawl_delay: seconds that robots.txt asks crawlers to wait.
        slow_pause: seconds between the pieces of a slow body.
    """

    def __init__(
        self,
        *,
        articles: int = 200,
        seed: int = 1,
        clock: datetime = CLOCK_START,
        run_clock: bool = False,
        crawl_delay: float = 0.01,
        slow_pause: float = 0.25,
    ) -> None:
        if not 1 <= articles <= MOST_ARTICLES:
            raise ValueError(f"articles is {articles}: it must be between 1 and {MOST_ARTICLES}")
        self.articles = articles
        self.seed = seed
        self.crawl_delay = crawl_delay
        self.slow_pause = slow_pause
        self.requests = RequestLog()
        self.lock = RLock()
        """Held during every read and change; hold it to read several things in one consistent state."""
        self._clock = Clock(clock, running=run_clock)
        self._faults = Faults()
        self._events: list[Event] = []
        self._states = {
            name: SectionState(
                Numbering(seed, name, articles if name == MAIN else max(10, articles // 10), self._clock.start)
            )
            for name in SECTIONS
        }
        self._sections_by_tag = {state.numbering.tag: name for name, state in self._states.items()}

    @property
    def clock(self) -> datetime:
        """The newsroom's time (+08:00), to the second."""
        return self._clock.now

    def section_state(self, section: str = MAIN) -> SectionState:
        """Return the section's state; LookupError if there is no such section."""
        try:
            return self._states[section]
        except KeyError:
            raise LookupError(f"no section {section!r}. Known: {', '.join(SECTIONS)}") from None

    def count(self, section: str = MAIN) -> int:
        """Return how many articles the section's listing shows."""
        return self.section_state(section).listed

    def article_id(self, index: int, section: str = MAIN) -> str:
        """Return the id of the section's article; 0 is the oldest, -1 the newest."""
        state = self.section_state(section)
        return state.article_id(index + state.total if index < 0 else index)

    def ids(self, section: str = MAIN) -> Iterator[str]:
        """Return the ids of all articles that the listing shows, newest first."""
        state = self.section_state(section)
        for page in range(1, state.pages + 1):
            with self.lock:
                found = [state.article_id(index) for index in state.indexes(page)]
            yield from found

    def resolve(self, article_id: str) -> tuple[str, int]:
        """Return section and index of an article; LookupError if it was never published."""
        found = _ID.fullmatch(article_id)
        section = self._sections_by_tag.get(found[2]) if found else None
        if found and section:
            state, index = self._states[section], int(found[3], 16)
            if index < state.total and state.article_id(index) == article_id:
                return section, index
        raise LookupError(f"no article {article_id!r} was ever published here")

    def story(self, article_id: str, page: int | None = None) -> Story:
        """Return the current article, whole or one page of it; also withdrawn ones.

        Raises:
            LookupError: no such article, or it has no such page.
        """
        with self.lock:
            section, index = self.resolve(article_id)
            story = self._states[section].story(index)
        return story if page is None else one_page(story, page)

    def withdrawn(self, article_id: str) -> int | None:
        """Return the HTTP status of a withdrawn article, or None."""
        section, index = self.resolve(article_id)
        return self._states[section].withdrawn.get(index)

    def listing(self, section: str, page: int, at_most: int = PER_PAGE) -> list[Entry]:
        """Return the (first) entries of a listing page, newest first; LookupError if there is no such page."""
        with self.lock:
            state = self.section_state(section)
            if not 1 <= page <= state.pages:
                raise LookupError(f"{section} has {state.pages} pages, so no page {page}")
            return [state.entry(index) for index in state.indexes(page, at_most)]

    def sidebar(self, section: str) -> Sidebar:
        """Return the right column of the section's pages; it never changes after the start."""
        return self._sidebars[section]

    @cached_property
    def _sidebars(self) -> dict[str, Sidebar]:
        # Nine small tuples; fixed, so that no page changes when another section publishes.
        newest = {
            name: [state.entry(state.numbering.count - 1 - back) for back in range(3)]
            for name, state in self._states.items()
            if state.numbering.count >= 3
        }
        sidebars = {}
        for section in SECTIONS:
            first, second, third = zip(*(found for name, found in newest.items() if name != section), strict=True)
            sidebars[section] = Sidebar(most_viewed=first, special_coverage=second[:4], newsmakers=third[:4])
        return sidebars

    def publish(self, section: str = MAIN) -> str:
        """Publish a new article at the clock's time and return its id."""
        with self.lock:
            state = self.section_state(section)
            return state.article_id(state.publish(self.clock))

    def update(self, article_id: str) -> Story:
        """Change the body and set *Updated* to the clock's minute; moves the clock if that would not be later."""
        with self.lock:
            section, index = self.resolve(article_id)
            state = self._states[section]
            soonest = state.edits(index).updated_at + timedelta(minutes=1)
            if minute(self.clock) < soonest:
                self._clock.advance(soonest - self.clock)
            state.change(index, Change.UPDATE, self.clock)
            return state.story(index)

    def edit_silently(self, article_id: str) -> Story:
        """Change a sentence of the body and leave *Updated* as it is."""
        with self.lock:
            section, index = self.resolve(article_id)
            self._states[section].change(index, Change.SILENT_EDIT, self.clock)
            return self._states[section].story(index)

    def withdraw(self, article_id: str, status: int = 404) -> None:
        """Withdraw an article from the site: its page answers 404 or 410."""
        if status not in GONE:
            raise ValueError(f"status is {status}: a withdrawn article answers 404 or 410")
        with self.lock:
            section, index = self.resolve(article_id)
            self._states[section].withdraw(index, status)

    def fault(self, path: str, kind: FaultKind | str, times: int | None = None) -> None:
        """Inject a fault into the next requests of a path, `times` of them or until `clear_faults`.

        Raises:
            ValueError: no such kind, or it can't happen at that path.
        """
        with self.lock:
            self._faults.add(path, FaultKind(kind), times)

    def clear_faults(self) -> int:
        """Remove all faults; return how many there were."""
        with self.lock:
            return self._faults.clear()

    def take_fault(self, path: str) -> FaultKind | None:
        """Return the fault of this request of the path, and count it."""
        with self.lock:
            return self._faults.take(path)

    @property
    def faults(self) -> int:
        """How many faults wait."""
        return self._faults.waiting

    def advance(self, by: timedelta) -> datetime:
        """Move the clock, run the script's events up to then, and return the new time; ValueError if it is too far."""
        with self.lock:
            end = self._clock.elapsed + by
            self._clock.check(by)
            self.run_due_events(end)
            # An update in the script may have moved the clock, too.
            self._clock.advance(max(end - self._clock.elapsed, timedelta()))
            return self.clock

    def schedule(self, events: Iterable[Event]) -> None:
        """Add a script's events: each happens when the clock reaches its time."""
        with self.lock:
            self._events = sorted([*self._events, *events], key=lambda event: event.after)

    def run_due_events(self, until: timedelta | None = None) -> None:
        """Run the script's events up to now (or until then)."""
        with self.lock:
            while self._events and self._events[0].after <= (self._clock.elapsed if until is None else until):
                event = self._events.pop(0)
                # A stopped clock is moved to the event's time; a running one is past it.
                self._clock.advance(max(event.after - self._clock.elapsed, timedelta()))
                try:
                    event.apply(self)
                except LookupError as error:
                    # The request that triggered the event did not cause the error.
                    _log.error("script: %s after %s: %s", event.do, event.after, error)  # No bug.
