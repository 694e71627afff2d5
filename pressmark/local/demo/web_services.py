"""The demo's services for researchers: the reading room and pywb, run by their commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import attrs

from pressmark.local.demo.settings import BIN, Settings
from pressmark.system.child_process import Program
from pressmark.system.ports import LOOPBACK, answers

READY_SECONDS = 60


@attrs.frozen
class WebServices:
    """The reading room and the replay server of the demo."""

    settings: Settings
    programs: tuple[Program, ...]

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, environment: Mapping[str, str]) -> Iterator[Self]:
        """Start both, wait until they answer, and stop them at the end.

        Raises:
            ServiceFailed: one did not come up.
        """
        room, replay, pywb = map(str, (settings.room_port, settings.replay_port, settings.pywb_port))
        options = ["--port", room, "--replay-port", replay, "--pywb", f"http://pywb.localhost:{pywb}"]
        web = cls(
            settings,
            (
                _program(settings, environment, "replay", "--port", pywb),
                _program(settings, environment, "reading-room", *options),
            ),
        )
        try:
            for program in web.programs:
                program.start()
            for program, port in zip(web.programs, (settings.pywb_port, settings.room_port), strict=True):
                program.wait_until(lambda port=port: answers(LOOPBACK, port), READY_SECONDS)  # type: ignore[misc]
            yield web
        finally:
            for program in web.programs:
                program.terminate()
            for program in web.programs:
                program.stop()

    @property
    def url(self) -> str:
        """Address of the reading room."""
        return f"http://pressmark.localhost:{self.settings.room_port}"

    def check(self) -> None:
        """Raise ServiceFailed if one has ended unexpectedly."""
        for program in self.programs:
            program.check()


def _program(settings: Settings, environment: Mapping[str, str], command: str, *options: str) -> Program:
    folder = settings.folder / "rooms"
    folder.mkdir(exist_ok=True)
    variables = {**environment, "XDG_CACHE_HOME": str(folder)}
    return Program(command, [BIN / "pressmark", command, *options], variables, folder, folder / f"{command}.log")
