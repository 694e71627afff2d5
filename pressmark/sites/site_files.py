"""Site files: which sites there are. An invalid file is skipped and reported; it does not stop other sites."""

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
"""Maximum number of reported errors of one file."""
MOST_BYTES = 256_000
"""Maximum size of a file: a site with a thousand sections has less. Every DAG file reads all site files repeatedly."""
_NAMED = re.compile(rb"""^site:[ \t]*["']?([a-z][a-z0-9-]*)""", re.MULTILINE)


@attrs.frozen
class Sites(Mapping[str, Site]):
    """The sites by name, and the errors of invalid files."""

    _sites: Mapping[str, Site]
    wrong: tuple[SiteFileError, ...] = ()
    """Errors of skipped files: each names its file and the problem."""

    def __getitem__(self, name: str) -> Site:
        return self._sites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)


def load_sites(extra: Path | None = None) -> Sites:
    """Return the shipped sites and those in the folder `extra`, which override them.

    A site with an invalid file in `extra` is left out, even if a site of this name is shipped: the shipped file would
    crawl it in a way that its owner does not want.

    Raises:
        SiteFileError: `extra` is no folder, or can't be read.
    """
    if extra is not None and not extra.is_dir():
        raise SiteFileError(f"PRESSMARK_SITES={extra}: no such folder")
    sites: dict[str, Site] = {}
    wrong: list[SiteFileError] = []
    for folder in filter(None, (Path(str(files("pressmark"))) / "sites", extra)):
        found, errors = _folder(folder)
        wrong += [error for _, error in errors]
        sites |= found
        for name in {name for names, _ in errors for name in names} - found.keys():
            sites.pop(name, None)
    return Sites(sites, tuple(wrong))


def _folder(folder: Path) -> tuple[dict[str, Site], list[tuple[set[str], SiteFileError]]]:
    """Return a folder's sites, and the errors of invalid files, each with the sites that the file may describe."""
    sites: dict[str, tuple[Path, Site]] = {}
    wrong: list[tuple[set[str], SiteFileError]] = []
    try:
        paths = [path for path in folder.iterdir() if path.suffix in ENDINGS and not path.name.startswith(".")]
    except OSError as error:
        raise SiteFileError(f"{folder} can't be read: {error}") from error
    # If two files describe one site, the file with its name wins.
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
    """Return the site that a file seems to describe."""
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
        UnknownSection: no section has that name; the message lists all sections.
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
        UnknownSection: no site has that name; the message lists all sites.
    """
    if name not in sites:
        raise UnknownSection(f"no site {name!r}. Known sites: {', '.join(sites)}{_left_out(sites)}")
    return sites[name]


def _left_out(sites: Mapping[str, Site]) -> str:
    wrong = sites.wrong if isinstance(sites, Sites) else ()
    return "".join(f"\nLeft out: {error}" for error in wrong)


def read_site(path: Path) -> Site:
    """Read one site file, or raise SiteFileError with the file, the line, the field and the problem."""
    try:
        if not path.is_file():
            raise SiteFileError(f"{path}: it is not a file")
        data = _bytes(path)
        if len(data) > MOST_BYTES:
            raise SiteFileError(f"{path}: it has more than {MOST_BYTES:,} bytes")
        text = data.decode("utf-8")
        facts: Any = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
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
        raise SiteFileError(f"{path}: a value does not match its tag ({type(error).__name__}: {error})") from error


def _field_error(root: yaml.Node | None, field: Iterable[int | str], message: str) -> str:
    """Describe the error of a field, with the line of the field or of the mapping that lacks it."""
    node, line = root, 1
    for part in field:
        found = _below(node, part)
        if not found:
            break
        node, line = found
    return f"line {line}: {'.'.join(str(part) for part in field) or 'the file'}: {message}"


def _below(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, int] | None:
    """Return the child node for one part of a field's name, and its line."""
    if isinstance(node, yaml.MappingNode):
        return next(((each, key.start_mark.line + 1) for key, each in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None


_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # Ten times as fast, where it is available.


class _Loader(_SAFE):  # type: ignore[misc]  # One of two classes.
    """Refuses duplicate names: the second would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := sorted(name for name, number in names.items() if number > 1):
            raise yaml.constructor.ConstructorError(None, None, f"{twice[:MOST_ERRORS]} come twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found
