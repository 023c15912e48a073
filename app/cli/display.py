"""Whether a window can be shown here, found out before Qt, which would end the process where it cannot."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

FIRST_X_PORT = 6000
PATIENCE_SECONDS = 2.0


def display_obstacle() -> str | None:
    """Why no window can be shown here, as a sentence, or None."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    wayland, x = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if not wayland and not x:
        return "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    if (wayland and _is_wayland_there(wayland)) or (x and _does_x_answer(x)):
        return None
    return f"The display {x or wayland} does not answer."


def _is_wayland_there(name: str) -> bool:
    return (Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name).exists()


def _does_x_answer(display: str) -> bool:
    found = re.fullmatch(r"(?P<host>.*):(?P<number>\d+)(\.\d+)?", display)
    if found is None:
        return False
    number = int(found["number"])
    if found["host"] in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return any(_does_answer(socket.AF_UNIX, place) for place in (path, f"\0{path}"))
    return _does_answer(socket.AF_INET, (found["host"], FIRST_X_PORT + number))


def _does_answer(family: socket.AddressFamily, place: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        try:
            connection.connect(place)
        except OSError:
            return False
    return True
