"""Sends alarms: each incident once to each recipient, and its end once to those who got it."""

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from airflow.sdk.exceptions import AirflowException

from pressmark.airflow.alerts.notifiers import Message, Recipient
from pressmark.airflow.alerts.sent_state import Entry, SentAlarms, SentState, is_same_incident, new_entry
from pressmark.monitoring.alarm import Alarm, Kind, moment
from pressmark.monitoring.alarms import FOLLOWS
from pressmark.text import shown

_READING_KINDS = (Kind.LAYOUT_CHANGED, Kind.REJECTED, Kind.FIELDS_MISSING)
"""Kinds of alarm that can be the rest of one another."""

logger = logging.getLogger("pressmark.alarms")


@attrs.define
class AlarmSender:
    """Sends first and records afterwards: if it is killed in between, a recipient gets an alarm twice, not never."""

    where: str
    """What the alarms are about, as shown in messages: `SITE/SECTION`."""
    recipients: Sequence[Recipient]
    state: SentState
    links: tuple[tuple[str, str], ...]
    context: Any
    failures: list[str] = attrs.field(factory=list, init=False)

    def send(self, found: Sequence[Alarm], judged: Collection[Kind]) -> list[str]:
        """Send the alarms found and the end of judged kinds; return the recipients that failed, and why."""
        sent = self.state.read()
        over = sent.keys() & set(judged) - {alarm.kind for alarm in found}
        for alarm in found:
            if not is_same_incident(sent.get(alarm.kind), alarm):
                sent[alarm.kind] = _inherited_entry(sent, alarm, over) or new_entry(alarm)
            self._send_message(sent, sent[alarm.kind]["told"], self.recipients, self._alarm(alarm))
        for kind in sorted(sent.keys() & over):
            self._send_end(sent, kind)
        return self.failures

    def _send_end(self, sent: SentAlarms, kind: str) -> None:
        entry = sent[kind]
        heard = [each for each in self.recipients if str(each) in entry["told"]]
        self._send_message(sent, entry["over"], heard, self._over(entry))
        if {str(each) for each in heard} <= set(entry["over"]):
            del sent[kind]
            self.state.write(sent)

    def _send_message(self, sent: SentAlarms, done: list[str], to: Sequence[Recipient], message: Message) -> None:
        """Send to recipients that are not in `done`, and add each one to it."""
        for recipient in to:
            if str(recipient) in done:
                continue
            try:
                recipient.send(message, self.context)
            except Exception as error:  # noqa: BLE001 - an error with one recipient must not affect the others
                self.failures.append(f"{recipient} ({type(error).__name__}: {shown(' '.join(str(error).split()))})")
                continue
            logger.info("notified %s: %s", recipient, message.subject)
            done.append(str(recipient))
            self.state.write(sent)

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
    """Log an alarm, whether or not anybody is notified."""
    logger.warning("%s: %s. %s %s", where, alarm.title, alarm.message, alarm.advice)


def fail(failures: Sequence[str]) -> None:
    """Raise AirflowException if a recipient could not be notified."""
    if failures:
        raise AirflowException(f"could not notify {'; '.join(dict.fromkeys(failures))}. See docs/alarms.md.")


def _inherited_entry(sent: SentAlarms, alarm: Alarm, over: Collection[str]) -> Entry | None:
    """Return the entry of an incident that this alarm continues; None for a new incident.

    A layout change may be fixed while too many pages are still rejected: that is not sent as a new incident.
    """
    if alarm.kind not in _READING_KINDS:
        return None
    for cause in _READING_KINDS:
        if cause in over and alarm.kind in FOLLOWS.get(cause, ()) and not sent[cause]["over"]:
            return sent.pop(cause) | {"incident": alarm.incident}  # Its end goes to those who got its start.
    return None
