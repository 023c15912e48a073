"""What every format is made of: options, a writer, a reader and an independent check.

The list of them is in registry.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporters.dataset import Dataset
from exporters.report import ExportedObject, Loss, Readback, Rename
from exporters.tree import StagedTree


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` steps, and what is being done now."""

    done: int
    total: int
    what: str


@dataclass(slots=True)
class Written:
    """What a writer says it has written; the check holds it to that."""

    masks: int = 0
    frames: int = 0
    losses: list[Loss] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    objects: list[ExportedObject] = field(default_factory=list)
    plan: Any = None
    """The writer's decisions (names, numbers, first frames), in the format's own type."""


Work = Generator[Progress, None, Written]
Check = Generator[Progress, None, Readback]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of data set.

    `options` is a frozen dataclass whose fields carry `title`, `help` and, where there are few values, `choices` in
    their metadata: dialogs and command lines are made from it. `contents` are the names at the top of a finished
    data set.
    """

    name: str
    title: str
    summary: str
    loses: str
    options: type[Any]
    contents: frozenset[str]
    write: Callable[[Dataset, StagedTree, Any], Work]
    read: Callable[[Path], Dataset]
    verify: Callable[[Dataset, Path, Any, Written], Check]
