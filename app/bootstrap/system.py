"""System libraries: which are missing, and the one line that brings them.

Qt loads them when its first window opens and ends the process where one is missing, so they are looked for before.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
from typing import TYPE_CHECKING

from app.bootstrap.failure import Failed

if TYPE_CHECKING:
    from app.bootstrap.narrator import Narrator

# shared object -> Debian package; what Qt needs to draw at all, then what a real X11 window needs beyond that
LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# program -> Debian package, for the tests that open a real window on a virtual screen
TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth"}


def missing_packages(for_tests: bool = False) -> list[str]:
    """Debian packages of what is missing on this Linux machine; elsewhere always empty: the wheels bring everything."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for library, package in LIBRARIES.items() if not _can_load(library)]
    if for_tests:
        missing += [package for program, package in TEST_PROGRAMS.items() if shutil.which(program) is None]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    return missing


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide(packages: list[str], narrator: Narrator) -> None:
    """Install `packages` with apt-get: as root at once, with sudo on a terminal after asking.

    Raises Failed with the one line to type where neither is possible or the person says no.
    """
    if not packages:
        narrator.say("all there")
        return
    narrator.say(f"missing: {' '.join(packages)}")
    line = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise Failed(
            "System libraries are missing, and this system has no apt-get. "
            f"Install what Debian calls {' '.join(packages)}; then start the same command again."
        )
    if os.geteuid() == 0:
        _install(packages, [], narrator)
        return
    by_hand = (
        "System libraries are missing. This line installs them; then start the same command again:\n"
        f"  sudo apt-get update && sudo {line}"
    )
    if shutil.which("sudo") is None or not sys.stdin.isatty():
        raise Failed(by_hand)
    print(f"      sudo {line}")
    if input("      Run this line now? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Failed(by_hand)
    import subprocess

    if subprocess.call(["sudo", "-v"]):
        raise Failed(by_hand)
    _install(packages, ["sudo", "-n"], narrator)


def _install(packages: list[str], prefix: list[str], narrator: Narrator) -> None:
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    failure = "apt-get could not install the system libraries"
    narrator.watch([*prefix, "apt-get", "update"], failure, quiet)
    narrator.watch([*prefix, "apt-get", "install", "-y", "--no-install-recommends", *packages], failure, quiet)
