"""pywb's `wayback` with a guard. The Python of pywb's environment runs it, without the rest of Pressmark.

It responds to its own host names only. Otherwise a foreign page could point its own name here (DNS rebinding) and read
what its visitor may read. There are two names: people use one of them; each captured page is in a frame with a document
of the other. So a page that escapes pywb's rewriting has no window above it to navigate, and a document that it can't
touch decides where its own frame may navigate.
"""

from gevent.monkey import patch_all

patch_all()  # Before all other imports.

import html  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402
from typing import Any  # noqa: E402
from urllib.parse import parse_qsl, quote, unquote, urlsplit  # noqa: E402

from pywb.apps import frontendapp  # noqa: E402
from pywb.apps.cli import WaybackCli  # noqa: E402
from pywb.utils.wbexception import WbException  # noqa: E402

logger = logging.getLogger("pressmark.replay")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""Of WSGI (PEP 3333)."""
Headers = list[tuple[str, str]]
HOSTS, HERE, FRAMES = "PRESSMARK_REPLAY_HOSTS", "PRESSMARK_REPLAY_URL", "PRESSMARK_REPLAY_FRAMES"
SOURCES = "default-src 'unsafe-eval' 'unsafe-inline' 'self' data: blob:; object-src 'none'; form-action 'self'"
SANDBOX = "allow-scripts allow-same-origin allow-forms"
CAPTURED = f"{SOURCES}; webrtc 'block'; sandbox {SANDBOX}"
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
RAW = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""For content that must not run: content without rewriting, and all captures under the name for people."""
FRAME = """<!doctype html>
<html><head><meta charset="utf-8"><title>Replay</title>
<style>html, body, iframe {{ margin: 0; border: 0; width: 100%; height: 100%; overflow: hidden }}</style>
</head><body><iframe title="Replay" src="{address}" sandbox="{sandbox}" allow=""></iframe></body></html>
"""
AWAY = "The archive can't be read now. Try again in some minutes; its log says why."
FAILED = 500
"""The first status of server errors (RFC 9110, 15.6)."""
_NAMES = {"127.0.0.1", "localhost", "[::1]"}
_OWN = re.compile(r"/(?:static/.*|[^/]*|[^/]+/(?:cdx|\d*\*\d*/.+)?)", re.DOTALL)
"""Paths of pywb's own pages: its home, its files, a collection's search, its index, its calendars."""
_LISTS = re.compile(r"/[^/]+/timemap/.+", re.DOTALL)
_CAPTURE = re.compile(r"/(?:[^/]+/\d*(?P<how>[a-z]+_|[$][a-z0-9:.-]+)/)?.+", re.DOTALL)
"""All other paths: pywb takes them for addresses of captures, with or without time, modifier and scheme."""
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_POLICY = "content-security-policy"
_UNSENT = frozenset(
    {
        *(_POLICY, "x-dns-prefetch-control"),
        *("refresh", "set-cookie", "service-worker-allowed", "clear-site-data"),
        *("reporting-endpoints", "report-to", "nel"),
    }
)
"""Headers of captures that browsers obey whatever the policy says; the last three report to other servers."""
_MEMENTO = {"memento-datetime", "link", "vary"}
_REFUSALS = {
    "host": "This is not a name of this server.\n",
    "control": "An address may not contain control characters.\n",
    "worker": "A capture can't be a service worker: it would respond for all others.\n",
    "pattern": "filter=~ is not supported: a pattern could take forever. Without ~ it searches for a text.\n",
}


class GuardedWayback(WaybackCli):  # type: ignore[misc]  # pywb has no types
    """pywb's command with the guarded application."""

    def load(self) -> Application:
        """Return the application."""
        frontendapp.WarcServer = GuardedWarcServer
        frontendapp.FrontEndApp.REWRITER_APP_CLS = GuardedRewriter
        hosts = _NAMES | set(filter(None, os.environ.get(HOSTS, "").split(",")))
        return Guard(super().load(), hosts, os.environ.get(HERE, ""), os.environ.get(FRAMES, ""))


class GuardedWarcServer(frontendapp.WarcServer):  # type: ignore[misc]  # pywb has no types
    """The internal server that pywb gets captures from. It responds to the names of this machine only."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Respond."""
        if _host(environ.get("HTTP_HOST", "")) not in _NAMES:
            return _refuse(start_response, "host")
        answer: Iterable[bytes] = super().__call__(environ, start_response)
        return answer


class GuardedRewriter(frontendapp.RewriterApp):  # type: ignore[misc]  # pywb has no types
    """Renders captures and errors. Error pages show nothing about the bucket; the log does."""

    def _error_response(self, environ: dict[str, Any], wbe: WbException) -> Any:
        if wbe.status_code >= FAILED or not isinstance(wbe.msg, str):
            logger.error("%s: %s", environ.get("PATH_INFO", ""), wbe.msg)
            wbe.msg = AWAY
        return super()._error_response(environ, wbe)


