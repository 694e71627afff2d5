"""Airflow's pools: one crawl at a time asks a site, and reading archives back leaves room for crawls."""

from collections.abc import Collection, Iterable
from typing import Any

from pressmark.sites.site import Site

PARTITIONS_POOL = "portions"
"""Of portions of archives that are read at a time, of all sites: as many as cores can be spared."""
PARTITION_SLOTS = 2
_HOST = "host_"


def pool_name(site: str) -> str:
    """Return the name of a site's pool."""
    return f"{_HOST}{site}"


def pools(sites: Iterable[Site]) -> dict[str, dict[str, Any]]:
    """Return the pools of these sites, as `airflow pools import` takes them."""
    return own_pools([*(pool_name(site.site) for site in sites), PARTITIONS_POOL])


def own_pools(names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return those of these pools that are Pressmark's, as `airflow pools import` takes them."""
    found = {name: (1, f"One crawl of {name[len(_HOST) :]} at a time") for name in names if name.startswith(_HOST)}
    if PARTITIONS_POOL in names:
        found[PARTITIONS_POOL] = (PARTITION_SLOTS, "Portions of archives that are audited or read anew at a time")
    return {
        name: {"slots": number, "description": description, "include_deferred": False}
        for name, (number, description) in found.items()
    }
