"""Site files: which sites there are. One that is wrong is left out and named; it stops no other site."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import yaml
from pydantic import ValidationError

from pressmark.errors import SiteFileError, UnknownSection
from pressmark.sites.site import Site

ENDINGS = {".yml", ".yaml"}
MOST_ERRORS = 20
"""Fields of one file that are wrong."""
MOST_BYTES = 256_000
"""Of a file: a site with a thousand sections has fewer. Each DAG file reads all of them, again and again."""
TRIAL = "newsroom"
"""The shipped site for trying things out. It is none beside site files of one's own: one that is deleted would bring it
back, at another address."""
_NAMED = re.compile(rb"""^site:[ \t]*["']?([a-z][a-z0-9-]*)""", re.MULTILINE)


@attrs.frozen
class Sites(Mapping[str, Site]):
    """The sites by their names, and what is wrong with other files."""

    _sites: Mapping[str, Site]
    wrong: tuple[SiteFileError, ...] = ()
    """Of files that are left out: each names its file, and what is wrong with it."""

    def __getitem__(self, name: str) -> Site:
        return self._sites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)


def load_sites(extra: Path | None = None) -> Sites:
    """Return all sites: those shipped, then those of the folder `extra`, which win; beside it not `TRIAL`.

    A site that a wrong file is about is none of them, also if one of this name is shipped: it would be asked otherwise
    than its owner wants.

    Raises:
        SiteFileError: `extra` is no folder, or can't be read.
    """
    if extra is not None and not extra.is_dir():
        raise SiteFileError(f"PRESSMARK_SITES={extra}: no such folder")
    sites: dict[str, Site] = {}
    wrong: list[SiteFileError] = []
    for folder in filter(None, (Path(str(files("pressmark"))) / "sites", extra)):
        found, errors = _folder(folder)
        if extra is not None and folder != extra:
            found.pop(TRIAL, None)
        wrong += [error for _, error in errors]
        sites |= found
        for name in {name for names, _ in errors for name in names} - found.keys():
            sites.pop(name, None)
    return Sites(sites, tuple(wrong))


def _folder(folder: Path) -> tuple[dict[str, Site], list[tuple[set[str], SiteFileError]]]:
    """Return a folder's sites, and what is wrong with the other files, each with the sites that it may be about."""
    sites: dict[str, tuple[Path, Site]] = {}
    wrong: list[tuple[set[str], SiteFileError]] = []
    try:
        paths = [path for path in folder.iterdir() if path.suffix in ENDINGS and not path.name.startswith(".")]
    except OSError as error:
        raise SiteFileError(f"{folder} can't be read: {error}") from error
    # Of two files of one site that counts which bears its name.
    for path in sorted(paths, key=lambda path: (path.stem not in _about(path), path.stem, path.suffix)):
        try:
            site = read_site(path)
        except SiteFileError as error:
            wrong.append((_about(path) | {path.stem}, error))
            continue
        other, _ = sites.setdefault(site.site, (path, site))
        if other != path:
            wrong.append((set(), SiteFileError(f"{path}: {other} is the file of site {site.site!r} already")))
    return {name: site for name, (_, site) in sites.items()}, wrong


def _about(path: Path) -> set[str]:
    """Return which site a file seems to be about."""
    try:
        named = _NAMED.search(_bytes(path)) if path.is_file() else None
    except OSError:
        return set()
    return {named[1].decode()} if named else set()


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def find_section(sites: Mapping[str, Site], name: str) -> tuple[Site, str]:
    """Split `SITE/SECTION` and return the site and the section's name.

    Raises:
        UnknownSection: there is none of that name; the message lists all there are.
    """
    site_name, _, section = name.partition("/")
    site = sites.get(site_name)
    if site is None or section not in site.sections:
        known = "\n  ".join(f"{each.site}/{path}" for each in sites.values() for path in each.sections)
        raise UnknownSection(f"no section {name!r}. Known sections:\n  {known}{_left_out(sites)}")
    return site, section


def find_site(sites: Mapping[str, Site], name: str) -> Site:
    """Return the site of this name.

    Raises:
        UnknownSection: there is none; the message lists all there are.
    """
    if name not in sites:
        raise UnknownSection(f"no site {name!r}. Known sites: {', '.join(sites)}{_left_out(sites)}")
    return sites[name]


def _left_out(sites: Mapping[str, Site]) -> str:
    wrong = sites.wrong if isinstance(sites, Sites) else ()
    return "".join(f"\nLeft out: {error}" for error in wrong)


def read_site(path: Path) -> Site:
    """Read one site file; raise SiteFileError that names the file, the line, the field and what is wrong with it."""
    try:
        if not path.is_file():
            raise SiteFileError(f"{path}: it is no file")
        data = _bytes(path)
        if len(data) > MOST_BYTES:
            raise SiteFileError(f"{path}: it has more than {MOST_BYTES:,} bytes")
        text = data.decode("utf-8")
        facts: Any = yaml.load(text, _Loader)  # noqa: S506 - it is a safe one
        try:
            return Site.model_validate(facts)
        except ValidationError as error:
            root = yaml.compose(text, _SAFE)
            found = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_ERRORS]
            wrong = "; ".join(_field_error(root, each["loc"], each["msg"]) for each in found)
            raise SiteFileError(f"{path}: {wrong}") from None
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise SiteFileError(f"{path}: {error}") from error
    except (LookupError, AttributeError, ArithmeticError, TypeError) as error:  # PyYAML's own: `!!int _`, `!!map [a]`.
        raise SiteFileError(f"{path}: a value is not of its tag ({type(error).__name__}: {error})") from error


def _field_error(root: yaml.Node | None, field: Iterable[int | str], message: str) -> str:
    """Say what is wrong with a field, and in which line it or what it is missing from begins."""
    node, line = root, 1
    for part in field:
        found = _below(node, part)
        if not found:
            break
        node, line = found
    return f"line {line}: {'.'.join(str(part) for part in field) or 'the file'}: {message}"


def _below(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, int] | None:
    """Return what a part of a field's name leads to, and its line."""
    if isinstance(node, yaml.MappingNode):
        return next(((each, key.start_mark.line + 1) for key, each in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # It takes a tenth of the time, where it was built.


class _Loader(_SAFE):  # type: ignore[misc]  # Which of the two it is, is not known before.
    """Refuses a name that comes twice: the second would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := sorted(name for name, number in names.items() if number > 1):
            raise yaml.constructor.ConstructorError(None, None, f"{twice[:MOST_ERRORS]} come twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found
