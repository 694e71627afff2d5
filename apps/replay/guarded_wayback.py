"""pywb's `wayback`, guarded. It is run by the Python of pywb's environment, which has nothing else of Pressmark.

It answers to its own names alone: a page of a stranger could else have its own name lead here (DNS rebinding), and read
what its visitor may read. And all that was captured bears a policy: pywb gives one to pages, and to no frame in them.
"""

from gevent.monkey import patch_all

patch_all()  # Before anything else is imported.

import os  # noqa: E402
import re  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402
from typing import Any  # noqa: E402

from pywb.apps.cli import WaybackCli  # noqa: E402

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""Of WSGI (PEP 3333)."""
HOSTS = "PRESSMARK_REPLAY_HOSTS"
POLICY = (
    "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob: mediastream:; object-src 'none'; form-action 'self'"
)
RAW = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Of what is not rewritten, and is not to run."""
_HERE = {"127.0.0.1", "localhost", "[::1]"}
_CAPTURED = re.compile(r"/[^/]+/(?:\d{1,14}|\*)?(?P<how>[a-z]{2}_)?/?[a-z]+:/")
_NAME = "Content-Security-Policy"


class GuardedWayback(WaybackCli):  # type: ignore[misc]  # pywb has no types
    """pywb's command, with another application."""

    def load(self) -> Application:
        """Make the application."""
        return guarded(super().load(), _HERE | set(filter(None, os.environ.get(HOSTS, "").split(","))))


def guarded(app: Application, hosts: set[str]) -> Application:
    """Return a WSGI application that lets an application answer to these hosts alone, and adds its policy."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = re.sub(r":\d+$", "", environ.get("HTTP_HOST", "")).lower()
        if host not in hosts:
            start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"This is no name of this server.\n"]
        found = _CAPTURED.match(environ.get("PATH_INFO", ""))
        policy = RAW if found and found["how"] == "id_" else POLICY

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if found and (found["how"] or any(name.lower() == _NAME.lower() for name, _ in headers)):
                headers = [(name, value) for name, value in headers if name.lower() != _NAME.lower()]
                headers.append((_NAME, policy))
            return start_response(status, headers, *more)

        return app(environ, start)

    return answer


if __name__ == "__main__":
    GuardedWayback().run()
