"""Checks a package against the bucket: its WARCs, their index, and the pages that documents describe.

A package with valid digests may still be a forgery: anybody with write access to the bucket can make one.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import zip_longest
from typing import IO, Any

import attrs

from pressmark.archive.s3.store import Store
from pressmark.archive.warc import cdxj
from pressmark.errors import FindingsFound
from pressmark.jobs.wacz import pages, revisit_targets, writer, zipnum
from pressmark.jobs.wacz.contents import Contents
from pressmark.model import strict_json
from pressmark.reader import Reader
from pressmark.system.external_sort import SortedLines

_WARC_ERRORS = (OSError, ValueError, KeyError, TypeError, OverflowError, AttributeError)
"""Errors of reading an invalid WARC."""


@attrs.frozen
class Problem:
    """A problem of a package."""

    text: str
    grave: bool = True
    """Whether it shows a forgery or a fault; otherwise the package is only older than the bucket's content."""
    has_advice: bool = False
    """Whether the text says what to do; otherwise the package has to be rebuilt."""


def problems(store: Store, site: str, day: date, file: IO[bytes], segments: Mapping[str, str]) -> Iterator[Problem]:
    """Compare a package with the bucket; its own digests were checked before (`writer.check`).

    Args:
        store: the bucket.
        site: the package's site.
        day: the package's day.
        file: the package.
        segments: bucket keys of its segments that are in the bucket, by name.
    """
    with zipfile.ZipFile(file) as package, SortedLines() as lines:
        said = writer.datapackage(package)
        names = [name for each in said.resources if (name := each.path.removeprefix(writer.ARCHIVE)) != each.path]
        known = {*(writer.ARCHIVE + name for name in names), writer.INDEX, writer.IDX, writer.PAGES}
        yield from (Problem(f"{path} belongs to no package") for path in sorted({*said.paths} - known))
        yield from (Problem(f"{path} is missing") for path in sorted(known - {*said.paths}))
        contents = Contents(lines)
        is_whole = True
        for name in sorted(names, key=lambda name: (name.endswith(writer.REFERRED), name)):
            with tempfile.TemporaryFile(prefix="pressmark-verify-") as warc:
                _copy(package, writer.ARCHIVE + name, warc)
                if name.endswith(writer.REFERRED):
                    yield from _referred(store, site, warc, contents)
                elif name in segments and not _is_of(store, segments[name], warc):
                    yield Problem(f"{writer.ARCHIVE}{name} is not the segment in the bucket")
                try:
                    contents.read(name, warc)
                except _WARC_ERRORS as error:
                    is_whole = False
                    yield Problem(f"{writer.ARCHIVE}{name} is no whole WARC: {error}")
        if is_whole and known <= {*said.paths}:
            if not said.matches(site, day, contents.latest):
                yield Problem(f"{writer.DATAPACKAGE} has another title, time or main page")
            if contents.others and not any(name.endswith(writer.REFERRED) for name in names):
                yield from _missing_referred(store, site, contents)
            yield from _index(package, lines)
            yield from _pages(store, site, package, contents)


def _copy(package: zipfile.ZipFile, path: str, to: IO[bytes]) -> None:
    with package.open(path) as source:
        while piece := source.read(1 << 20):
            to.write(piece)
    to.seek(0)


