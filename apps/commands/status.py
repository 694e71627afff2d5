"""`pressmark status`: the last run of each section, and what waits in the spool."""

import os
from datetime import UTC, datetime
from typing import Any

import click

from apps.commands.console import console, print_json, table
from pressmark.archive import manifest
from pressmark.archive.batch import leftovers, torn
from pressmark.archive.store import Store
from pressmark.config import Config
from pressmark.site import Site, load_sites


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show each section's last run and what waits in the local spool."""
    config = Config.from_env(os.environ)
    store = Store.open(config)
    states = [_row(config, store, site, name) for site in load_sites(config.sites).values() for name in site.enabled]
    if as_json:
        print_json(states)
        return
    rows = table(
        "section", "last run", "ended", "seen", "published", "updated", "rejected", "failed", "waiting in the spool"
    )
    for row in states:
        counts = row["counts"] or {}
        figures = (str(counts.get(name, "-")) for name in ("seen", "published", "updated", "rejected", "failed"))
        rows.add_row(row["section"], row["ago"] or "never", row["ended"] or "-", *figures, str(row["spooled"]))
    console().print(rows)


def _row(config: Config, store: Store, site: Site, section: str) -> dict[str, Any]:
    spool = config.spool / site.site
    last = manifest.latest(store, site.site, section)
    return {
        "section": f"{site.site}/{section}",
        "run_id": last and last["run_id"],
        "ended": last and last["ended"],
        "ended_at": last and last["ended_at"],
        "ago": last and _ago(datetime.fromisoformat(last["ended_at"])),
        "counts": last and last["counts"],
        "spooled": len(leftovers(spool, site.site)) + len(torn(spool, site.site)),
    }


def _ago(moment: datetime) -> str:
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    if minutes < 0:
        return "in the future"  # A clock was set back, or is not that of this machine.
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
