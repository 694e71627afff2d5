"""The command as users meet it: a separate process, its output, its exit codes."""

import json
import os
import pty
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pressmark.cli.main import COMMANDS
from tests.support.archive import SECTION, Archive

PRESSMARK = Path(sys.executable).parent / "pressmark"


def pressmark(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PRESSMARK, *words], env=os.environ | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_help_lists_the_commands_and_the_exit_codes() -> None:
    output = pressmark("--help").stdout
    for word in ("crawl", "newsroom", "verify", "versions", "status", "Exit codes", "AWS_ENDPOINT_URL_S3"):
        assert word in output


def test_help_imports_no_command_and_cuts_nothing_off() -> None:
    code = "import sys; sys.argv = ['pressmark', '--help']; import pressmark.cli.main, contextlib\n"
    code += "with contextlib.suppress(SystemExit): pressmark.cli.main.main()\n"
    code += "others = 'boto3', 'scrapy', 'pydantic'\n"
    code += "print(*[each for each in sys.modules if each.startswith(('pressmark.', *others))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *output, imported = done.stdout.splitlines()
    needed = "cli cli.echo cli.main errors file_system private system system.logs system.streams text"
    assert set(imported.split()) == {f"pressmark.{name}" for name in needed.split()}
    assert not [line for line in output[1:] if line.endswith("...")]


