"""`pressmark replay`: serves captured pages by pywb."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from pressmark.cli.echo import echo


@click.command(
    epilog="""\b
Examples:
  pressmark replay                                   on this machine, for you alone
  pressmark reading-room --pywb http://pywb.localhost:8092
                                                     with links to it
  pressmark replay --url https://replay.example.org --frame-url https://pages.replay.example.org
                                                     behind a server that speaks TLS
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8092, show_default=True, help="Port to listen on.")
@click.option("--url", help="Where browsers reach it, if that is not host and port.")
@click.option("--frame-url", help="Where browsers reach captured pages: another name of this server than in --url.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Folder for copies of the indexes.")
def replay(host: str, port: int, url: str | None, frame_url: str | None, cache: Path | None) -> None:
    """Serve replay of all sites by pywb; it reads WARCs from the bucket of PRESSMARK_BUCKET.

    It finds captures in the merged indexes (`pressmark index`); they are copied here and updated every 30 s. Memento
    (RFC 7089): /SITE/timemap/link/URL lists the captures of a page, /SITE/URL is its TimeGate.
    """
    from pressmark.archive.s3.store import Store
    from pressmark.config import Config
    from pressmark.model import keys
    from pressmark.system.child_process import interrupt_on_sigterm
    from pressmark.web.common.caches import cache_folder
    from pressmark.web.replay.server import ReplayServer

    store = Store.open(Config.read())
    here, frames = _origins(url, frame_url, port)
    server = ReplayServer(store, cache or cache_folder("replay"), host, port, url=here, frames=frames)
    interrupt_on_sigterm()
    try:
        with server.running() as program:
            echo(f"Replaying at {here} until you press Ctrl-C. Its log: {program.log}")
            sites = list(store.folders(keys.INDEX))
            for site in sites:
                echo(f"  {here}/{site}/   TimeMaps: {here}/{site}/timemap/link/URL")
            if not sites:
                echo(
                    "Nothing is indexed yet: run `pressmark index SITE`. The index is loaded here within half a minute."
                )
            program.wait()
            program.check()
    except KeyboardInterrupt:
        echo("\nClosed.", err=True)


def _origins(url: str | None, frame_url: str | None, port: int) -> tuple[str, str]:
    """Return the origins of the server and of captured pages."""
    from pressmark.errors import UsageError
    from pressmark.system.ports import origin
    from pressmark.web.replay.server import LOCAL, LOCAL_FRAMES

    if not (url or frame_url):
        return origin(LOCAL, port), origin(LOCAL_FRAMES, port)
    names = []
    for option, address in (("--url", url), ("--frame-url", frame_url)):
        if not address or not (name := _name_of(address)):
            raise UsageError(
                f"{option}: {address or 'nothing'!r} is no address such as https://replay.example.org. Captured pages "
                "need a name of their own, so that none can redirect its reader: give --url and --frame-url two names."
            )
        names.append(name)
    if names[0] == names[1]:
        raise UsageError(f"--url and --frame-url both have the name {names[0]}: give captured pages another one")
    return str(url).rstrip("/"), str(frame_url).rstrip("/")


def _name_of(address: str) -> str | None:
    """Return the host of an origin; None if the address is invalid."""
    try:
        parts = urlsplit(address)
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.port == 0
    except ValueError:  # An unclosed bracket, or an invalid port.
        return None
    return None if extra or parts.scheme not in {"http", "https"} else parts.hostname
