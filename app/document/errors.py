"""What goes wrong with a project file, said in sentences."""

from __future__ import annotations

from pathlib import Path


class ProjectError(Exception):
    """A project file cannot be read or written; the message is a sentence to show. Nothing in memory is lost."""


class ProjectInUse(ProjectError):
    """Another window has the project open; it can still be opened to look at."""

    def __init__(self, name: str, holder: tuple[int, str] | None, lock: Path) -> None:
        self.holder = holder
        who = "another program" if holder is None else f"process {holder[0]} on {holder[1]}"
        super().__init__(
            f"{name} is open elsewhere ({who}). Close it there or open it read-only; if nothing has it open, "
            f"delete {lock}."
        )
