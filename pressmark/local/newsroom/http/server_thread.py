"""Runs a newsroom: in a thread of the caller, or in the foreground until it is stopped."""

import http.client
import logging
import socket
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Final, Self

import uvicorn

from pressmark.local.newsroom.http.fault_middleware import BodyCut
from pressmark.local.newsroom.http.server import site
from pressmark.local.newsroom.newsroom import Newsroom

_PATIENCE: Final = 15
"""Seconds that a newsroom may take to start or to stop."""


class RunningNewsroom:
    """A newsroom on a free port of this machine that runs during the `with` block.

    Raises:
        OSError: the port is taken.
        RuntimeError: it did not start or stop in time.
    """

    def __init__(self, newsroom: Newsroom | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.newsroom = newsroom or Newsroom()
        self._address = host, port

    def __enter__(self) -> Self:
        """Start it, and return once it answers."""
        self._socket = bound_socket(*self._address)
        host, port = self._socket.getsockname()[:2]
        self.host: str = f"{host}:{port}"
        """`127.0.0.1:port`: as in the pages' links."""
        self.url: str = f"http://{self.host}"
        self._server = _Server(self.newsroom)
        self._thread = Thread(target=self._server.run, args=([self._socket],), name="newsroom", daemon=True)
        self._thread.start()
        try:
            # The socket already listens, so this waits in its queue until the server accepts it.
            connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE)
            connection.request("GET", "/-/state")
            connection.getresponse().read()
            connection.close()
        except OSError as error:
            self._stop()
            raise RuntimeError(f"the newsroom at {self.url} did not come up: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop()

    def _stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._socket.close()
        if self._thread.is_alive():
            raise RuntimeError(f"the newsroom at {self.url} did not stop within {_PATIENCE} s")


def serve(newsroom: Newsroom, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; `on_ready` gets the address, e.g. `http://127.0.0.1:8765`, once it answers.

    Raises:
        OSError: the port is taken, or this machine has no such address.
    """
    listening = bound_socket(host, port)
    bound = listening.getsockname()[1]
    url = f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
    try:
        _Server(newsroom, lambda: on_ready(url)).run([listening])
    except KeyboardInterrupt:
        # The server has already stopped in order; it only passes the signal on.
        pass
    finally:
        listening.close()


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there (port 0: any free one); OSError if it can't."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


class _Server(uvicorn.Server):
    def __init__(self, newsroom: Newsroom, on_ready: Callable[[], None] | None = None) -> None:
        logging.getLogger("uvicorn.error").addFilter(not_on_purpose)
        super().__init__(
            uvicorn.Config(
                site(newsroom),
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then say so."""
        await super().startup(sockets)
        if self._on_ready:
            self._on_ready()


def not_on_purpose(record: logging.LogRecord) -> bool:
    """Let a log record through unless it reports a body that was cut on purpose."""
    return not (record.exc_info and isinstance(record.exc_info[1], BodyCut))