class Guard:
    """A WSGI application that guards another.

    Args:
        app: the other.
        hosts: host names for people.
        here: the origin for people, e.g. `http://127.0.0.1:8092`.
        frames: the origin of captured pages, with another name.
    """

    def __init__(self, app: Application, hosts: set[str], here: str, frames: str) -> None:
        self._app, self._hosts, self._here, self._frames = app, hosts, here.rstrip("/"), frames.rstrip("/")
        self._outer, self._inner = (_host(urlsplit(each).netloc) for each in (self._here, self._frames))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Respond."""
        host, path = _host(environ.get("HTTP_HOST", "")), environ.get("PATH_INFO", "")
        if host not in self._hosts | {self._inner}:
            return _refuse(start_response, "host")
        if _CONTROL.search(path + unquote(environ.get("QUERY_STRING", ""))):
            return _refuse(start_response, "control")
        if "HTTP_SERVICE_WORKER" in environ or environ.get("HTTP_SEC_FETCH_DEST") == "serviceworker":
            return _refuse(start_response, "worker")
        if any(value.lstrip("!").startswith("~") for name, value in _query(environ) if name == "filter"):
            return _refuse(start_response, "pattern")
        found = None if _OWN.fullmatch(path) else _CAPTURE.fullmatch(path)
        in_window = environ.get("HTTP_SEC_FETCH_DEST") == "document"
        # Both names belong to one site, or browsers give frames no storage. (A proxy may have sent its own name.)
        if in_window and (host == self._inner or (self._outer.endswith(".localhost") and host != self._outer)):
            start_response("302 Found", [("Location", self._here + _address(environ)), _LENGTH])
            return []
        if host == self._inner:
            return self._app(environ, self._as_frame(start_response, found))
        if found and in_window and found["how"] != "id_" and not _LISTS.fullmatch(path):
            return self._framed(environ, start_response)
        return self._app(environ, self._not_run(start_response, found))

    def _as_frame(self, start_response: Callable[..., Any], found: re.Match[str] | None) -> Callable[..., Any]:
        """Add the policy of a captured page, or of pywb's document around it."""

        def start(status: str, headers: Headers, *more: Any) -> Any:
            is_captured = found and (found["how"] or _has(headers, _POLICY) or not _is_page(headers))
            policy = RAW if found and found["how"] == "id_" else CAPTURED if is_captured else SOURCES
            return start_response(status, _with_policy(headers, policy), *more)

        return start

    def _not_run(self, start_response: Callable[..., Any], found: re.Match[str] | None) -> Callable[..., Any]:
        """Let no captured content run under the name for people."""

        def start(status: str, headers: Headers, *more: Any) -> Any:
            return start_response(status, _with_policy(headers, RAW if found else SOURCES), *more)

        return start

    def _framed(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Respond with a frame around the response of the other application, if that is a page."""
        started: list[tuple[str, Headers]] = []
        body = self._app(environ, lambda status, headers, *_: started.append((status, headers)))
        for _ in body if not started else ():  # The head may come as late as the first block (PEP 3333).
            break
        if hasattr(body, "close"):
            body.close()
        status, headers = started[0]
        if _has(headers, "location"):
            start_response(status, [*(each for each in headers if each[0].lower() != "content-length"), _LENGTH])
            return []
        address = html.escape(self._frames + _address(environ), quote=True)
        page = FRAME.format(address=address, sandbox=SANDBOX).encode()
        policy = f"{NOTHING}; style-src 'unsafe-inline'; frame-src {self._frames}"
        kept = [(name, value) for name, value in headers if name.lower() in _MEMENTO]
        about = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
        start_response(status, _with_policy([*kept, *about], policy))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [page]


_LENGTH = ("Content-Length", "0")


def _host(netloc: str) -> str:
    return re.sub(r":\d+$", "", netloc).lower()


def _address(environ: dict[str, Any]) -> str:
    """Return the requested path and query, unchanged."""
    asked = environ.get("REQUEST_URI") or quote(environ.get("PATH_INFO", ""), safe="/:*?=&%@!$'()+,;~")
    if not environ.get("REQUEST_URI") and environ.get("QUERY_STRING"):
        asked = f"{asked}?{environ['QUERY_STRING']}"
    return asked if asked.startswith("/") else urlsplit(asked).path


def _query(environ: dict[str, Any]) -> list[tuple[str, str]]:
    return parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)


def _has(headers: Headers, wanted: str) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _is_page(headers: Headers) -> bool:
    return any(name.lower() == "content-type" and value.lower().startswith("text/html") for name, value in headers)


def _with_policy(headers: Headers, policy: str) -> Headers:
    kept = [(name, value) for name, value in headers if name.lower() not in _UNSENT]
    return [*kept, ("Content-Security-Policy", policy), ("X-DNS-Prefetch-Control", "off")]


def _refuse(start_response: Callable[..., Any], reason: str) -> Iterable[bytes]:
    start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
    return [_REFUSALS[reason].encode()]


if __name__ == "__main__":
    GuardedWayback().run()
