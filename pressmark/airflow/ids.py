"""Ids of DAGs and of their crawls, for code that writes them and code that looks for them."""

import hashlib
from collections.abc import Iterable

from pressmark.sites.site import Site


def slug(*names: str) -> str:
    """Return the part of a DAG id that names a site, or a site and section, e.g. `chinadaily_world_europe`."""
    return "_".join(names).replace("/", "_").replace("-", "_").lower()


def digest(dag_id: str, run_id: str) -> str:
    """Return the 6 hex digits that identify a DAG run in the run ids of its crawls."""
    return hashlib.sha256(f"{dag_id} {run_id}".encode()).hexdigest()[:6]


def sections_of(dag_id: str, sites: Iterable[Site]) -> list[tuple[Site, str]]:
    """Return the sections that a DAG id names, or all if it names none."""
    everywhere = [(site, section) for site in sites for section in site.sections]
    named = [(site, section) for site, section in everywhere if f"_{dag_id}".endswith(f"_{slug(site.site, section)}")]
    return named or everywhere
