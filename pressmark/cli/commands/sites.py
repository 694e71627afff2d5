"""`pressmark sites`: which sections can be crawled."""

import click

from pressmark.errors import SiteFileError


@click.command(
    epilog="""\b
Examples:
  pressmark sites
  pressmark sites --json | jq -r '.[] | select(.enabled) | .section'
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sites(as_json: bool) -> None:
    """List the sections that can be crawled, and the site files that are wrong."""
    from pressmark.cli.output import console, print_json, table
    from pressmark.config import Config
    from pressmark.sites.site_files import load_sites

    known = load_sites(Config.read().sites)
    found = [
        {
            "section": f"{site.site}/{name}",
            "title": f"{site.title}: {section.name}",
            "enabled": section.enabled,
            "schedule": section.schedule,
            "pages": section.pages,
            "address": site.origin + section.path,
        }
        for site in known.values()
        for name, section in site.sections.items()
    ]
    if as_json:
        print_json(found)
    else:
        rows = table("section", "title", "schedule (UTC)", "pages", "address")
        for each in found:
            when = (each["schedule"] or "when triggered") if each["enabled"] else "switched off"
            rows.add_row(*map(str, (each["section"], each["title"], when, each["pages"], each["address"])))
        console().print(rows)
    if known.wrong:
        raise SiteFileError("\n".join(f"left out: {each}" for each in known.wrong))
