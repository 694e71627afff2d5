"""The settings from the environment, in a frozen object that is passed on."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import attrs

from pressmark.errors import UsageError
from pressmark.private import Sharing

DEFAULT_BUCKET = "pressmark"
DEFAULT_PATIENCE = 60.0
DEFAULT_SEGMENT_BYTES = 256 * 1024 * 1024
DEFAULT_SEGMENT_SECONDS = 300.0
DURATION = re.compile(r"P(?:(\d{1,5})Y)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?")
"""ISO 8601, of whole days."""
LONGEST_RETENTION = timedelta(days=36_500)
"""What S3 takes at most."""
_PUBLIC_KEYS = "PRESSMARK_WACZ_PUBLIC_KEYS"
_TEXTS = (
    *(f"PRESSMARK_{name}" for name in ("BUCKET", "CONTACT", "OPERATOR", "SITES", "SPOOL", "WACZ_KEY")),
    _PUBLIC_KEYS,
)
"""They stand in headers, records and messages."""
_LARGEST = 2**50
"""Bytes of a setting: no disk has so many."""
_LONGEST = 31_536_000.0
"""Seconds of a setting: a year."""
DEFAULT_CONTACT = "https://pypi.org/project/pressmark/"


@attrs.frozen(kw_only=True)
class Config:
    """The settings that hold for every site; the AWS variables are boto3's own and are read by it."""

    bucket: str = DEFAULT_BUCKET
    """Name of the S3 bucket (`PRESSMARK_BUCKET`)."""
    spool: Path
    """Folder of segments that are not in the bucket yet (`PRESSMARK_SPOOL`); one run may leave work to the next."""
    sites: Path | None = None
    """A folder of the user's own site files (`PRESSMARK_SITES`); they win over those of the same name."""
    operator: str = "not named"
    """Who runs this archive (`PRESSMARK_OPERATOR`); each segment's warcinfo names it."""
    patience: float = DEFAULT_PATIENCE
    """Seconds that the bucket may be away in mid-run before the run fails (`PRESSMARK_PATIENCE`)."""
    retention: timedelta | None = None
    """For how long nobody deletes a segment once it is in the bucket, from then on (`PRESSMARK_RETENTION`): days, or an
    ISO 8601 duration of days, weeks and years (of 365 days), such as `P10Y`. None: it is not locked."""
    segment_bytes: int = DEFAULT_SEGMENT_BYTES
    """A segment is sealed and uploaded when it has grown to this (`PRESSMARK_SEGMENT_BYTES`)."""
    segment_seconds: float = DEFAULT_SEGMENT_SECONDS
    """Or when it is this old (`PRESSMARK_SEGMENT_SECONDS`): a long crawl publishes as often as this."""
    spool_reserve: int = 2 * DEFAULT_SEGMENT_BYTES
    """Bytes that have to be free on the spool's disk for a crawl to start (`PRESSMARK_SPOOL_RESERVE`); if it is not
    set, two segments' worth."""
    sharing: Sharing = Sharing.PRIVATE
    """Who may use the spool (`PRESSMARK_SPOOL_MODE`): `private`, its owner; `group`, the group of its folder too."""
    wacz_key: Path | None = None
    """A private key of the curve P-384 in PEM, to sign packages (`PRESSMARK_WACZ_KEY`)."""
    wacz_public_keys: tuple[Path, ...] = ()
    """Public keys in PEM that packages may be signed by beside it (`PRESSMARK_WACZ_PUBLIC_KEYS`, separated by `:`).
    Where there is one, or a private one, an unsigned package is a finding of `verify --full`."""
    contact: str = DEFAULT_CONTACT
    """A URL or address in the User-Agent (`PRESSMARK_CONTACT`), so that a site can complain to somebody."""

    @classmethod
    def read(cls) -> "Config":
        """Read the environment of this process; each program does so once, at its start; raises as `from_env`."""
        return cls.from_env(os.environ)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read the `PRESSMARK_*` variables; what is not set keeps its default.

        Raises:
            UsageError: one of them has no such value, or is no text.
        """
        for name in _TEXTS:
            if not environ.get(name, "").isprintable():  # Neither are bytes that are no UTF-8.
                raise UsageError(f"{name}={environ[name]!a} is no UTF-8 text of one line")
        sites = environ.get("PRESSMARK_SITES")
        wacz_key = environ.get("PRESSMARK_WACZ_KEY")
        segment_bytes = int(_number(environ, "PRESSMARK_SEGMENT_BYTES", DEFAULT_SEGMENT_BYTES))
        spool = environ.get("PRESSMARK_SPOOL")
        return cls(
            bucket=environ.get("PRESSMARK_BUCKET", DEFAULT_BUCKET),
            spool=Path(spool) if spool else _state(environ) / "pressmark" / "spool",
            sites=Path(sites) if sites else None,
            patience=_number(environ, "PRESSMARK_PATIENCE", DEFAULT_PATIENCE, _LONGEST),
            retention=_duration(environ, "PRESSMARK_RETENTION"),
            segment_bytes=segment_bytes,
            spool_reserve=int(_number(environ, "PRESSMARK_SPOOL_RESERVE", 2 * segment_bytes)),
            segment_seconds=_number(environ, "PRESSMARK_SEGMENT_SECONDS", DEFAULT_SEGMENT_SECONDS, _LONGEST),
            sharing=_sharing(environ),
            operator=environ.get("PRESSMARK_OPERATOR", "not named"),
            wacz_key=Path(wacz_key) if wacz_key else None,
            wacz_public_keys=tuple(map(Path, filter(None, environ.get(_PUBLIC_KEYS, "").split(os.pathsep)))),
            contact=environ.get("PRESSMARK_CONTACT", DEFAULT_CONTACT),
        )


def alarms() -> str:
    """Return `PRESSMARK_ALARMS`; apart from the rest, for an error in another variable must not keep alarms back."""
    return os.environ.get("PRESSMARK_ALARMS", "")


def wayback_program() -> str | None:
    """Return `PRESSMARK_WAYBACK`, the program of pywb."""
    return os.environ.get("PRESSMARK_WAYBACK")


def _number(environ: Mapping[str, str], name: str, default: float, most: float = _LARGEST) -> float:
    try:
        found = float(environ.get(name) or default)
    except ValueError:
        raise UsageError(f"{name}={environ[name]!r} is no number") from None
    if not 0 <= found <= most:  # As false of NaN.
        raise UsageError(f"{name}={environ[name]!r} is not between 0 and {most:.0f}")
    return found


def _state(environ: Mapping[str, str]) -> Path:
    text = environ.get("XDG_STATE_HOME") or "~/.local/state"
    if text.startswith("~") and environ.get("HOME") == "":  # It would be a folder below the root.
        raise UsageError("HOME is empty, and so no folder for the spool is known. Set PRESSMARK_SPOOL.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"the folder {text} is not known: {error} Set PRESSMARK_SPOOL.") from None


def _sharing(environ: Mapping[str, str]) -> Sharing:
    text = environ.get("PRESSMARK_SPOOL_MODE") or Sharing.PRIVATE
    try:
        return Sharing(text)
    except ValueError:
        raise UsageError(f"PRESSMARK_SPOOL_MODE={text!r} is neither 'private' nor 'group'") from None


def _duration(environ: Mapping[str, str], name: str) -> timedelta | None:
    text = environ.get(name)
    if not text:
        return None
    found = DURATION.fullmatch(f"P{text}D" if text.isdecimal() else text)
    years, weeks, days = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    duration = timedelta(days=365 * years + 7 * weeks + days)
    if not timedelta() < duration <= LONGEST_RETENTION:
        raise UsageError(f"{name}={text!r} is neither a number of days nor a duration such as P10Y, P8W or P90D")
    return duration
