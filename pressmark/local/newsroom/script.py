"""Reads a script: a YAML list of what happens in the newsroom, and when."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import yaml

from pressmark.local.newsroom.clock import read_duration
from pressmark.local.newsroom.content.section import MAIN, SECTIONS
from pressmark.local.newsroom.faults import FaultKind, Faults

if TYPE_CHECKING:
    from pressmark.local.newsroom.newsroom import Newsroom

_KEYS: Final = {
    "publish": {"section"},
    "update": {"article", "section"},
    "edit-silently": {"article", "section"},
    "withdraw": {"article", "section", "status"},
    "fault": {"path", "kind", "times"},
    "clear-faults": set[str](),
}
_REQUIRED: Final = {"article", "path", "kind"}


@attrs.frozen(kw_only=True)
class Event:
    """An event at the time `after` the start of the clock."""

    after: timedelta
    do: str
    section: str = MAIN
    article: int = -1
    """Index within the section: 0 is the oldest article, -1 the newest when it happens."""
    status: int = 404
    path: str = "/"
    kind: FaultKind = FaultKind.STATUS_500
    times: int | None = None

    def apply(self, newsroom: "Newsroom") -> None:
        """Do it."""
        match self.do:
            case "publish":
                newsroom.publish(self.section)
            case "fault":
                newsroom.fault(self.path, self.kind, self.times)
            case "clear-faults":
                newsroom.clear_faults()
            case "update":
                newsroom.update(newsroom.article_id(self.article, self.section))
            case "edit-silently":
                newsroom.edit_silently(newsroom.article_id(self.article, self.section))
            case "withdraw":
                newsroom.withdraw(newsroom.article_id(self.article, self.section), self.status)


def read_script(path: Path) -> list[Event]:
    """Read a script file.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no script; the message names the file, the event and what is wrong.
    """
    try:
        events = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(events, list):
        wanted = "a script is a list of events such as '- {after: 10m, do: publish}'"
        raise ValueError(f"{path}: {wanted}")  # noqa: TRY004  # One kind of error, whatever is wrong with the file.
    read = []
    for number, event in enumerate(events, 1):
        try:
            read.append(_event(event))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: event {number}: {error}") from error
    return read


def _event(event: Any) -> Event:
    if not isinstance(event, dict):
        raise TypeError(f"{event!r} is no event such as {{after: 10m, do: publish}}")
    _check_keys(event)
    for key in ("article", "status", "times"):
        # In Python a bool is an int too.
        if key in event and type(event[key]) is not int:
            raise ValueError(f"{key} is {event[key]!r}: it must be a whole number")
    if event.get("section", MAIN) not in SECTIONS:
        raise ValueError(f"unknown section {event['section']!r}. Known: {', '.join(SECTIONS)}")
    if event.get("status", 404) not in (404, 410):
        raise ValueError(f"status is {event['status']}: a withdrawn article answers 404 or 410")
    kind = {"kind": FaultKind(event["kind"])} if "kind" in event else {}
    read = Event(**{**event, **kind, "after": read_duration(str(event["after"]))})
    if read.do == "fault":
        # Checked here, so that an impossible fault is reported at the start and not hours later.
        Faults().add(read.path, read.kind, read.times)
    return read


def _check_keys(event: dict[Any, Any]) -> None:
    for needed in ("after", "do"):
        if needed not in event:
            raise ValueError(f"it lacks {needed!r}")
    do = event["do"]
    if do not in _KEYS:
        raise ValueError(f"unknown do: {do!r}. Known: {', '.join(_KEYS)}")
    unknown = event.keys() - _KEYS[do] - {"after", "do"}
    if unknown:
        known = ", ".join(sorted(_KEYS[do])) or "no key"
        raise ValueError(f"unknown key {', '.join(sorted(map(str, unknown)))}: {do} takes {known}")
    missing = sorted((_KEYS[do] & _REQUIRED) - event.keys())
    if missing:
        raise ValueError(f"{do} lacks {', '.join(missing)}")
