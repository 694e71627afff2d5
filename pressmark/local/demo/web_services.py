"""What the demo opens for researchers: the reading room and pywb, as their commands do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

import attrs

from pressmark.local.demo.settings import BIN, Settings
from pressmark.system.child_process import Program
from pressmark.system.ports import LOOPBACK, answers

READY_SECONDS = 60


@attrs.frozen
class Rooms:
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
        room, stage, pywb = map(str, (settings.room_port, settings.stage_port, settings.pywb_port))
        options = ["--port", room, "--replay-port", stage, "--pywb", f"http://pywb.localhost:{pywb}"]
        rooms = cls(
            settings,
            (
                _program(settings, environment, "replay", "--port", pywb),
                _program(settings, environment, "reading-room", *options),
            ),
        )
        try:
            for program in rooms.programs:
                program.start()
            for program, port in zip(rooms.programs, (settings.pywb_port, settings.room_port), strict=True):
                program.wait_until(lambda port=port: answers(LOOPBACK, port), READY_SECONDS)  # type: ignore[misc]
            yield rooms
        finally:
            for program in rooms.programs:
                program.terminate()
            for program in rooms.programs:
                program.stop()

    @property
    def url(self) -> str:
        """Address of the reading room."""
        return f"http://pressmark.localhost:{self.settings.room_port}"

    def check(self) -> None:
        """Raise ServiceFailed if one has ended by itself."""
        for program in self.programs:
            program.check()


def _program(settings: Settings, environment: Mapping[str, str], command: str, *options: str) -> Program:
    folder = settings.folder / "rooms"
    folder.mkdir(exist_ok=True)
    told = {**environment, "XDG_CACHE_HOME": str(folder)}
    return Program(command, [BIN / "pressmark", command, *options], told, folder, folder / f"{command}.log")
