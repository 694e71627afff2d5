"""Cursors: which manifests a reader that follows the runs has read.

Manifests do not appear in the order of their keys: a key has the start time of its run, and if two runs overlap, the
later one may end first. So a cursor stores, for each section, the manifests in a window before the newest one. Any
other manifest in the window, or after it, is new. The window is much longer than a run, and than clocks differ.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import attrs

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.errors import FindingsFound
from pressmark.model import keys, strict_json
from pressmark.model.json_model import FIRST_YEAR, LAST_YEAR, JsonModel, Unfit, text

WINDOW = timedelta(days=7)
"""A manifest is found unless one that is this much newer was read before it appeared."""
_DAY = "%Y/%m/%d"
_WRITTEN_DAY = re.compile(r"\d{4}/\d\d/\d\d", re.ASCII)


@attrs.frozen
class SectionPosition:
    """How far one section is read."""

    since: str
    """First day of the window, `YYYY/MM/DD`."""
    seen: frozenset[str]
    """Names of the manifests of the window that were read, `YYYY/MM/DD/<run_id>.json`."""

    def with_read(self, name: str) -> "SectionPosition":
        """Return the position after one more manifest was read."""
        seen = {*self.seen, name}
        since = _window(max(seen))
        return SectionPosition(since, frozenset(each for each in seen if each >= since))


_START = SectionPosition("", frozenset())


def _place(facts: Any) -> SectionPosition:
    """Read a position from a cursor's text: the first day, and the names."""
    if not isinstance(facts, list) or len(facts) != 2 or not isinstance(facts[1], list):
        raise Unfit("no first day with a list of names")
    since, seen = text(facts[0]), frozenset(map(text, facts[1]))
    if since and not _is_day(since):
        raise Unfit("no day")
    if not all(manifest.NAME.fullmatch(each) and _is_day(each[:10]) for each in seen):
        raise Unfit("no name of a manifest")
    return SectionPosition(since, seen)


def _places(facts: Any) -> dict[str, SectionPosition]:
    if not isinstance(facts, dict):
        raise Unfit("no JSON object")
    return {section: _place(each) for section, each in facts.items()}


@attrs.frozen(kw_only=True)
class _Written(JsonModel):
    """The JSON of a cursor."""

    site: str
    sections: dict[str, SectionPosition] = attrs.field(metadata={"read": _places})


@attrs.frozen
class Cursor:
    """How far a site's runs were read. Store its text; the format of the text is not part of the contract."""

    site: str
    places: dict[str, SectionPosition]
    """By section."""
    later: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """Fields of later releases, as they were read."""

    @classmethod
    def parse(cls, site: str, text: str | None) -> Self:
        """Read a cursor's text; None means the beginning.

        Raises:
            ValueError: it is not a cursor, or belongs to another site.
        """
        if not text:
            return cls(site, {})
        try:
            found = _Written.from_json(strict_json.load_object(text.encode(errors="surrogatepass")))
        except strict_json.InvalidJson as error:
            raise ValueError(f"{text[:80]!r} is no cursor ({error}): take one from Changes.cursor") from None
        if found.site != site:
            raise ValueError(f"the cursor is of site {found.site[:80]!r}, not of {site!r}")
        return cls(site, found.sections, found.later)

    def __str__(self) -> str:
        sections = {name: [place.since, sorted(place.seen)] for name, place in sorted(self.places.items())}
        return json.dumps({"site": self.site, "sections": sections, **self.later}, separators=(",", ":"))

    def with_read(self, manifest_key: str) -> Self:
        """Return the cursor after one more manifest was read."""
        section, name = _parts(self.site, manifest_key)
        return attrs.evolve(self, places={**self.places, section: self.places.get(section, _START).with_read(name)})

    def unread(self, store: Store) -> list[str]:
        """Return the keys of the manifests that were not read yet, ordered by the start of their runs."""
        found = [key for section in manifest.sections(store, self.site) for key in self._unread(store, section)]
        return sorted(found, key=lambda key: _parts(self.site, key)[1])

    def _unread(self, store: Store, section: str) -> Iterator[str]:
        place = self.places.get(section, _START)
        prefix = keys.runs(self.site, section)
        # Not later than today's window: a reader with a fast clock would skip manifests.
        since = min(place.since, _window(datetime.now(UTC).strftime(_DAY)))
        for key in store.keys(prefix, after=prefix + since):
            name = key.removeprefix(prefix)
            if manifest.NAME.fullmatch(name) and _known(keys.day_in(key)) and name not in place.seen:
                yield key


def after(store: Store, site: str, manifest_key: str) -> Cursor:
    """Return the cursor of a reader that has read a manifest and all that were written before it.

    Raises:
        KeyError: the manifest does not exist.
    """
    ended_at = manifest.read(store, manifest_key).ended_at
    start = SectionPosition(_window(_parts(site, manifest_key)[1]), frozenset())
    cursor = Cursor(site, dict.fromkeys(manifest.sections(store, site), start))
    for key in cursor.unread(store):
        try:
            before = manifest.read(store, key).ended_at <= ended_at
        except (FindingsFound, KeyError):  # It stays unread until it is repaired.
            continue
        if before:
            cursor = cursor.with_read(key)
    return cursor


def _parts(site: str, manifest_key: str) -> tuple[str, str]:
    """Return the section of a manifest, and its name in the section."""
    parts = manifest_key.removeprefix(f"{keys.RUNS}{site}/").split("/")
    return "/".join(parts[:-4]), "/".join(parts[-4:])


def _window(name: str) -> str:
    """Return the first day of the window before a manifest; one from the future (wrong clock) counts as today's."""
    began = min(datetime.strptime(name[:10], _DAY).replace(tzinfo=UTC), datetime.now(UTC))
    return (began - WINDOW).strftime(_DAY)


def _is_day(written: str) -> bool:
    try:
        return bool(_WRITTEN_DAY.fullmatch(written)) and _known(date.fromisoformat(written.replace("/", "-")))
    except ValueError:
        return False


def _known(day: date | None) -> bool:
    """Return whether a run can have begun on a day; a key may contain an impossible one."""
    return day is not None and FIRST_YEAR <= day.year <= LAST_YEAR
