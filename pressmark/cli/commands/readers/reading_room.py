"""`pressmark reading-room`: find, compare and replay what was archived, in a browser."""

import time
from pathlib import Path

import click

from pressmark.cli.echo import echo


@click.command(
    name="reading-room",
    epilog="""\b
Examples:
  pressmark reading-room                                on this machine, for you alone
  pressmark reading-room --pywb http://pywb.localhost:8092
                                                        with links to `pressmark replay`
  pressmark reading-room --url https://archive.example.org --replay-url https://replay.example.org
                                                        behind a server that speaks TLS
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8090, show_default=True, help="Port to listen on.")
@click.option(
    "--replay-port", type=click.IntRange(1, 65535), default=8091, show_default=True, help="Port of the replays."
)
@click.option("--url", help="Where browsers reach it, if that is not host and port; used in citations.")
@click.option("--replay-url", help="Where browsers reach the replays: another name or port than --url.")
@click.option("--pywb", default="", help="Where browsers reach pywb: `pressmark replay` prints it.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Folder for the catalogue.")
@click.option(
    "--player",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of ReplayWeb.page; npm fetches it if it is missing.",
)
def reading_room(
    host: str,
    port: int,
    replay_port: int,
    url: str | None,
    replay_url: str | None,
    pywb: str,
    cache: Path | None,
    player: Path | None,
) -> None:
    """Serve the reading room: articles, their versions, what changed between them, and their pages as captured.

    It reads the bucket of PRESSMARK_BUCKET and needs only a reader's keys. Its catalogue is made from the exports
    (`pressmark export`), its replays from the packages (`pressmark package`).
    """
    from pressmark.system.child_process import POLL, interrupt_on_sigterm
    from pressmark.system.ports import LOOPBACK, origin
    from pressmark.web.common.caches import cache_folder
    from pressmark.web.common.repository import Repository
    from pressmark.web.reading_room.player import player_folder
    from pressmark.web.reading_room.serving import LOCAL, LOCAL_REPLAY, ReadingRoom, checked

    # Host names separate the cookies of captured pages from those of other servers on this machine; ports do not.
    local = {LOOPBACK: (LOCAL, LOCAL_REPLAY)}.get(host, (host, host))
    origins = checked(url or origin(local[0], port), replay_url or origin(local[1], replay_port), pywb)
    repository = Repository.open()
    repository.store.check()
    room = ReadingRoom(
        repository=repository,
        origins=origins,
        host=host,
        port=port,
        replay_port=replay_port,
        cache=cache or cache_folder("reading-room"),
        player=player or player_folder(),
    )
    interrupt_on_sigterm()
    with room.open():
        echo(f"The reading room is open at {origins.room} until you press Ctrl-C.")
        try:
            while True:
                time.sleep(POLL * 10)
        except KeyboardInterrupt:
            echo("\nClosed.", err=True)
