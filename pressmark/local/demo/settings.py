"""Settings of the demo."""

import sys
from collections.abc import Mapping
from pathlib import Path

import attrs

from pressmark.errors import UsageError

BIN = Path(sys.executable).parent


@attrs.frozen(kw_only=True)
class Settings:
    """The demo's folder and ports."""

    folder: Path = attrs.field(factory=lambda: Path.cwd() / ".demo")
    s3_port: int
    newsroom_port: int
    airflow_port: int
    room_port: int
    replay_port: int
    pywb_port: int
    once: bool
    """End after the runs (`ONCE=1`)."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PRESSMARK_..._PORT` and `ONCE`.

        Raises:
            UsageError: a port is invalid.
        """
        return cls(
            s3_port=_port(environ, "PRESSMARK_S3_PORT", 8333),
            newsroom_port=_port(environ, "PRESSMARK_NEWSROOM_PORT", 8765),
            airflow_port=_port(environ, "PRESSMARK_AIRFLOW_PORT", 8080),
            room_port=_port(environ, "PRESSMARK_READING_ROOM_PORT", 8090),
            replay_port=_port(environ, "PRESSMARK_READING_ROOM_REPLAY_PORT", 8091),
            pywb_port=_port(environ, "PRESSMARK_REPLAY_PORT", 8092),
            once=environ.get("ONCE", "") not in {"", "0"},
        )

    @property
    def ports(self) -> dict[str, tuple[int, str]]:
        """By variable: the port and the service that uses it."""
        return {
            "PRESSMARK_S3_PORT": (self.s3_port, "the S3 server"),
            "PRESSMARK_NEWSROOM_PORT": (self.newsroom_port, "the newsroom"),
            "PRESSMARK_AIRFLOW_PORT": (self.airflow_port, "Airflow"),
            "PRESSMARK_READING_ROOM_PORT": (self.room_port, "the reading room"),
            "PRESSMARK_READING_ROOM_REPLAY_PORT": (self.replay_port, "the reading room's replays"),
            "PRESSMARK_REPLAY_PORT": (self.pywb_port, "pywb"),
        }


def _port(environ: Mapping[str, str], variable: str, default: int) -> int:
    said = environ.get(variable) or str(default)
    if not said.isdigit() or not 0 < int(said) < 1 << 16:
        raise UsageError(f"{variable}={said} is no port: it must be a number from 1 to 65535")
    return int(said)
