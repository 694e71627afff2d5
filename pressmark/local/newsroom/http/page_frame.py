"""The frame around every page: menus, editions and footers; the same for all pages of a host."""

from typing import Final

import attrs
from markupsafe import Markup

from pressmark.local.newsroom.content.section import SECTIONS

_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "china": ("Governance", "Society", "Science", "Innovation", "Education", "Environment", "Photos", "Districts"),
    "business": ("Economy", "Companies", "Technology", "Motoring", "Industries", "Finance", "Green Power", "Data"),
    "lifestyle": ("Fashion", "People", "Food", "Health", "Design", "Video", "Photo", "Home and Garden"),
    "culture": ("Art", "Music and Theater", "Film and TV", "Books", "Heritage", "Festivals", "Exchange", "Crafts"),
    "travel": ("News", "City Tours", "Guides and Tips", "Footprint", "Around the World", "Photo", "Rail", "Islands"),
    "sports": ("Soccer", "Basketball", "Tennis", "Golf", "Swimming", "Winter Games", "Track and Field", "Chess"),
    "opinion": ("Editorials", "Columns", "Commentary", "From the Press", "Letters", "Cartoons", "Forum", "Readers"),
    "regional": ("North", "South", "East", "West", "Coast", "Islands", "Mountains", "Special Zones"),
}

Menu = list[tuple[str, str, list[tuple[str, str]]]]


def _menu() -> Menu:
    menu: Menu = [("world", "WORLD", [(name.removeprefix("world/"), title) for name, title in SECTIONS.items()])]
    for topic, parts in _PARTS.items():
        menu.append((topic, topic.upper(), [(part.lower().replace(" ", ""), part) for part in parts]))
    return menu


MENU: Final = _menu()
"""For each topic: path, title, and (path, title) of its parts."""


@attrs.frozen
class PageFrame:
    """The rendered frame of one host."""

    head: Markup
    header: Markup
    footer: Markup
