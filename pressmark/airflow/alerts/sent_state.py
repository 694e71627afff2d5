"""What was told of: which incident of each kind, and to whom; so that nobody hears of one twice."""

import json
import logging
from pathlib import Path
from typing import Any, Protocol

from airflow.sdk import Variable

from pressmark.model import strict_json
from pressmark.model.document import timestamp
from pressmark.model.json_model import moment, text
from pressmark.monitoring.alarm import Alarm
from pressmark.private import make_folder, opener

Entry = dict[str, Any]
"""`incident`, `since` (RFC 3339), `title`; lists of the receivers that were `told`, and told that it is `over`."""
SentAlarms = dict[str, Entry]
"""By the kind of alarm."""

logger = logging.getLogger("pressmark.alarms")


class SentState(Protocol):
    """Where it is kept. What can't be read was not told: an alarm that comes twice is better than one that is lost."""

    def read(self) -> SentAlarms:
        """Return what was told."""

    def write(self, sent: SentAlarms) -> None:
        """Keep it."""


class VariableState:
    """In an Airflow Variable, for tasks: they may run on any machine.

    For tasks only. The process of a callback can read Variables; when it writes one, Airflow does not answer, and it
    waits for good.
    """

    def __init__(self, section: str) -> None:
        self.key = f"pressmark_alarms/{section}"

    def read(self) -> SentAlarms:
        """Return what was told."""
        written = str(Variable.get(self.key, default="{}")).encode(errors="surrogatepass")
        return _read(written, f"Variable {self.key}")

    def write(self, sent: SentAlarms) -> None:
        """Keep it."""
        Variable.set(self.key, json.dumps(sent, indent=1), "Alarms that were told; delete it to be told again.")


class FileState:
    """In a file of this machine, for callbacks. A disk that is full keeps nobody from being told."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SentAlarms:
        """Return what was told."""
        try:
            return _read(self.path.read_bytes(), str(self.path))
        except OSError:
            return {}

    def write(self, sent: SentAlarms) -> None:
        """Keep it."""
        written = self.path.with_suffix(".new")
        try:
            make_folder(self.path.parent)
            with open(written, "w", encoding="utf-8", opener=opener) as file:
                file.write(json.dumps(sent, indent=1))
            written.replace(self.path)
        except OSError as error:
            logger.warning("%s can't be written, and the same alarm may be told again: %s", self.path, error)


def new_entry(alarm: Alarm) -> Entry:
    """Return what is kept of an alarm of which nobody was told yet."""
    return {
        "incident": alarm.incident,
        "since": timestamp(alarm.since),
        "title": alarm.title,
        "told": [],
        "over": [],
    }


def is_same_incident(entry: Entry | None, alarm: Alarm) -> bool:
    """Tell whether an alarm is of the incident that was told; one that was told to be over is another."""
    if not entry or entry["over"]:
        return False
    went_on = alarm.earlier and entry["since"] <= timestamp(alarm.since) and _about(entry) == alarm.about
    return bool(entry["incident"] == alarm.incident or went_on)


def _about(entry: Entry) -> str:
    """Return what an incident was about (`Alarm.incident`)."""
    return " ".join(str(entry["incident"]).split(" ")[2:])


def _read(written: bytes, where: str) -> SentAlarms:
    try:
        return {kind: _entry(facts) for kind, facts in strict_json.load_object(written).items()}
    except (ValueError, LookupError, TypeError) as error:
        logger.warning("%s can't be read, what goes on will be told again: %s", where, error)
        return {}


def _entry(facts: Any) -> Entry:
    moment(facts["since"])
    found: Entry = {name: text(facts[name]) for name in ("incident", "since", "title")}
    return found | {name: [text(each) for each in facts[name]] for name in ("told", "over")}
