"""The command `pressmark newsroom`."""

import errno
import shlex
from datetime import datetime
from pathlib import Path

import click

from pressmark.local.newsroom.clock import CLOCK_START, read_clock


class _Clock(click.ParamType[datetime]):
    name = "TIME"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read `now` or an ISO time."""
        if isinstance(value, datetime):
            return value
        try:
            return read_clock(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _CantListen(click.ClickException):
    exit_code = 2


@click.command(
    "newsroom",
    epilog="""\b
Examples:
  pressmark newsroom
and in another shell:
  export PRESSMARK_SITES=.pressmark/sites && pressmark crawl newsroom/world/europe
\b
  pressmark newsroom --articles 1000 --script monday.yml --run-clock
\b
with monday.yml (article: 0 is the oldest of its section, -1 the newest):
  - {after: 10s, do: publish}
  - {after: 1m, do: update, article: -3}
  - {after: 2m, do: withdraw, article: -5, status: 410}
  - {after: 3m, do: fault, path: /world/europe, kind: status-500, times: 2}
""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--articles",
    type=click.IntRange(1, 200_000),
    default=200,
    show_default=True,
    help="Articles of world/europe; each other section has a tenth of it, at least 10.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of all texts and ids.")
@click.option(
    "--clock",
    type=_Clock(),
    default=CLOCK_START.isoformat(),
    show_default=True,
    help="Time at the start: ISO with its zone, or now.",
)
@click.option("--run-clock", is_flag=True, help="Let the clock run; otherwise only POST /-/advance moves it.")
@click.option(
    "--crawl-delay", type=click.FloatRange(0), default=0.01, show_default=True, help="Seconds, for robots.txt."
)
@click.option(
    "--sites",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".pressmark/sites"),
    show_default=True,
    help="Folder for its site file, for PRESSMARK_SITES.",
)
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML list of events, each at a time of the clock.",
)
def newsroom_command(
    *,
    port: int,
    host: str,
    articles: int,
    seed: int,
    clock: datetime,
    run_clock: bool,
    crawl_delay: float,
    sites: Path,
    script: Path | None,
) -> None:
    """Serve a synthetic news site, until Ctrl-C.

    Its sections are /world/europe and eight others. GET /-/state returns its state; POST /-/publish, update,
    edit-silently, withdraw, fault, clear-faults and advance change it.
    """
    from pressmark.local.newsroom.http.server_thread import serve
    from pressmark.local.newsroom.newsroom import Newsroom
    from pressmark.local.newsroom.script import read_script
    from pressmark.local.newsroom.site_file import write_site_file

    try:
        newsroom = Newsroom(articles=articles, seed=seed, clock=clock, run_clock=run_clock, crawl_delay=crawl_delay)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if script:
        try:
            newsroom.schedule(read_script(script))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--script") from error

    def opened(url: str) -> None:
        click.echo(f"The newsroom is open: {url}/world/europe")
        try:
            folder = write_site_file(sites.absolute(), url)
        except OSError as error:
            click.echo(f"Its site file can't be written: {error}", err=True)
        else:
            click.echo(f"To archive it: export PRESSMARK_SITES={shlex.quote(str(folder))}")

    try:
        serve(newsroom, host, port, opened)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _CantListen(f"port {port} of {host} is in use: choose another with --port") from error
        raise _CantListen(f"can't listen on {host} port {port}: {error}: see --host and --port") from error
