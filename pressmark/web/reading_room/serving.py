"""Serves the reading room and its replay origin: two origins, one process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import attrs
import uvicorn
from fastapi import FastAPI

from pressmark.errors import ServiceFailed, UsageError
from pressmark.system.periodic import PeriodicThread
from pressmark.system.ports import require_free
from pressmark.web.common.caches import cache_name
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.addresses import Origins
from pressmark.web.reading_room.app import room_app
from pressmark.web.reading_room.half_requests import TimedProtocol
from pressmark.web.reading_room.player import is_player
from pressmark.web.reading_room.replay_origin import replay_app
from pressmark.web.reading_room.search.catalogue import Catalogue
from pressmark.web.reading_room.search.refresh import Refresher

PORT = 8090
LOCAL, LOCAL_REPLAY = "pressmark.localhost", "replay.pressmark.localhost"
"""Names of this machine that browsers resolve; both belong to one site."""
START_SECONDS = 20
_PORTS = {"http": 80, "https": 443}


@attrs.frozen(kw_only=True)
class ReadingRoom:
    """A reading room that runs while its context is entered."""

    repository: Repository
    origins: Origins
    host: str
    port: int
    replay_port: int
    cache: Path
    """Folder of the catalogue."""
    player: Path
    """Folder of ReplayWeb.page."""
    every: float = 30.0
    """Seconds between two refreshes of the catalogue."""

    @contextmanager
    def open(self) -> Iterator[Refresher]:
        """Serve until the context ends; yield the catalogue's refresher.

        Raises:
            UsageError: ReplayWeb.page is missing.
            ServiceFailed: a port is taken, or a server did not start.
        """
        if not is_player(self.player):
            raise UsageError(f"{self.player} has no ui.js and sw.js of ReplayWeb.page.")
        require_free(self.port, "the reading room", "Give it another one with --port.")
        require_free(self.replay_port, "the reading room's replays", "Give them another one with --replay-port.")
        refresher = Refresher(Catalogue(self._catalogue), self.repository)
        with ExitStack() as stack:
            stack.enter_context(PeriodicThread(refresher.refresh, self.every, "catalogue", at_once=True))
            stack.enter_context(
                _serving(replay_app(self.repository, self.origins, self.player), self.host, self.replay_port)
            )
            stack.enter_context(_serving(room_app(self.repository, refresher, self.origins), self.host, self.port))
            yield refresher

    @property
    def _catalogue(self) -> Path:
        return self.cache / f"{cache_name(self.repository.store)}.sqlite"


def checked(room: str, replay: str, pywb: str) -> Origins:
    """Return the origins of all parts, without slashes at the end.

    Raises:
        UsageError: one is no http or https address, or two have one origin. Captured pages run in the last two.
    """
    parts = {"--url": room, "--replay-url": replay, "--pywb": pywb}
    origins: dict[tuple[str, str, int], str] = {}
    for option, address in parts.items():
        if not address and option == "--pywb":
            continue
        url = urlsplit(address)
        if url.scheme not in _PORTS or not url.hostname or url.username or url.query or url.fragment:
            raise UsageError(f"{option}: {address!r} is no valid address. Example: https://archive.example.org")
        if url.path.strip("/") and option == "--replay-url":
            raise UsageError(f"{option}: {address!r} must be the root of its host: ReplayWeb.page loads /ui.js")
        try:
            of = url.scheme, url.hostname, url.port or _PORTS[url.scheme]
        except ValueError as error:
            raise UsageError(f"{option}: {address!r}: {error}") from None
        if of in origins:
            raise UsageError(
                f"{origins[of]} and {option} must differ in host or port: captured pages run scripts in one of them."
            )
        origins[of] = option
    return Origins(room=room.rstrip("/"), replay=replay.rstrip("/"), pywb=pywb.rstrip("/"))


@contextmanager
def _serving(app: FastAPI, host: str, port: int) -> Iterator[None]:
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False, http=TimedProtocol)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name=f"server-{port}", daemon=True)
    thread.start()
    try:
        waited = 0.0
        while not server.started:
            thread.join(0.02)
            waited += 0.02
            if not thread.is_alive() or waited > START_SECONDS:
                raise ServiceFailed(f"no server started on {host}, port {port}. Its log is above.")
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
