"""Windows of a browser, and the messages that pages in them post to themselves.

Playwright drives Chromium. WebDriver BiDi drives Firefox, since Playwright supports only its own build of Firefox.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import attrs
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pressmark.system.ports import free_port

SECONDS = 30
LISTEN = "addEventListener('message', (event) => self.heard && heard(String(event.data)))"
PREFERENCES = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.trr.mode": 5,  # It uses no resolver of its own.
    "dom.security.https_first": False,
}


class Windows(Protocol):
    """A browser whose windows have separate storage."""

    said: list[str]
    """Messages that pages posted to themselves or to the pages around them."""

    def open(self, address: str) -> None:
        """Open a window at an address, without waiting for it to load."""

    def wait(self, seconds: float) -> None:
        """Let the pages run."""

    def close(self) -> None:
        """Close all windows."""


@attrs.define
class Chromium:
    """Chromium's windows."""

    browser: Browser
    said: list[str] = attrs.field(factory=list)
    _pages: list[Page] = attrs.field(factory=list)

    def open(self, address: str) -> None:
        page = self.browser.new_context().new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.expose_function("heard", lambda message: self.said.append(message))  # noqa: PLW0108 - no built-in one
        page.add_init_script(LISTEN)
        page.goto(address, wait_until="commit")
        self._pages.append(page)

    def wait(self, seconds: float) -> None:
        self._pages[0].wait_for_timeout(seconds * 1000)

    def close(self) -> None:
        for page in self._pages:
            page.context.close()
        self._pages.clear()


@attrs.define
class Firefox:
    """Firefox's windows."""

    socket: ClientConnection
    said: list[str] = attrs.field(factory=list)
    _answers: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    _users: list[str] = attrs.field(factory=list)

    def listen(self) -> None:
        """Receive messages until the browser ends."""
        try:
            for received in self.socket:
                message = json.loads(received)
                if "id" in message:
                    self._answers[message["id"]] = message
                elif message.get("method") == "script.message":
                    self.said.append(str(message["params"]["data"].get("value")))
        except ConnectionClosed:
            return

    def ask(self, method: str, **asked: Any) -> Any:
        """Send a command and return its result."""
        number = time.monotonic_ns()
        self.socket.send(json.dumps({"id": number, "method": method, "params": asked}))
        until = time.monotonic() + SECONDS
        while number not in self._answers:
            assert time.monotonic() < until, method
            time.sleep(0.01)
        message = self._answers.pop(number)
        assert message["type"] == "success", message
        return message["result"]

    def open(self, address: str) -> None:
        user = self.ask("browser.createUserContext")["userContext"]
        context = self.ask("browsingContext.create", type="tab", userContext=user)["context"]
        self.ask(
            "script.addPreloadScript",
            functionDeclaration=f"(channel) => {{ self.heard = channel; {LISTEN} }}",
            arguments=[{"type": "channel", "value": {"channel": "heard"}}],
            contexts=[context],
        )
        self.ask("browsingContext.navigate", context=context, url=address, wait="none")
        self._users.append(user)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        for user in self._users:
            self.ask("browser.removeUserContext", userContext=user)
        self._users.clear()


@contextmanager
def windows(browser: str, folder: Path) -> Iterator[Windows]:
    """Start a browser, `chromium` or `firefox`."""
    if browser == "chromium":
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            yield Chromium(chromium)
            chromium.close()
        return
    profile = folder / "firefox"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("\n".join(lines))
    port = free_port()
    command = [
        "firefox-esr",
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        str(port),
    ]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdout=quiet, stderr=quiet, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    ) as it:
        try:
            with _connected(port) as socket:
                firefox = Firefox(socket)
                Thread(target=firefox.listen, daemon=True).start()
                firefox.ask("session.new", capabilities={})
                firefox.ask("session.subscribe", events=["script.message"])
                yield firefox
        finally:
            it.terminate()


def _connected(port: int) -> ClientConnection:
    until = time.monotonic() + SECONDS
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}/session", max_size=None)
        except OSError:
            assert time.monotonic() < until, "Firefox did not come up"
            time.sleep(0.1)