def test_the_help_of_a_command_imports_nothing_that_only_its_work_needs() -> None:
    code = """
import contextlib, io, sys
from pressmark.cli.main import COMMANDS, main
for name in COMMANDS:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        main([name, "--help"], standalone_mode=False)
    assert "  Example" in said.getvalue(), name
heavy = "airflow boto3 croniter fastwarc jsonschema_rs lxml pyarrow pydantic rich scrapy starlette twisted warcio"
print(*[name for name in heavy.split() if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_sites_are_printed_for_machines() -> None:
    [newsroom] = [each for each in json.loads(pressmark("sites", "--json").stdout) if each["section"] == SECTION]
    assert newsroom["address"].endswith("/world/europe")
    assert newsroom["enabled"] is True


def test_a_name_that_is_none_is_met_with_one_like_it() -> None:
    done = pressmark("verfy")
    assert done.returncode == 2
    assert "No such command 'verfy'. Did you mean verify?" in done.stderr
    assert "Did you mean" not in pressmark("qqq").stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_where_the_list_says(name: str) -> None:
    assert f"Usage: pressmark {name}" in pressmark(name, "--help").stdout


@pytest.mark.parametrize("command", ["crawl", "newsroom", "pools", "s3server", "verify", "versions"])
def test_every_command_that_takes_something_shows_an_example(command: str) -> None:
    assert "Example" in pressmark(command, "--help").stdout


def test_an_unknown_section_lists_the_known_ones() -> None:
    done = pressmark("crawl", "chinadaily/world/mars")
    assert done.returncode == 2
    assert "chinadaily/world/europe" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command", [["crawl", SECTION], ["status"], ["verify", SECTION], ["versions", "WS" + "0" * 24]]
)
def test_an_unreachable_bucket_is_one_clear_line(archive: Archive, command: list[str]) -> None:
    done = pressmark(*command, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("pressmark: bucket ")
    assert "http://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_password_in_the_endpoint_is_refused_and_not_shown() -> None:
    done = pressmark("status", AWS_ENDPOINT_URL_S3="http://user:hunter2@127.0.0.1:9")
    assert done.returncode == 3
    assert "names a user or a password" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["verify", "rederive"])
def test_an_empty_run_id_does_not_mean_all_runs(command: str) -> None:
    done = pressmark(command, SECTION, "--run", "")
    assert done.returncode == 2
    assert "it is empty" in done.stderr


def test_from_crawl_to_verify(archive: Archive) -> None:
    done = pressmark("crawl", SECTION)
    assert done.returncode == 0
    assert "complete. Manifest: runs/newsroom/world/europe/" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    again = json.loads(pressmark("crawl", SECTION, "--json").stdout)
    assert again["counts"]["published"] == 0

    status = json.loads(pressmark("status", "--json").stdout)
    [row] = [row for row in status if row["section"] == SECTION]
    assert (row["ended"], row["counts"]["published"], row["spooled"]) == ("complete", 0, 0)

    for how in ([SECTION], [SECTION, "--full"], ["newsroom"], []):
        verified = pressmark("verify", *how)
        assert (verified.returncode, verified.stdout.split(":")[0]) == (0, "2 runs")
    today = f"{datetime.fromisoformat(again['started_at']):%Y-%m-%d}"
    assert pressmark("verify", SECTION, "--day", today).stdout.startswith("2 runs")
    assert pressmark("verify", SECTION, "--run", again["run_id"]).stdout.startswith("1 run: ")

    newest = archive.newsroom.article_id(-1)
    listed = pressmark("versions", f"{archive.url}{archive.newsroom.story(newest).path}")
    assert newest in listed.stdout
    [document] = json.loads(pressmark("versions", newest, "--json").stdout)
    assert document["headline"] == archive.newsroom.story(newest).headline

    stored = archive.store.get(document["key"])
    archive.store.put(document["key"], stored.replace(b'"offset":', b'"offset":1'))
    for how in ([SECTION], [SECTION, "--full"]):
        damaged = pressmark("verify", *how)
        assert damaged.returncode == 8
        assert document["key"] in damaged.stdout
    archive.store.put(document["key"], stored[:-2] + b" }")
    assert pressmark("verify").returncode == 0
    [finding] = json.loads(pressmark("verify", "--full", "--json").stdout)
    assert (finding["key"], finding["problem"]) == (document["key"], "its SHA-256 is not the manifest's")


@pytest.mark.parametrize(
    ("words", "output"),
    [
        (["verify", SECTION], "no such runs"),
        (["verify", "mars"], "no site 'mars'"),
        (["versions", "WS" + "0" * 24], "no version is published"),
        (["versions", "lamps"], "is neither the URL of an article"),
    ],
)
def test_where_there_is_nothing_it_says_so(archive: Archive, words: list[str], output: str) -> None:
    done = pressmark(*words)
    assert done.returncode == 2
    assert output in done.stderr


def test_status_of_an_empty_bucket(archive: Archive) -> None:
    assert "never" in pressmark("status").stdout


def test_status_reports_alarms_in_the_words_of_the_mails_and_what_was_renamed(archive: Archive) -> None:
    archive.set_site(expect={"fewest": 50, "most": 60})
    assert pressmark("crawl", SECTION).returncode == 4
    output = pressmark("status", "--alarms").stdout
    assert f"{SECTION}: the layout changed. 1 run since " in output
    assert "What to do: Open http://127.0.0.1" in output
    assert "renamed" not in output
    rows = json.loads(pressmark("status", "--alarms", "--json").stdout)
    [alarm] = next(row["alarms"] for row in rows if row["section"] == SECTION)
    assert alarm["kind"] == "layout-changed"
    archive.set_site(sections={"europe": {"name": "Europe", "path": "/world/europe"}})
    output = pressmark("status").stdout
    assert "There are runs of newsroom/world/europe, but its site file has no such section: was it renamed?" in output


def test_a_terminal_sees_progress(archive: Archive) -> None:
    reader, terminal = pty.openpty()
    with subprocess.Popen([PRESSMARK, "crawl", SECTION], stderr=terminal, stdout=subprocess.DEVNULL) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(reader, 4096):
                shown += part
        except OSError:
            pass  # The way Linux ends reading from a terminal that nobody holds any more.
        os.close(reader)
    assert process.returncode == 0
    assert b"/30" in shown
    assert "━".encode() in shown


def test_a_wrong_site_file_stops_no_other_site(archive: Archive) -> None:
    assert archive.config.sites
    wrong = archive.config.sites / "mine.yml"
    wrong.write_text("site: mine\nhosts: [")
    assert pressmark("crawl", SECTION).returncode == 0
    for command, code in (("status", 8), ("sites", 2), ("recover", 2), ("pools", 0), ("versions", 2)):
        words = [command, "WS" + "0" * 24] if command == "versions" else [command]
        done = pressmark(*words)
        assert done.returncode == code, done.stderr
        assert str(wrong) in done.stderr
        assert "Traceback" not in done.stderr
        assert "newsroom" in done.stdout or command in {"recover", "versions"}
    for words in (
        ["verify", "newsroom", "--full"],
        *(["export", "newsroom"], ["index", "newsroom"], ["package", "newsroom"]),
        *(["audit", "newsroom", "--sample", "1"], ["rederive", SECTION]),
    ):
        done = pressmark(*words)
        assert done.returncode == 0, done.stderr
    done = pressmark("crawl", "mine/home")
    assert done.returncode == 2
    assert f"Left out: {wrong}" in done.stderr
