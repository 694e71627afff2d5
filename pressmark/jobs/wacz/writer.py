"""The WACZ file: a ZIP of WARCs, their index, a list of pages, and digests of all of them (WACZ 1.1.1)."""

import hashlib
import json
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import attrs

from pressmark import __version__
from pressmark.jobs.wacz import zipnum
from pressmark.jobs.wacz.signing import Signer, is_signed
from pressmark.model import strict_json
from pressmark.model.json_model import JsonModel

WACZ = "application/wacz"  # IANA
VERSION = "1.1.1"
SOFTWARE = f"pressmark {__version__}"
REFERRED = "-referred.warc.gz"
"""Suffix of the WARC with records from segments of other days."""
ARCHIVE, PAGES = "archive/", "pages/pages.jsonl"
INDEX, IDX = f"indexes/{zipnum.DATA}", f"indexes/{zipnum.IDX}"
MOST_PAGES = 256 << 20
"""Bytes of `pages.jsonl` that are read."""
DATAPACKAGE, _DIGEST = "datapackage.json", "datapackage-digest.json"
_CHUNK = 1 << 20
_FIRST_DAY, _LAST_DAY = date(1980, 1, 1), date(2107, 12, 31)
"""Days that a ZIP can store."""
_FILE = 0o100644
_ZIP_ERRORS = (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError)
"""Errors of zipfile if bytes were changed."""


Model = TypeVar("Model", bound=JsonModel)


class Writer:
    """Writes a package; the same content gives the same bytes.

    Args:
        file: an empty file.
        day: date of the files in the ZIP.
    """

    def __init__(self, file: IO[bytes], day: date) -> None:
        self._zip, self._day = zipfile.ZipFile(file, "w"), day
        self._resources: list[dict[str, Any]] = []

    def add(self, path: str, file: IO[bytes]) -> None:
        """Add a file uncompressed, since players read parts of it; it is read from its start."""
        size = file.seek(0, 2)
        file.seek(0)
        with self._open(path, size, zipfile.ZIP_STORED) as there:
            shutil.copyfileobj(file, there, _CHUNK)

    def add_text(self, path: str, data: bytes) -> None:
        """Add a compressed file; players read it whole."""
        with self._open(path, len(data), zipfile.ZIP_DEFLATED) as there:
            there.write(data)

    def end(self, title: str, made: datetime, signer: Signer | None) -> None:
        """Write the package's description and its digest.

        Args:
            title: of the package.
            made: its time, UTC.
            signer: signs it; without one it stays unsigned.
        """
        created = _written(made)
        datapackage_json = {
            "profile": "data-package",
            "resources": self._resources,
            "title": title,
            "created": created,
            "wacz_version": VERSION,
            "software": SOFTWARE,
        }
        datapackage = _json(datapackage_json)
        digest = f"sha256:{hashlib.sha256(datapackage).hexdigest()}"
        signed = {"signedData": signer.sign(digest, created, SOFTWARE)} if signer else {}
        self.add_text(DATAPACKAGE, datapackage)
        self.add_text(_DIGEST, _json({"path": DATAPACKAGE, "hash": digest} | signed))

    def close(self) -> None:
        """Write the ZIP's directory; without it the file is no ZIP."""
        self._zip.close()

    @contextmanager
    def _open(self, path: str, size: int, how: int) -> Iterator["_Hashed"]:
        day = min(max(self._day, _FIRST_DAY), _LAST_DAY)
        info = zipfile.ZipInfo(path, (day.year, day.month, day.day, 0, 0, 0))
        info.compress_type, info.external_attr, info.create_system = how, _FILE << 16, 3  # Unix
        info.file_size = size  # Its size decides on ZIP64.
        with self._zip.open(info, "w") as file:
            hashed = _Hashed(file)
            yield hashed
        name = Path(path).name.lower()
        digest = f"sha256:{hashed.digest.hexdigest()}"
        self._resources.append({"name": name, "path": path, "hash": digest, "bytes": size})


class _Hashed:
    """A file that is hashed as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


class _InvalidPackage(ValueError):
    """A file of a package does not match the package's description."""


def title_of(site: str, day: date) -> str:
    """Return the title of a package."""
    return f"{site}, {day}"


@attrs.frozen(kw_only=True)
class Resource(JsonModel):
    """A file of a package, as `datapackage.json` lists it."""

    path: str
    hash: str
    bytes: int


