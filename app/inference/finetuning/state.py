"""What is known of a fine-tuning so far, in a file of its folder, so that the same command can go on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from app.inference.finetuning.measure import Scores

STATE_NAME = "finetune.json"


class WorkState:
    """What is known of the work so far, in a file of its folder."""

    def __init__(self, folder: Path, values: dict[str, Any]) -> None:
        self.folder = folder
        self.values = values

    @classmethod
    def open(cls, folder: Path, meant: dict[str, Any]) -> WorkState:
        """The state to go on from; an older one, of anything else than is `meant` now, is thrown away."""
        path = folder / STATE_NAME
        if path.is_file():
            values = json.loads(path.read_text(encoding="utf-8"))
            if all(values.get(key) == value for key, value in meant.items()):
                return cls(folder, values)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        state = cls(folder, {})
        state.remember(**meant)
        return state

    def remember(self, **values: Any) -> None:
        """Keep values in the file."""
        self.values |= values
        partial = self.folder / f"{STATE_NAME}.part"
        partial.write_text(json.dumps(self.values, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / STATE_NAME)

    def forget(self) -> None:
        """Take the file away: nothing is left to go on from."""
        (self.folder / STATE_NAME).unlink()

    @property
    def outcome(self) -> str | None:
        """The verdict, once there is one."""
        found: str | None = self.values.get("outcome")
        return found

    def scores(self, name: str) -> Scores | None:
        """The scores of before or after, if they were measured."""
        found = self.values.get(name)
        if found is None:
            return None
        values = {(kind, key, number, frame): value for kind, key, number, frame, value in found["values"]}
        return Scores(values, {(key, first): last for key, first, last in found["ends"]})

    def remember_scores(self, name: str, scores: Scores) -> None:
        """Keep scores in the file."""
        values = [[*question, value] for question, value in scores.values.items()]
        self.remember(**{name: {"values": values, "ends": [[*key, last] for key, last in scores.ends.items()]}})
