"""The newsroom's site file: written where a newsroom runs, with its address; the product ships none."""

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressmark.private import make_folder

if TYPE_CHECKING:
    from pressmark.sites.site import Site


def write_site_file(folder: Path, origin: str, /, **changes: Any) -> Path:
    """Write the site file of a newsroom; return the folder, for `PRESSMARK_SITES`.

    Args:
        folder: made if it does not exist.
        origin: of the newsroom, e.g. `http://127.0.0.1:8765`.
        changes: fields with other values; the file is named after the field `site`.
    """
    text = re.sub(r"(?m)^origin: .*$", f"origin: {origin}", _template())
    if changes:
        from yaml import safe_dump, safe_load

        text = safe_dump({**safe_load(text), **changes})
    make_folder(folder, ours=False)
    (folder / f"{changes.get('site', 'newsroom')}.yml").write_text(text, "utf-8")
    return folder


def site_facts() -> dict[str, Any]:
    """Return the fields of the site file, with the default address."""
    from yaml import safe_load

    facts: dict[str, Any] = safe_load(_template())
    return facts


def newsroom_site() -> "Site":
    """Return the site of a newsroom at the default address."""
    from pressmark.sites.site import Site

    return Site.model_validate(site_facts())


def _template() -> str:
    return (files("pressmark.local.newsroom") / "newsroom.yml").read_text("utf-8")
