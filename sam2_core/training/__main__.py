"""Train a model: `--config built_in --data FOLDER`; the same command goes on later. `export RUN FILE` ships it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from sam2_core.checkpoint import load_model
from sam2_core.config import EfficientNetConfig
from sam2_core.errors import Sam2Error
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training import export
from sam2_core.training.recipes import RECIPES, Recipe
from sam2_core.training.run import CHECKPOINT_NAME, Training, run_training

_LOW_PRIORITY = 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] == ["export"]:
            parser = argparse.ArgumentParser(prog="python -m sam2_core.training export", description=export.__doc__)
            export.add_arguments(parser)
            return export.run(parser.parse_args(words[1:]))
        return train(_parser().parse_args(words))
    except Sam2Error as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sam2_core.training", description=__doc__)
    parser.add_argument("--config", required=True, choices=sorted(RECIPES), help="recipe")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="data folders")
    parser.add_argument(
        "--run", type=Path, help="run folder, by default runs/<config>; an existing one is gone on with"
    )
    parser.add_argument("--hours", type=float, help="stop after so many hours; the same command goes on later")
    parser.add_argument("--start", type=Path, help="weight file to start from; official sizes need one")
    parser.add_argument("--threads", type=int, default=2, help="threads for computing")
    return parser


def train(arguments: argparse.Namespace) -> int:
    """Train as asked; 0 if the training ended in good order."""
    if hasattr(os, "nice"):
        os.nice(_LOW_PRIORITY)
    torch.set_num_threads(max(arguments.threads, 1))
    recipe = RECIPES[arguments.config]
    run_folder = arguments.run or Path("runs") / arguments.config
    model = new_model(recipe, arguments.start, is_resumed=(run_folder / CHECKPOINT_NAME).exists())
    training = Training(recipe, model, arguments.data, run_folder)
    print(f"Going on at step {training.step}." if training.resume() else f"A new run in {run_folder}.", flush=True)
    print(run_training(training, hours=arguments.hours))
    return 0


def new_model(recipe: Recipe, start: Path | None, *, is_resumed: bool = False) -> Sam2Model:
    """The model to train: from a weight file, or new with the published trunk where there is one.

    Raises:
        CheckpointError: the weight file or the published trunk cannot be had.
        Sam2Error: an official size without a weight file to start from.
    """
    if start is not None:
        return load_model(start)
    torch.manual_seed(recipe.seed)
    model = Sam2Model(recipe.model)
    if isinstance(recipe.model.trunk, EfficientNetConfig):
        from sam2_core.model.efficientnet import load_published_trunk

        if not is_resumed:
            load_published_trunk(model.image_encoder.trunk)  # type: ignore[arg-type]
    elif not is_resumed:
        raise Sam2Error(
            f"The trunk of {recipe.model.name} cannot be trained from nothing here; give --start with its checkpoint."
        )
    return model


if __name__ == "__main__":
    sys.exit(main())
