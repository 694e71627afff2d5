"""The shape of the code: folders that can be seen at once, rooms of a like size, modules that are read in one go."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

MOST_MODULES = 12
"""Of a folder, `__init__.py` and `__main__.py` aside."""
MOST_LINES = 300
"""Of a module."""
MOST_OF_ALL = 0.20
"""Part of the lines that one room may have."""
DIVIDED = {"airflow", "archive", "crawl", "local", "web"}
"""Rooms of several rooms: each folder in them counts for itself."""


def modules() -> Iterator[Path]:
    """All modules of the package, as paths in it, those of the linked folders included."""
    for top in (ROOT / "pressmark", *(ROOT / name for name in ("dags", "pipelines", "spiders"))):
        for path in top.rglob("*.py"):
            yield path.relative_to(ROOT / "pressmark" if top.name == "pressmark" else ROOT)


def lines(module: Path) -> int:
    return len((ROOT / "pressmark" / module).read_text().splitlines())


def room(module: Path) -> str:
    parts = module.parts[:-1]
    return "/".join(parts[: 2 if parts and parts[0] in DIVIDED else 1]) or "pressmark"


def test_a_folder_has_no_more_modules_than_one_sees_at_once() -> None:
    found = Counter(module.parent for module in modules() if not module.name.startswith("__"))
    crowded = {str(folder): number for folder, number in found.items() if number > MOST_MODULES}
    assert not crowded, f"more than {MOST_MODULES} modules: give what belongs together a folder of its own"


def test_a_module_is_read_in_one_go() -> None:
    long = {str(module): lines(module) for module in modules() if lines(module) > MOST_LINES}
    assert not long, f"more than {MOST_LINES} lines: part it by what it knows, not by its length"


def test_no_room_is_the_house() -> None:
    sizes: Counter[str] = Counter()
    for module in modules():
        sizes[room(module)] += lines(module)
    large = {name: size for name, size in sizes.items() if size > MOST_OF_ALL * sizes.total()}
    assert not large, f"more than {MOST_OF_ALL:.0%} of all lines: see docs/decisions/0020-rooms.md for the rooms"
