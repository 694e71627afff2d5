"""The `pressmark` command: parses the command line and calls the command's function."""

import importlib
import os
import sys
import tempfile
import traceback
from difflib import get_close_matches
from types import TracebackType
from typing import Any

import click

import pressmark
from pressmark.cli.echo import echo
from pressmark.errors import PressmarkError
from pressmark.file_system import is_of_file_system
from pressmark.private import keep_private
from pressmark.system.logs import escape_our_records
from pressmark.system.streams import open_streams

COMMANDS = {
    "audit": (
        "pressmark.cli.commands.audit:audit",
        "Check a site's whole archive, and write the result.",
        "crawl",
    ),
    "crawl": ("pressmark.cli.commands.crawl:crawl", "Crawl a section once: capture, read, publish.", "crawl"),
    "demo": ("pressmark.local.demo.command:demo", "Run everything on this machine, with a synthetic site.", "demo"),
    "export": (
        "pressmark.cli.commands.readers.export:export",
        "Write Parquet and JSON Lines files, one per day.",
        "exports",
    ),
    "index": (
        "pressmark.cli.commands.readers.index:index",
        "Merge segments' indexes into one CDXJ per month.",
        "crawl",
    ),
    "init-bucket": (
        "pressmark.cli.commands.init_bucket:init_bucket",
        "Create the bucket, and set its protection.",
        "crawl",
    ),
    "newsroom": (
        "pressmark.local.newsroom.command:newsroom_command",
        "Serve the synthetic news site of demo and tests.",
        "newsroom",
    ),
    "package": (
        "pressmark.cli.commands.readers.package:package",
        "Write a WACZ file per day for replay.",
        "crawl",
    ),
    "pools": ("pressmark.cli.commands.pools:pools", "Print the Airflow pools that the DAGs need.", "airflow"),
    "reading-room": (
        "pressmark.cli.commands.readers.reading_room:reading_room",
        "Serve search, comparison and replay to readers.",
        "reading-room",
    ),
    "recover": (
        "pressmark.cli.commands.recover:recover_command",
        "Publish what killed runs left in the spool.",
        "crawl",
    ),
    "rederive": (
        "pressmark.cli.commands.rederive:rederive_command",
        "Read articles again from their captures.",
        "crawl",
    ),
    "replay": ("pressmark.cli.commands.readers.replay:replay", "Serve replay of all sites by pywb.", "replay"),
    "s3server": ("pressmark.local.s3server:s3server", "Serve a bucket on this machine.", "s3server"),
    "sites": ("pressmark.cli.commands.sites:sites", "List the sections, and wrong site files.", "crawl"),
    "status": ("pressmark.cli.commands.status:status", "Show each section's last run, and its alarms.", "crawl"),
    "verify": ("pressmark.cli.commands.verify:verify", "Check that all objects of runs are whole.", "crawl"),
    "versions": ("pressmark.cli.commands.versions:versions", "List the versions of an article.", "reader"),
}
"""Where each command is, module and name in it, what it does, and the extra that it needs: `--help` imports none."""

_COMMAND = "pressmark.command"
"""Where click's context keeps the name of the command."""

NOTES = """\b
The bucket is named by the standard variables:
  AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, PRESSMARK_BUCKET

\b
Exit codes:
  0  all is well
  1  an unexpected error
  2  wrong usage: unknown section, bad option, bad site file
  3  the bucket can't be used
  4  the crawl's result can't be trusted: layout changed, site refused
  5  the local spool can't be used
  6  another crawl of this host is running
  7  a service did not start
  8  verify found something wrong
  130  the crawl was stopped; what it captured is published
"""


class Commands(click.Group):
    """Imports a command only when it runs: commands start fast, and need only their own extras."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown name, suggest similar ones."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            like = get_close_matches(args[0], COMMANDS)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {' or '.join(like)}?" if like else ""))
        ctx.meta[_COMMAND] = args[0]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all commands with what they do."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary, _) in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; Pressmark's errors and errors of the disk become one line and an exit code."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except PressmarkError as error:
            echo(f"pressmark: {error}", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if not is_of_file_system(error):
                raise
            here = f"its disks (temporary files are in {tempfile.gettempdir()}), and its limits of files and memory"
            echo(f"pressmark: {error}. This machine is the cause: check {here}.", err=True)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes the rest of stdout there at its exit.
            sys.exit(1)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] == "pressmark":
                raise
            name = ctx.meta[_COMMAND]
            extra = COMMANDS[name][2]
            echo(f"pressmark: {error}. `{name}` needs the extra {extra}: pip install 'pressmark[{extra}]'", err=True)
            sys.exit(2)


@click.group(cls=Commands, epilog=NOTES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pressmark.__version__, prog_name="pressmark")
def main() -> None:
    """Archive a news section: exact WARC captures, and every version of every article as JSON in an S3 bucket."""
    open_streams()
    sys.excepthook = _print_traceback
    escape_our_records()
    keep_private()
    if os.environ.get("NO_COLOR") is None and not sys.stdout.isatty():
        os.environ["NO_COLOR"] = "1"


def _print_traceback(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    echo("".join(traceback.format_exception(kind, error, where)), err=True, nl=False)
