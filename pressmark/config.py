"""What the environment says, read once into a frozen object and passed on."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from pressmark.errors import UsageError

DEFAULT_BUCKET = "pressmark"
DEFAULT_PATIENCE = 60.0
DEFAULT_SEGMENT_BYTES = 256 * 1024 * 1024
DEFAULT_SEGMENT_SECONDS = 300.0
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
    """Who runs this archive (`PRESSMARK_OPERATOR`): stands in each segment's warcinfo."""
    patience: float = DEFAULT_PATIENCE
    """Seconds that the bucket may be away in mid-run before the run fails (`PRESSMARK_PATIENCE`)."""
    segment_bytes: int = DEFAULT_SEGMENT_BYTES
    """A segment is sealed and uploaded when it has grown to this (`PRESSMARK_SEGMENT_BYTES`)."""
    segment_seconds: float = DEFAULT_SEGMENT_SECONDS
    """Or when it is this old (`PRESSMARK_SEGMENT_SECONDS`): a long crawl publishes as often as this."""
    contact: str = DEFAULT_CONTACT
    """A URL or address in the User-Agent (`PRESSMARK_CONTACT`), so that a site can complain to somebody."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read the `PRESSMARK_*` variables; what is not set keeps its default."""
        sites = environ.get("PRESSMARK_SITES")
        state = Path(environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
        return cls(
            bucket=environ.get("PRESSMARK_BUCKET", DEFAULT_BUCKET),
            spool=Path(environ.get("PRESSMARK_SPOOL") or state / "pressmark" / "spool"),
            sites=Path(sites) if sites else None,
            patience=_number(environ, "PRESSMARK_PATIENCE", DEFAULT_PATIENCE),
            segment_bytes=int(_number(environ, "PRESSMARK_SEGMENT_BYTES", DEFAULT_SEGMENT_BYTES)),
            segment_seconds=_number(environ, "PRESSMARK_SEGMENT_SECONDS", DEFAULT_SEGMENT_SECONDS),
            operator=environ.get("PRESSMARK_OPERATOR", "not named"),
            contact=environ.get("PRESSMARK_CONTACT", DEFAULT_CONTACT),
        )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    try:
        return float(environ.get(name) or default)
    except ValueError:
        raise UsageError(f"{name}={environ[name]!r} is no number") from None
