# ruff: noqa: F811 - fixtures of another module are used by their names.
"""A damaged file of a spool: from the run that finds it to the console and to those who are notified."""

from pathlib import Path

import pytest
from airflow.sdk import Context, Variable

from pressmark.airflow.alerts.section import watch_section
from tests.airflow.alerts.conftest import OPS, Tasks, mail, tasks  # noqa: F401 - fixtures
from tests.airflow.alerts.servers import MailServer
from tests.airflow.console.conftest import visitor
from tests.support.archive import SECTION, Archive
from tests.support.spooled import hole

OTHER = "newsroom/world/africa"
TITLE = "1 file of the spool can't be read"


def damaged(archive: Archive) -> Path:
    """Kill a crawl, and make a hole in the segment that it left."""
    archive.killed(12)
    [path] = (archive.config.spool / "newsroom").glob("*.open")
    data = bytearray(path.read_bytes())
    hole(data, len(data) // 2, 64)
    path.write_bytes(data)
    return path


def alarms(tasks: Tasks, section: str) -> list[str]:
    """Watch a section as its DAG does after each run."""
    return [alarm["kind"] for alarm in tasks.run(lambda context: watch_section(section, context))]


def forget(context: Context) -> None:
    for section in (SECTION, OTHER):
        Variable.delete(f"pressmark_alarms/{section}")


@pytest.mark.long
def test_a_damaged_segment_is_in_the_manifest_the_console_and_one_alarm(
    archive: Archive, tasks: Tasks, mail: MailServer
) -> None:
    sections = {
        section.partition("/")[2]: {"name": section, "path": f"/{section.partition('/')[2]}", "schedule": None}
        for section in (SECTION, OTHER)
    }
    archive.set_site(sections=sections, politeness={"delay": 0.02, "concurrency": 1, "timeout": 10})
    tasks.run(forget)
    path = damaged(archive)
    size = path.stat().st_size

    run = archive.crawl()
    assert run.exit_code == 0, run.error
    [listed] = run.manifest["set_aside"]
    assert (listed["file"], listed["size"]) == (path.name, size)
    assert "it is damaged" in listed["reason"]
    assert listed["records"] > 0
    assert listed["salvaged"] == [Path(each["key"]).name for each in run.manifest["segments"] if "salv" in each["key"]]
    assert archive.crawl(section=OTHER).manifest["set_aside"] == []

    console = visitor()
    for page in ("/", f"/sections/{SECTION}"):
        shown = console.read(page)
        assert f"Alarm: {TITLE}" in shown
        assert f"{path.name}: {listed['reason']}. All readable records of them are published." in shown
    assert "1 alarm" in console.read("/")
    assert "Alarm:" not in console.read(f"/sections/{OTHER}")

    assert [alarms(tasks, section) for section in (SECTION, OTHER, SECTION)] == [["set-aside"], [], ["set-aside"]]
    assert mail.subjects(OPS) == [f"[Pressmark] {SECTION}: {TITLE}"]

    for name in (f"{path.name}.bad", f"{path.name}.bad.json"):  # As the alarm says.
        path.with_name(name).unlink()
    assert archive.crawl().manifest["set_aside"] == []
    assert alarms(tasks, SECTION) == []
    assert mail.subjects(OPS)[1:] == [f"[Pressmark] over: {SECTION}: {TITLE}"]
    assert "Alarm:" not in visitor().read("/")
