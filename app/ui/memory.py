"""How much memory the program holds: this process and the ones that it started."""

from __future__ import annotations

import os
from pathlib import Path


def memory_bytes() -> int | None:
    """Resident bytes of this process and its children; None where the system does not tell (only Linux does)."""
    try:
        return sum(_resident(process) for process in [os.getpid(), *_children(os.getpid())])
    except (OSError, ValueError, IndexError):
        return None


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0  # it ended a moment ago
    return pages * os.sysconf("SC_PAGE_SIZE")