@attrs.frozen(kw_only=True)
class Datapackage(JsonModel):
    """A package's description of itself."""

    resources: tuple[Resource, ...]
    title: str
    created: str
    mainPageUrl: str | None = None  # noqa: N815 - its name in WACZ

    @property
    def paths(self) -> list[str]:
        """Paths of its files."""
        return [each.path for each in self.resources]

    def matches(self, site: str, day: date, latest: datetime) -> bool:
        """Return whether it describes a package of ours whose last capture was made then."""
        said = self.title, self.created, self.mainPageUrl
        return said == (title_of(site, day), _written(latest), None)


@attrs.frozen(kw_only=True)
class _Digest(JsonModel):
    """The digest of `datapackage.json`, and who signed it."""

    hash: str
    signedData: Mapping[str, Any] | None = None  # noqa: N815 - its name in WACZ


@attrs.frozen
class Contents:
    """The content that a package claims."""

    segments: dict[str, int]
    """Size in bytes by name."""
    signed_by: str | None
    """The public key, as packages name it."""


def check(file: IO[bytes]) -> Contents:
    """Read a package to its last digest.

    Raises:
        ValueError: something in it does not match.
    """
    try:
        with zipfile.ZipFile(file) as package:
            return _check(package)
    except _InvalidPackage:
        raise
    except _ZIP_ERRORS as error:
        raise ValueError(f"it is no whole package: {type(error).__name__}: {error}") from error


def _check(package: zipfile.ZipFile) -> Contents:
    datapackage, digest = read(package, DATAPACKAGE), read(package, _DIGEST)
    said = _model(_Digest, digest, _DIGEST)
    if said.hash != f"sha256:{hashlib.sha256(datapackage).hexdigest()}":
        raise _InvalidPackage(f"{DATAPACKAGE} does not match the digest in {_DIGEST}")
    signed = said.signedData
    if signed is not None and not (signed.get("hash") == said.hash and is_signed(dict(signed))):
        raise _InvalidPackage("its signature does not match its public key")
    listed = _model(Datapackage, datapackage, DATAPACKAGE).resources
    resources = {each.path: each for each in listed}
    there, said_paths = package.namelist(), [*(each.path for each in listed), DATAPACKAGE, _DIGEST]
    if extra := set(there) ^ {*said_paths}:
        raise _InvalidPackage(f"{min(extra)} is not both in it and in {DATAPACKAGE}")
    for names in (there, said_paths):  # Of two files with one name, readers take one or the other.
        if twice := [name for name, number in Counter(names).items() if number > 1]:
            raise _InvalidPackage(f"{min(twice)} is in it twice")
    _bound(package)
    for path, each in resources.items():
        with package.open(path) as file:
            found = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # typeshed's IO lacks its readinto
        if each.hash != f"sha256:{found.hexdigest()}":
            raise _InvalidPackage(f"{path} does not match its digest")
        if each.bytes != package.getinfo(path).file_size:
            raise _InvalidPackage(f"{path} does not have the size in {DATAPACKAGE}")
    segments = {path.removeprefix(ARCHIVE): each.bytes for path, each in resources.items() if path.startswith(ARCHIVE)}
    return Contents(segments, str(signed["publicKey"]) if signed else None)


def _bound(package: zipfile.ZipFile) -> None:
    """Refuse files that unpack to more than the package's size; only files that players read whole are deflated."""
    stored = 0
    for info in package.infolist():
        if info.compress_type == zipfile.ZIP_STORED:
            stored += info.file_size
        elif info.filename not in {PAGES, DATAPACKAGE, _DIGEST, IDX}:
            raise _InvalidPackage(f"{info.filename} is deflated")
        elif info.file_size > MOST_PAGES:
            raise _InvalidPackage(f"{info.filename} has more than {MOST_PAGES:,} bytes")
    assert package.fp
    if stored > package.fp.seek(0, 2):
        raise _InvalidPackage("its files overlap")


def datapackage(package: zipfile.ZipFile) -> Datapackage:
    """Read a package's description of itself.

    Raises:
        ValueError: it is invalid.
    """
    return _model(Datapackage, read(package, DATAPACKAGE), DATAPACKAGE)


def read(package: zipfile.ZipFile, name: str) -> bytes:
    """Return a small file of a package; the size is limited, since a deflated one could unpack to anything."""
    with package.open(name) as file:
        data = file.read(strict_json.MOST + 1)
    if len(data) > strict_json.MOST:
        raise _InvalidPackage(f"{name}: at most {strict_json.MOST} bytes are read")
    return data


def _model(kind: type[Model], data: bytes, name: str) -> Model:
    try:
        return kind.from_json(strict_json.load_object(data))
    except strict_json.InvalidJson as error:
        raise _InvalidPackage(f"{name}: {error}") from None


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
