"""Telling of alarms: each incident once to each receiver, and its end once to those who heard of it."""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from airflow.sdk.exceptions import AirflowException

from pressmark.airflow.alerts.notifiers import Message, Receiver
from pressmark.airflow.alerts.sent_state import Entry, State, Told, entry_of, is_of
from pressmark.monitoring.alarm import Alarm, Kind, moment
from pressmark.monitoring.alarms import FOLLOWS
from pressmark.text import shown

_OF_READING = (Kind.LAYOUT_CHANGED, Kind.REJECTED, Kind.FIELDS_MISSING)
"""What can be left of each other."""

logger = logging.getLogger("pressmark.alarms")


@attrs.define
class Teller:
    """Tells first and marks then: killed between the two it tells somebody twice, and the other way round nobody."""

    where: str
    """What the alarms are about, for people: `SITE/SECTION`."""
    receivers: Sequence[Receiver]
    state: State
    links: tuple[tuple[str, str], ...]
    context: Any
    failures: list[str] = attrs.field(factory=list, init=False)

    def tell(self, found: Sequence[Alarm], judged: Collection[Kind]) -> list[str]:
        """Tell what is found, and what of the judged is over; return who could not be told, and why."""
        told = self.state.read()
        over = told.keys() & set(judged) - {alarm.kind for alarm in found}
        for alarm in found:
            if not is_of(told.get(alarm.kind), alarm):
                told[alarm.kind] = _left_of(told, alarm, over) or entry_of(alarm)
            self._send(told, told[alarm.kind]["told"], self.receivers, self._alarm(alarm))
        for kind in sorted(told.keys() & over):
            self._tell_over(told, kind)
        return self.failures

    def _tell_over(self, told: Told, kind: str) -> None:
        entry = told[kind]
        heard = [each for each in self.receivers if str(each) in entry["told"]]
        self._send(told, entry["over"], heard, self._over(entry))
        if {str(each) for each in heard} <= set(entry["over"]):
            del told[kind]
            self.state.write(told)

    def _send(self, told: Told, done: list[str], to: Sequence[Receiver], message: Message) -> None:
        """Send to those who are not among the `done`, who are marked there one by one."""
        for receiver in to:
            if str(receiver) in done:
                continue
            try:
                receiver.send(message, self.context)
            except Exception as error:  # noqa: BLE001 - whatever fails with one, the others must hear of it
                self.failures.append(f"{receiver} ({type(error).__name__}: {shown(' '.join(str(error).split()))})")
                continue
            logger.info("told %s: %s", receiver, message.subject)
            done.append(str(receiver))
            self.state.write(told)

    def _alarm(self, alarm: Alarm) -> Message:
        return Message(
            subject=f"[Pressmark] {self.where}: {alarm.title}",
            paragraphs=(alarm.message, f"Since {moment(alarm.since)}.", f"What to do: {alarm.advice}"),
            links=self.links,
        )

    def _over(self, entry: Entry) -> Message:
        began = moment(datetime.fromisoformat(entry["since"]))
        return Message(
            subject=f"[Pressmark] over: {self.where}: {entry['title']}",
            paragraphs=(f"What began at {began} is over, as seen at {moment(datetime.now(UTC))}.",),
            links=self.links,
        )


def log_alarm(where: str, alarm: Alarm) -> None:
    """Log an alarm, whoever gets a message of it."""
    logger.warning("%s: %s. %s %s", where, alarm.title, alarm.message, alarm.advice)


def fail(failures: Sequence[str]) -> None:
    """Raise AirflowException if somebody could not be told."""
    if failures:
        raise AirflowException(f"could not tell {'; '.join(dict.fromkeys(failures))}. See docs/alarms.md.")


def _left_of(told: Told, alarm: Alarm, over: Collection[str]) -> Entry | None:
    """Return the entry of an incident of which this is what is left; None if it is a new one.

    A layout that changed is read again, and yet too many of the pages are rejected: nobody hears of it twice.
    """
    if alarm.kind not in _OF_READING:
        return None
    for cause in _OF_READING:
        if cause in over and alarm.kind in FOLLOWS.get(cause, ()) and not told[cause]["over"]:
            return told.pop(cause) | {"incident": alarm.incident}  # Its end is told as its beginning was.
    return None