def _is_of(store: Store, key: str, warc: IO[bytes]) -> bool:
    digest = hashlib.file_digest(warc, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed's IO lacks readinto
    with tempfile.TemporaryFile(prefix="pressmark-verify-") as file:
        try:
            return store.fetch(key, file).sha256 == digest
        except KeyError:
            return True  # It was deleted since it was listed, so it can't be compared.


def _referred(store: Store, site: str, warc: IO[bytes], contents: Contents) -> Iterator[Problem]:
    """Compare the copies of other days' captures with the bucket; `contents` are of the package's own segments."""
    wanted = contents.others
    with SortedLines() as unused:
        copies = Contents(unused)
        try:
            copies.read("", warc)
        except _WARC_ERRORS:
            return  # Reading it for the index reports it.
    if copies.ids - wanted.keys():
        yield Problem("it holds captures of other days that nothing in it refers to")
        return
    there = warc.seek(0, 2)
    for number, some in enumerate((wanted, {each: day for each, day in wanted.items() if each in copies.ids})):
        with tempfile.TemporaryFile(prefix="pressmark-verify-") as made:
            found = revisit_targets.copy(store, site, some, made)
            if made.tell() == there and _same(made, warc):
                if number:
                    yield Problem(_MISSING_CAPTURES, grave=False)
                return
    if found < len(copies.ids):
        yield Problem(f"{len(copies.ids) - found} of its captures of other days are not in the bucket any more")
    else:
        yield Problem("its captures of other days are not those in the bucket")


def _missing_referred(store: Store, site: str, contents: Contents) -> Iterator[Problem]:
    with tempfile.TemporaryFile(prefix="pressmark-verify-") as made:
        if revisit_targets.copy(store, site, contents.others, made):
            yield Problem(_MISSING_CAPTURES, grave=False)


_MISSING_CAPTURES = "it lacks captures of other days that are in the bucket now"


def _same(one: IO[bytes], other: IO[bytes]) -> bool:
    one.seek(0)
    other.seek(0)
    return all(
        a == b for a, b in zip_longest(iter(lambda: one.read(1 << 20), b""), iter(lambda: other.read(1 << 20), b""))
    )


def _index(package: zipfile.ZipFile, lines: SortedLines) -> Iterator[Problem]:
    with tempfile.TemporaryFile(prefix="pressmark-verify-") as data:
        _copy(package, writer.INDEX, data)
        try:
            lines_read = zipnum.read(data, writer.read(package, writer.IDX))
            same = all(a == b or _points_alike(a, b) for a, b in zip_longest(lines_read, lines.in_order()))
        except (ValueError, LookupError, TypeError) as error:
            yield Problem(f"its index can't be read: {error}")
        else:
            if not same:
                yield Problem("its index is not that of its WARCs")


def _points_alike(one: bytes | None, other: bytes | None) -> bool:
    """Return whether two lines lead to the same record, even if different releases wrote them.

    Another release may have written fewer fields or another media type. Any further field could make a player take the
    line for another request.
    """
    if one is None or other is None:
        return False
    (key, facts), (known, expected) = _line(one), _line(other)
    alike = all(str(facts.get(name)) == str(expected.get(name)) for name in _LOCATION_FIELDS)
    less = all(facts[name] == expected.get(name) for name in facts.keys() - {*_LOCATION_FIELDS, "mime"})
    return key == known and alike and less and _is_revisit(facts) == _is_revisit(expected)


_LOCATION_FIELDS = ("url", "offset", "length", "filename", "status")


def _is_revisit(facts: Mapping[str, Any]) -> bool:
    return facts.get("mime") == cdxj.REVISIT


def _line(line: bytes) -> tuple[bytes, dict[str, Any]]:
    key, brace, facts = line.partition(b" {")
    return key, strict_json.load_object(brace[1:] + facts)


def _pages(store: Store, site: str, package: zipfile.ZipFile, contents: Contents) -> Iterator[Problem]:
    reader = Reader(store, site)
    broken: list[str] = []
    expected = pages.entries(reader, contents, broken.append)
    known = {json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in expected}
    captures = sum(map(len, contents.pages.values()))
    wrong = others = number = 0
    with package.open(writer.PAGES) as file:
        if file.readline(strict_json.MOST) != pages.listed([]):
            yield Problem(f"{writer.PAGES} has another head")
            return
        while line := file.readline(strict_json.MOST):
            number += 1
            if number > captures:
                yield Problem("it lists more pages than it has captures of pages")
                return
            if line not in known:
                others += 1
                wrong += not _matches_document(reader, contents, line)
    if wrong:
        yield Problem(f"{wrong} of its pages have no matching document")
    elif others or number < len(known):
        yield Problem("its pages are older than the documents", grave=False)


def _matches_document(reader: Reader, contents: Contents, line: bytes) -> bool:
    """Return whether a document confirms a package's entry of a page."""
    try:
        entry = strict_json.load_object(line)
        if entry.keys() != pages.NAMES:
            return False
        record_id = f"urn:uuid:{entry['id']}"
        if (entry["ts"], record_id) not in contents.pages.get(entry["url"], ()):
            return False
        [document] = reader.read([entry["key"]])
        return pages.matches(document, entry)
    except (ValueError, LookupError, TypeError, AttributeError, FindingsFound):
        return False


def signature_problems(signed_by: str | None, trusted: Iterable[str]) -> Iterator[Problem]:
    """Report a package that none of these keys signed; without keys, packages may be unsigned."""
    keys = frozenset(trusted)
    if keys and signed_by is None:
        yield Problem("it is not signed, and a key is set")
    elif keys and signed_by not in keys:
        yield Problem("it is signed by a key that is not trusted (PRESSMARK_WACZ_PUBLIC_KEYS)")
