"""The files of a run folder that must never be half written, and what is said where they cannot be written or read."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from sam2_core.errors import CheckpointError

CHECKPOINT_NAME = "checkpoint.pt"
CONFIG_NAME = "config.json"


def write_checkpoint(folder: Path, state: Mapping[str, Any]) -> Path:
    """Write the state of a training, whole or not at all; gives the file.

    Raises:
        CheckpointError: it cannot be written, as on a full disk. An older checkpoint is still there then.
    """
    path = folder / CHECKPOINT_NAME
    partial = path.with_suffix(".partial")
    try:
        torch.save(dict(state), partial)
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        kept = " The one before it is kept." if path.exists() else ""
        raise CheckpointError(
            f"The checkpoint of step {state['step']} cannot be written to {path} ({_reason(error)}); make room there, "
            f"or allow writing.{kept}"
        ) from error
    return path


def read_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The state that was written last; None if there is none.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({_reason(error)}); take it away to begin anew, or give another --run."
        ) from error
    return state


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Make the run folder, and write down in it what the run is.

    Raises:
        CheckpointError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_NAME).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CheckpointError(
            f"The run folder {folder} cannot be written to ({_reason(error)}); give another --run."
        ) from error


def _reason(error: Exception) -> str:
    """The first line of what was said; torch adds its whole call stack."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
