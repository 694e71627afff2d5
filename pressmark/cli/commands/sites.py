"""`pressmark sites`: which sections can be crawled."""

import os

import click

from pressmark.errors import SiteFileError


@click.command()
def sites() -> None:
    """List the sections that can be crawled, and the site files that are wrong."""
    from pressmark.cli.output import console, table
    from pressmark.config import Config
    from pressmark.site_files import load_sites

    rows = table("section", "title", "schedule (UTC)", "pages", "address")
    known = load_sites(Config.from_env(os.environ).sites)
    for site in known.values():
        for name, section in site.sections.items():
            schedule = (section.schedule or "when triggered") if section.enabled else "switched off"
            title = f"{site.title}: {section.name}"
            rows.add_row(f"{site.site}/{name}", title, schedule, str(section.pages), site.origin + section.path)
    console().print(rows)
    if known.wrong:
        raise SiteFileError("\n".join(f"left out: {each}" for each in known.wrong))
