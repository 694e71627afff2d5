"""The alarms that were sent: the incident of each kind and its recipients, so that nobody gets one twice."""

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
"""`incident`, `since` (RFC 3339), `title`; `told`: recipients of its start; `over`: recipients of its end."""
SentAlarms = dict[str, Entry]
"""By the kind of alarm."""

logger = logging.getLogger("pressmark.alarms")


class SentState(Protocol):
    """Where they are stored. A state that can't be read counts as empty: a repeated alarm is better than a lost one."""

    def read(self) -> SentAlarms:
        """Return the alarms that were sent."""

    def write(self, sent: SentAlarms) -> None:
        """Store them."""


class VariableState:
    """In an Airflow Variable, for tasks: they may run on any machine.

    For tasks only. The process of a callback can read Variables, but Airflow never answers when it writes one.
    """

    def __init__(self, section: str) -> None:
        self.key = f"pressmark_alarms/{section}"

    def read(self) -> SentAlarms:
        """Return the alarms that were sent."""
        written = str(Variable.get(self.key, default="{}")).encode(errors="surrogatepass")
        return _read(written, f"Variable {self.key}")

    def write(self, sent: SentAlarms) -> None:
        """Store them."""
        Variable.set(self.key, json.dumps(sent, indent=1), "Alarms that were sent; delete it to get them again.")


class FileState:
    """In a file of this machine, for callbacks. A full disk stops no alarm."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SentAlarms:
        """Return the alarms that were sent."""
        try:
            return _read(self.path.read_bytes(), str(self.path))
        except OSError:
            return {}

    def write(self, sent: SentAlarms) -> None:
        """Store them."""
        written = self.path.with_suffix(".new")
        try:
            make_folder(self.path.parent)
            with open(written, "w", encoding="utf-8", opener=opener) as file:
                file.write(json.dumps(sent, indent=1))
            written.replace(self.path)
        except OSError as error:
            logger.warning("%s can't be written, and the same alarm may be sent again: %s", self.path, error)


def new_entry(alarm: Alarm) -> Entry:
    """Return the entry of an alarm that nobody got yet."""
    return {
        "incident": alarm.incident,
        "since": timestamp(alarm.since),
        "title": alarm.title,
        "told": [],
        "over": [],
    }


def is_same_incident(entry: Entry | None, alarm: Alarm) -> bool:
    """Return whether an alarm belongs to the incident that was sent; after its end, it is a new incident."""
    if not entry or entry["over"]:
        return False
    went_on = alarm.earlier and entry["since"] <= timestamp(alarm.since) and _subject(entry) == alarm.about
    return bool(entry["incident"] == alarm.incident or went_on)


def _subject(entry: Entry) -> str:
    """Return what an incident was about (`Alarm.incident`)."""
    return " ".join(str(entry["incident"]).split(" ")[2:])


def _read(written: bytes, where: str) -> SentAlarms:
    try:
        return {kind: _entry(facts) for kind, facts in strict_json.load_object(written).items()}
    except (ValueError, LookupError, TypeError) as error:
        logger.warning("%s can't be read, open alarms will be sent again: %s", where, error)
        return {}


def _entry(facts: Any) -> Entry:
    moment(facts["since"])
    found: Entry = {name: text(facts[name]) for name in ("incident", "since", "title")}
    return found | {name: [text(each) for each in facts[name]] for name in ("told", "over")}
