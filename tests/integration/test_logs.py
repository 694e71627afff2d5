"""The log of the programs, as a terminal shows it; in its own process, where we set the handlers."""

import json
import subprocess
import sys

import pytest

EVIL = "a\x1b[2J\r\nERROR forged \x9b31m \u202e \u2028 \ud800 %s"
SEEN = r"a\x1b[2J\r\nERROR forged \x9b31m \u202e \u2028 \ud800 %s"
PROGRAM = """
import logging, sys
from pressmark.crawl.process import JsonLines
from pressmark.system.logs import log_to
handler = logging.StreamHandler()
handler.setFormatter(JsonLines() if sys.argv[1] == "json" else logging.Formatter("%(levelname)s %(message)s"))
log_to(handler)
evil = {evil!a}
logger = logging.getLogger("pressmark.crawl")
logger.warning("rejected: %s", evil)
logger.warning(evil)
try:
    raise ValueError(evil)
except ValueError:
    logger.exception("it broke")
"""


def logged(form: str) -> list[str]:
    program = PROGRAM.replace("{evil!a}", ascii(EVIL))
    done = subprocess.run([sys.executable, "-c", program, form], capture_output=True, check=True)
    return done.stderr.decode().split("\n")


def test_one_record_is_one_line_that_commands_nothing() -> None:
    lines = logged("text")
    assert lines[:3] == [f"WARNING rejected: {SEEN}", f"WARNING {SEEN}", "ERROR it broke"]
    assert lines[3].startswith("Traceback")
    assert not [line for line in lines if not line.isprintable()]


def test_json_lines_are_decoded_to_what_is_safe() -> None:
    first, second, third = (json.loads(line)["message"] for line in logged("json") if line)
    assert (first, second) == (f"rejected: {SEEN}", SEEN)
    assert third.startswith("it broke\nTraceback")
    assert all(line.isprintable() for line in third.split("\n"))


@pytest.mark.parametrize("name", ["pressmark.alarms", "pressmark.airflow.tasks.package"])
def test_records_of_ours_are_safe_under_the_handlers_of_airflow(name: str) -> None:
    program = (
        "import logging; from pressmark.system.logs import escape_our_records; escape_our_records();"
        "logging.basicConfig();"
        f"logging.getLogger({name!r}).warning('%s', 'a\\x1b[2J')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stderr == f"WARNING:{name}:a\\x1b[2J\n"
