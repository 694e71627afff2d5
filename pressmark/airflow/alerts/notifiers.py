"""Recipients of alarms: they are reached through Airflow's own notifiers and connections."""

import html
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

from pressmark.errors import UsageError
from pressmark.text import shown, shown_lines

if TYPE_CHECKING:
    from airflow.sdk import Context

VARIABLE = "PRESSMARK_ALARMS"
_ADDRESSES = {"smtp": re.compile(r"[^@\s]+@[^@\s]+"), "slack": re.compile(r"[#@]?[^#@\s]+")}
_LONGEST_BLOCK = 3000
"""Characters of a Slack text block."""
_CONNECTIONS = {"smtp": "smtp_default", "slack": "slack_api_default"}


def _all_shown(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(shown_lines, texts))


@attrs.frozen
class Message:
    """What is sent."""

    subject: str = attrs.field(converter=shown)
    """Always one line: it becomes the header of a mail."""
    paragraphs: tuple[str, ...] = attrs.field(converter=_all_shown)
    links: tuple[tuple[str, str], ...]
    """Pairs of a label and a URL."""

    def as_html(self) -> str:
        """Return it as the body of an e-mail."""
        paragraphs = "".join(f"<p>{html.escape(each)}</p>\n" for each in self.paragraphs)
        links = "".join(
            f'<p>{html.escape(label)}: <a href="{html.escape(url)}">{html.escape(url)}</a></p>\n'
            for label, url in self.links
        )
        return paragraphs + links

    def as_blocks(self) -> list[dict[str, Any]]:
        """Return it as Slack blocks: plain text without markup or mentions, and our links."""
        links = " ".join(f"<{_slack(url)}|{_slack(label)}>" for label, url in self.links)
        return [
            *({"type": "section", "text": _plain(text)} for text in (self.subject, *self.paragraphs) if text),
            {"type": "context", "elements": [{"type": "mrkdwn", "text": links}]},
        ]


@attrs.frozen
class Recipient:
    """One address."""

    kind: str
    """`smtp` or `slack`."""
    address: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.address}"

    def send(self, message: Message, context: "Context") -> None:
        """Send a message.

        Raises:
            UsageError: the provider is not installed.
            Exception: any error of the notifier, e.g. no connection, or no answer.
        """
        # Calling the notifier would render its texts as Jinja templates, and they contain a site's text.
        self._notifier(message).notify(context)

    def _notifier(self, message: Message) -> Any:
        connection = _CONNECTIONS[self.kind]
        try:
            if self.kind == "smtp":
                from airflow.providers.smtp.notifications.smtp import SmtpNotifier

                return SmtpNotifier(
                    to=self.address,
                    subject=message.subject,
                    html_content=message.as_html(),
                    mime_subtype="alternative",
                    smtp_conn_id=connection,
                )
            from airflow.providers.slack.notifications.slack import SlackNotifier
        except ImportError as error:
            raise UsageError(
                f"{VARIABLE} has {self}, and Airflow's provider for it is missing ({error}): "
                f"install pressmark[{self.kind}]."
            ) from error
        return SlackNotifier(
            channel=self.address,
            text=_slack(message.subject),  # Where no blocks are shown, as in a notification.
            blocks=message.as_blocks(),
            slack_conn_id=connection,
            username="Pressmark",
            unfurl_links=False,
        )


def recipients(text: str) -> tuple[Recipient, ...]:
    """Return the recipients in a text such as `smtp:ops@example.org, slack:#archive`; none if it is empty.

    Raises:
        UsageError: it can't be read.
    """
    named = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(_parse_recipient(part) for part in named if part))


def _parse_recipient(text: str) -> Recipient:
    kind, _, address = text.partition(":")
    if kind not in _ADDRESSES or not _ADDRESSES[kind].fullmatch(address):
        raise UsageError(
            f"{VARIABLE}: {text!r} is no recipient. Write smtp:ops@example.org or slack:#channel, several with commas."
        )
    return Recipient(kind, address)


def _plain(text: str) -> dict[str, Any]:
    cut = text if len(text) <= _LONGEST_BLOCK else f"{text[: _LONGEST_BLOCK - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
