"""The newsroom's site file: written where a newsroom runs, with its address; the product ships none."""

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pressmark.private import make_folder

if TYPE_CHECKING:
    from pressmark.sites.site import Site

NAME = "newsroom.yml"


def site_file(origin: str) -> str:
    """Return the site file of a newsroom at this origin, e.g. `http://127.0.0.1:8765`."""
    return re.sub(r"(?m)^origin: .*$", f"origin: {origin}", _template())


def write_site_file(folder: Path, origin: str) -> Path:
    """Write the site file of a newsroom at this origin; return the folder, for `PRESSMARK_SITES`."""
    make_folder(folder, ours=False)
    (folder / NAME).write_text(site_file(origin), "utf-8")
    return folder


def newsroom_site() -> "Site":
    """Return the site of a newsroom at the default address."""
    from yaml import safe_load

    from pressmark.sites.site import Site

    return Site.model_validate(safe_load(_template()))


def _template() -> str:
    return (files("pressmark.local.newsroom") / NAME).read_text("utf-8")
