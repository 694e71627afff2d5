"""Servers that receive alarms: a real SMTP server, and the part of Slack's API that a message needs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import attrs
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from pressmark.system.ports import LOOPBACK, free_port


@attrs.define
class MailServer:
    """Stores mails by recipient; refuses mails to `refused`."""

    port: int = attrs.field(factory=free_port)
    refused: set[str] = attrs.field(factory=set)
    mails: list[tuple[str, EmailMessage]] = attrs.field(factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "450 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        self.mails += [(address, mail) for address in envelope.rcpt_tos]
        return "250 OK"

    @property
    def connection(self) -> str:
        """Value of AIRFLOW_CONN_SMTP_DEFAULT."""
        extra = {"from_email": "pressmark@example.org", "disable_tls": True, "disable_ssl": True, "retry_limit": 0}
        return json.dumps({"conn_type": "smtp", "host": LOOPBACK, "port": self.port, "extra": extra})

    @contextmanager
    def running(self) -> Iterator["MailServer"]:
        controller = Controller(self, hostname=LOOPBACK, port=self.port)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()

    def subjects(self, to: str) -> list[str]:
        return [mail["Subject"] for address, mail in self.mails if address == to]


@attrs.define
class SlackServer:
    """Replaces Slack in tests: accepts `chat.postMessage` as in its public API, at `base_url`."""

    messages: list[dict[str, Any]] = attrs.field(factory=list)
    port: int = 0

    @property
    def connection(self) -> str:
        """Value of AIRFLOW_CONN_SLACK_API_DEFAULT."""
        extra = {"base_url": f"http://{LOOPBACK}:{self.port}/api/"}
        return json.dumps({"conn_type": "slack", "password": "xoxb-of-the-test", "extra": extra})

    @contextmanager
    def running(self) -> Iterator["SlackServer"]:
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/api/chat.postMessage"
                assert self.headers["Authorization"] == "Bearer xoxb-of-the-test"
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = message["channel"] == "#archive"
                if known:
                    messages.append(message)
                answer = json.dumps({"ok": True} if known else {"ok": False, "error": "channel_not_found"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: Any) -> None:
                pass

        with HTTPServer((LOOPBACK, 0), Handler) as server:
            self.port = server.server_port
            serving = Thread(target=server.serve_forever)
            serving.start()
            try:
                yield self
            finally:
                server.shutdown()
                serving.join()
