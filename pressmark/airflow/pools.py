"""Airflow's pools: one crawl of a site at a time, and audits that leave workers to crawls."""

from collections.abc import Collection, Iterable
from typing import Any

from pressmark.sites.site import Site

PARTITIONS_POOL = "portions"
"""The pool of partitions that are read at the same time, over all sites."""
PARTITION_SLOTS = 2
"""As many as cores can be spared."""
_HOST = "host_"


def pool_name(site: str) -> str:
    """Return the name of a site's pool."""
    return f"{_HOST}{site}"


def pools(sites: Iterable[Site]) -> dict[str, dict[str, Any]]:
    """Return the pools of these sites, in the format of `airflow pools import`."""
    return own_pools([*(pool_name(site.site) for site in sites), PARTITIONS_POOL])


def own_pools(names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return Pressmark's pools among these names, in the format of `airflow pools import`."""
    found = {name: (1, f"One crawl of {name[len(_HOST) :]} at a time") for name in names if name.startswith(_HOST)}
    if PARTITIONS_POOL in names:
        found[PARTITIONS_POOL] = (PARTITION_SLOTS, "Partitions of archives that are audited or re-read at a time")
    return {
        name: {"slots": number, "description": description, "include_deferred": False}
        for name, (number, description) in found.items()
    }
