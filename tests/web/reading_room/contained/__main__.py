"""Replays pages that try to reach the live web, in an isolated network, and prints what arrived from each attempt.

Run it as `unshare --net --mount python -m tests.web.reading_room.contained BROWSER PLAYER [ATTEMPT ...]`. With
`--open`, it removes the policy, to show what the test can detect.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.jobs.export import Exporter
from pressmark.jobs.monthly_index import Merger
from pressmark.jobs.wacz.packager import Packager
from pressmark.local.demo.settings import Settings
from pressmark.local.demo.web_services import WebServices
from pressmark.local.s3server import RunningS3
from pressmark.reader import Document, Reader
from pressmark.system.child_process import Program
from pressmark.system.ports import free_port
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room import replay_origin
from pressmark.web.reading_room.addresses import Links, Origins
from pressmark.web.reading_room.player import player_folder
from pressmark.web.reading_room.serving import ReadingRoom
from pressmark.web.replay.server import ReplayServer
from tests.jobs.wacz.conftest import SITE, URL, Days
from tests.web.reading_room.contained.attempts import LIVE, page
from tests.web.reading_room.contained.live_web import HERE, live_web
from tests.web.reading_room.contained.windows import SECONDS, Windows, windows
from tests.web.reading_room.hostile import DAY

AT_ONCE = 6
LISTENED = 1.2
"""Seconds to wait for traffic after an attempt."""


def alone() -> None:
    """Set up the loopback, an interface without a network, and name resolution by this process."""
    for words in (
        "link set lo up",
        "link add nowhere type veth peer name nobody",
        "link set nobody up",
        f"addr add {HERE}/24 dev nowhere",
        "link set nowhere up",
        "route add default dev nowhere",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    with tempfile.NamedTemporaryFile("w", delete=False, prefix="resolv-") as names:
        names.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", names.name, "/etc/resolv.conf"], check=True)


def archived(store: Store, folder: Path, attempts: list[str]) -> dict[str, Document]:
    """Archive a page of each attempt, and return the versions read from them."""
    began = datetime(2022, 2, 18, 1, tzinfo=UTC)
    with Days(store, folder).crawl(DAY) as crawl:
        for number, name in enumerate(attempts):
            crawl.publish(crawl.page(URL, page(name).encode()), updated_at=began + timedelta(minutes=number))
    list(Exporter(store, SITE).changed())
    list(Merger(store, SITE).months())
    list(Packager(store, SITE).changed())
    versions = Reader(store, SITE).versions(URL)
    return dict(zip(attempts, versions, strict=True))


def tried(browser: Windows, addresses: dict[str, str], heard: list[str]) -> dict[str, list[str]]:
    """Run the attempts, some at once, and return what arrived at the live web from each."""
    del heard[:]
    for address in addresses.values():
        browser.open(address)
    waiting = set(addresses)
    for _ in range(SECONDS * 20):
        waiting -= {
            name for name in waiting if f"tried {name}" in browser.said or any(_of(name, each) for each in heard)
        }
        if not waiting:
            break
        browser.wait(0.05)
    else:
        raise AssertionError(f"{waiting} were not tried at {addresses}: {browser.said}")
    browser.wait(LISTENED)
    browser.close()
    return {name: [each for each in heard if _of(name, each)] for name in addresses}


def _of(name: str, heard: str) -> bool:
    """Return whether something arrived from an attempt. Datagrams carry no name, so each attempt has its own port."""
    return f" {name}.{LIVE}" in heard or heard == {"webrtc": "udp 3478", "transport": "udp 443"}.get(name)


class Unguarded(ReplayServer):
    """pywb without changes."""

    def _program(self, folder: Path) -> Program:
        program = super()._program(folder)
        (folder / "plain.py").write_text(
            "from gevent.monkey import patch_all\npatch_all()\n"
            "from pywb.apps.cli import WaybackCli\nWaybackCli().run()\n"
        )
        return Program(
            program.name,
            [program.command[0], "plain.py", *program.command[2:]],
            program.environment,
            folder,
            program.log,
        )


def opened(stack: ExitStack, player: str, folder: Path, store: Store, *, is_open: bool) -> Origins:
    """Open the reading room and pywb as the demo does, or one of them without our policy."""
    demo = Settings(
        folder=folder,
        s3_port=0,
        newsroom_port=0,
        airflow_port=0,
        room_port=free_port(),
        replay_port=free_port(),
        pywb_port=free_port(),
        once=False,
    )
    origins = Origins(
        room=f"http://pressmark.localhost:{demo.room_port}",
        replay=f"http://replay.pressmark.localhost:{demo.replay_port}",
        pywb=f"http://pywb.localhost:{demo.pywb_port}",
    )
    if not is_open:
        assert stack.enter_context(WebServices.open(demo, os.environ)).url == origins.room
    elif player == "pywb":
        stack.enter_context(Unguarded(store, folder / "replay", port=demo.pywb_port).running())
    else:
        replay_origin._wrapped_worker = lambda: b'importScripts("replayweb.js");'  # type: ignore[assignment]
        room = ReadingRoom(
            repository=Repository.open(),
            origins=origins,
            host="127.0.0.1",
            port=demo.room_port,
            replay_port=demo.replay_port,
            cache=folder / "cache",
            player=player_folder(),
        )
        stack.enter_context(room.open()).refresh()
    return origins


@contextmanager
def alone_in_a_window(attempts: list[str]) -> Iterator[dict[str, str]]:
    """Serve the pages of attempts without a player; return their addresses."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            name = self.path.removeprefix("/")
            self.wfile.write(page(name).encode() if name in attempts else b"")

        def log_message(self, *said: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield {name: f"http://site.localhost:{server.server_port}/{name}" for name in attempts}
        server.shutdown()


def _address(player: str, origins: Origins, document: Document) -> str:
    if player != "pywb":
        return Links(origins.room).replay(document.key)
    captured = datetime.fromisoformat(document.data["pressmark"]["captures"][0]["capturedAt"])
    return origins.memento(SITE, URL, captured)


def batched(items: Iterable[tuple[str, str]], number: int) -> Iterator[list[tuple[str, str]]]:
    """Return batches of this size."""
    rest = iter(items)
    while some := list(islice(rest, number)):
        yield some


def replayed(stack: ExitStack, player: str, folder: Path, attempts: list[str], *, is_open: bool) -> dict[str, str]:
    """Archive a page of each attempt, open its player, and return the address of each replay."""
    os.environ |= stack.enter_context(RunningS3(folder / "s3")).environment
    store = Store.open(Config.from_env(os.environ))
    documents = archived(store, folder / "crawls", attempts)
    origins = opened(stack, player, folder, store, is_open=is_open)
    return {name: _address(player, origins, document) for name, document in documents.items()}


def main(browser: str, player: str, attempts: list[str], *, is_open: bool) -> None:
    """Print what arrived, as a JSON object by attempt."""
    alone()
    heard: list[str] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressmark-contained-")))
        if player == "none":
            addresses = stack.enter_context(alone_in_a_window(attempts))
        else:
            addresses = replayed(stack, player, folder, attempts, is_open=is_open)
        stack.enter_context(live_web(heard))
        windows_of = stack.enter_context(windows(browser, folder))
        came = {}
        for some in batched(addresses.items(), AT_ONCE):
            came |= tried(windows_of, dict(some), heard)
    json.dump(came, sys.stdout, indent=1)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--open"]
    main(words[0], words[1], words[2:], is_open="--open" in sys.argv)
