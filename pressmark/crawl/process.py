"""The crawl as a separate process, as Airflow starts it: `python -m pressmark.crawl.process SITE/SECTION`.

It logs JSON lines and writes one JSON object to the result pipe before it exits:
`{"manifest_key": ..., "manifest": ..., "error": {"type", "message", "exit_code"} or null}`.
"""

import ctypes
import json
import logging
import os
import signal
import sys
from typing import Any

import click

from pressmark.config import Config
from pressmark.crawl.crawler import crawl
from pressmark.crawl.options import scope_from
from pressmark.crawl.scope_options import scope_options
from pressmark.errors import PressmarkError
from pressmark.sites.site_files import find_section, load_sites
from pressmark.system.logs import log_to
from pressmark.text import shown_lines

PR_SET_PDEATHSIG = 1  # linux/prctl.h

logger = logging.getLogger("pressmark.crawl")


class JsonLines(logging.Formatter):
    """Formats each log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as `{"level", "logger", "message"}`."""
        message = record.getMessage()
        if record.exc_info or record.exc_text:
            record.exc_text = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
            message += "\n" + record.exc_text
        return json.dumps({"level": record.levelname, "logger": record.name, "message": message}, ensure_ascii=False)


@click.command()
@click.argument("name", metavar="SITE/SECTION")
@click.option("--run-id")
@scope_options
@click.option("--log", type=click.Choice(["json", "text"]), default="text")
@click.option("--result-fd", type=int, default=1)
def main(name: str, run_id: str | None, log: str, result_fd: int, **scope: Any) -> None:
    """Crawl SITE/SECTION once."""
    _end_with_parent()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log == "json" else logging.Formatter("%(levelname)s %(message)s"))
    log_to(handler)
    result, exit_code = _crawl(name, run_id, scope)
    with os.fdopen(result_fd, "w", encoding="utf-8") as pipe:
        json.dump(result, pipe)  # In ASCII: this is safe for all text from sites.
    sys.exit(exit_code)


def _crawl(name: str, run_id: str | None, options: dict[str, Any]) -> tuple[dict[str, Any], int]:
    try:
        config = Config.read()
        site, section = find_section(load_sites(config.sites), name)
        scope = scope_from(site.section(section), **options)
        result = crawl(config, site, section, run_id=run_id, scope=scope)
    except PressmarkError as error:
        return {"manifest_key": None, "manifest": None, "error": _error_json(error)}, error.exit_code
    except Exception as error:
        logger.exception("the crawl failed")
        unforeseen = PressmarkError(f"{type(error).__name__}: {error}")
        return {"manifest_key": None, "manifest": None, "error": _error_json(unforeseen)}, unforeseen.exit_code
    failure = result.failure
    return {
        "manifest_key": result.manifest_key,
        "manifest": result.manifest.to_json(),
        "error": failure and _error_json(failure),
    }, failure.exit_code if failure else 0


def _error_json(error: PressmarkError) -> dict[str, Any]:
    return {"type": type(error).__name__, "message": shown_lines(str(error)), "exit_code": error.exit_code}


def _end_with_parent() -> None:
    """Get SIGTERM when the parent dies for any reason: nobody would watch a crawl without its task. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
