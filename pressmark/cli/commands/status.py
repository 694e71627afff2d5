"""`pressmark status`: the last run of each section, and what waits in the spool."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pressmark.cli.echo import echo
from pressmark.errors import FindingsFound, SpoolError

if TYPE_CHECKING:
    from rich.table import Table

    from pressmark.archive.s3.store import Store
    from pressmark.config import Config
    from pressmark.sites.site import Site

UNREADABLE = "can't be read"


@click.command(
    epilog="""\b
Examples:
  pressmark status
  pressmark status --alarms --json | jq '.[] | select(.alarms != [])'
"""
)
@click.option("--alarms", "with_alarms", is_flag=True, help="Judge the history of each section, and show its alarms.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(with_alarms: bool, as_json: bool) -> None:
    """Show each section's last run and what waits in the local spool."""
    from pressmark.archive.s3.store import Store
    from pressmark.cli.output import console, print_json
    from pressmark.config import Config
    from pressmark.sites.site_files import load_sites

    config = Config.read()
    store = Store.open(config)
    sites = load_sites(config.sites)
    sections = [(site, name) for site in sites.values() for name in site.enabled]
    states = [_row(config, store, site, name) for site, name in sections]
    if with_alarms:
        now = datetime.now(UTC)
        for row, (site, name) in zip(states, sections, strict=True):
            row["alarms"] = _alarms(store, site, name, now)
    if as_json:
        print_json(states)
    else:
        console().print(_table(states))
        if any(row["set_aside"] for row in states):
            echo("`pressmark recover` lists what is set aside, and why.")
        for site in sites.values():
            _print_renamed(store, site)
        for row in states:
            for alarm in row.get("alarms", ()):
                echo(f"{row['section']}: {alarm['title']}. {alarm['message']}\nWhat to do: {alarm['advice']}")
    problems = [f"{row['section']}: {problem}" for row in states for problem in row["problems"]]
    if problems := [*(f"left out: {each}" for each in sites.wrong), *problems]:
        raise FindingsFound("\n".join(problems))


def _table(states: list[dict[str, Any]]) -> "Table":
    from pressmark.cli.output import table

    rows = table(
        *("section", "last run", "ended", "seen", "published", "updated", "rejected", "failed"),
        *("waiting in the spool", "set aside"),
    )
    for row in states:
        counts = row["counts"] or {}
        figures = (str(counts.get(name, "-")) for name in ("seen", "published", "updated", "rejected", "failed"))
        spooled = "?" if row["spooled"] is None else str(row["spooled"])
        aside = str(len(row["set_aside"])) if row["set_aside"] else "-"
        ago = UNREADABLE if row["unreadable"] else row["ago"] or "never"
        rows.add_row(row["section"], ago, row["ended"] or "-", *figures, spooled, aside)
    return rows


def _row(config: "Config", store: "Store", site: "Site", section: str) -> dict[str, Any]:
    """Return the state of one section; `problems` lists what can't be read, and the others are shown."""
    from pressmark.archive.spool.set_aside import all_set_aside
    from pressmark.archive.spool.spool_files import spool_files

    problems: list[str] = []
    last, unreadable, spooled, aside = None, False, None, list[dict[str, Any]]()
    try:
        last = _last(store, site, section)
    except FindingsFound as error:
        unreadable = True
        problems.append(f"its last manifest can't be read: {error}")
    spool = config.spool / site.site
    try:
        spooled = spool_files(spool, site.site).waiting
        aside = [note.summary for note in all_set_aside(spool, site.site)]
    except (SpoolError, OSError) as error:
        problems.append(f"its spool can't be read: {error}")
    return {
        "section": f"{site.site}/{section}",
        **(last or dict.fromkeys(("run_id", "ended", "ended_at", "ago", "counts"))),
        "unreadable": unreadable,
        "spooled": spooled,
        "set_aside": aside,
        "problems": problems,
    }


def _print_renamed(store: "Store", site: "Site") -> None:
    """Print which runs belong to sections that the site file does not have."""
    from pressmark.archive.bucket import manifest
    from pressmark.monitoring import advice

    for each in advice.renamed(site, manifest.sections(store, site.site)):
        echo(each)


def _alarms(store: "Store", site: "Site", section: str, now: datetime) -> list[dict[str, str]]:
    """Return what is wrong with a section, in the same words as mails and console."""
    from pressmark.monitoring.alarms import alarms, runs_to_judge
    from pressmark.monitoring.history import History

    runs = runs_to_judge(History(store, site.site), site, section, now)
    return [
        {"kind": each.kind, "title": each.title, "message": each.message, "advice": each.advice}
        for each in alarms(site, section, runs, now)
    ]


def _last(store: "Store", site: "Site", section: str) -> dict[str, Any] | None:
    from pressmark.archive.bucket import manifest
    from pressmark.model.document import timestamp

    last = manifest.latest(store, site.site, section)
    if last is None:
        return None
    return {
        "run_id": last.run_id,
        "ended": last.ended,
        "ended_at": timestamp(last.ended_at),
        "ago": _ago(last.ended_at),
        "counts": dict(last.counts),
    }


def _ago(moment: datetime) -> str:
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    if minutes < 0:
        return "in the future"  # A clock was set back, or is not that of this machine.
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
