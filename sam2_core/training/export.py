"""From a run to a weight file that can be shipped: averaged weights in half precision, and a card."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from sam2_core.checkpoint import save_checkpoint
from sam2_core.config import ModelConfig
from sam2_core.errors import CheckpointError
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training.recipes import RECIPES
from sam2_core.training.run_files import CHECKPOINT_NAME, read_checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("target", type=Path, help="weight file to write; its card is written beside it as .json")
    parser.add_argument("--card", type=Path, help="JSON file with what else the card shall say, as measured quality")
    parser.add_argument("--prior-share", type=float, help="share of the matched mask, chosen by measurement")


def run(arguments: argparse.Namespace) -> int:
    """Write the weight file and its card."""
    card = export_run(arguments.run, arguments.target, arguments.card, prior_share=arguments.prior_share)
    size = arguments.target.stat().st_size / 1e6
    print(f"Wrote {arguments.target} ({size:.1f} MB) from step {card['training']['steps']}.")
    return 0


def averaged_model(run_folder: Path, *, prior_share: float | None = None) -> tuple[Sam2Model, dict[str, Any]]:
    """The model that a run has come to, with averaged weights, ready for use; and what else its checkpoint says.

    Raises:
        CheckpointError: the run has no checkpoint, or one of another model.
    """
    state = read_checkpoint(run_folder)
    if state is None:
        raise CheckpointError(f"There is no checkpoint in {run_folder}; train first, or give another run folder.")
    try:
        # Older checkpoints hold no configuration; theirs was always that of the named recipe.
        config = ModelConfig.from_dict(state["config"]) if "config" in state else RECIPES[state["recipe"]].model
        if prior_share is not None:
            config = dataclasses.replace(config, prior_share=prior_share)
        model = Sam2Model(config)
        model.load_state_dict({**state["model"], **state["average"]})
    except (KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{run_folder / CHECKPOINT_NAME} does not fit any model as it is today ({error}); export it with the "
            "program that trained it."
        ) from error
    return model.eval(), state


def export_run(
    run_folder: Path, target: Path, card_file: Path | None = None, *, prior_share: float | None = None
) -> dict[str, Any]:
    """Write the averaged weights of a run to `target`, and its card beside it; gives the card.

    Raises:
        CheckpointError: the run has no checkpoint, or one of another model, or there is no such card file.
    """
    more = {} if card_file is None else _read_card(card_file)
    model, state = averaged_model(run_folder, prior_share=prior_share)
    config = model.config
    card: dict[str, Any] = {
        "name": config.name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "prior_share": config.prior_share,
        "training": {
            "steps": state["step"],
            "hours": round(state["seconds"] / 3600, 2),
            "device": state.get("device", "processor, float32"),
            "sources": state["sources"],
        },
        **more,
    }
    save_checkpoint(target, model, half=True, card=card)
    target.with_suffix(".json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def _read_card(file: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{file} cannot be read as a card ({error}); give a JSON file with an object.") from error
    return said
