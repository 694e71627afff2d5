"""The standard streams of a program: those that its caller closed are opened, and any text can be written to them."""

import io
import os
import sys

_STANDARD = 3


def open_streams() -> None:
    """Let all three be there: else the next file that is opened takes the place of one."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < _STANDARD:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays open
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # Whatever a site sent, a terminal of ASCII shows it.
