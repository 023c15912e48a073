"""Train a model: `--config built_in --data FOLDER…`; the same command goes on later, also under torchrun.

`export RUN FILE` ships what was trained, `plot RUN` draws its curves.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from sam2_core.checkpoint import load_model
from sam2_core.config import EfficientNetConfig
from sam2_core.errors import CheckpointError, Sam2Error
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training import export, plots
from sam2_core.training.initialise import scale_memory_encoder
from sam2_core.training.paper_recipes import ALL_RECIPES
from sam2_core.training.projects import as_data_folders
from sam2_core.training.recipes import Recipe
from sam2_core.training.run import CHECKPOINT_NAME, Training, run_training
from sam2_core.training.team import join_team, leave_team
from sam2_core.training.variations import varied

_LOW_PRIORITY = 15
_COMMANDS = {"export": export, "plot": plots}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the process's exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in _COMMANDS:
            command = _COMMANDS[words[0]]
            parser = argparse.ArgumentParser(
                prog=f"python -m sam2_core.training {words[0]}", description=command.__doc__
            )
            command.add_arguments(parser)
            status: int = command.run(parser.parse_args(words[1:]))
            return status
        return train(_parser().parse_args(words))
    except Sam2Error as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sam2_core.training", description=__doc__)
    parser.add_argument("--config", required=True, type=_recipe_name, metavar="NAME", help=_names())
    parser.add_argument(
        "--data",
        required=True,
        nargs="+",
        type=Path,
        help="DAVIS trees, COCO files or folders, folders of cut-outs, projects, exports, data folders; all together",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="change values of the recipe: model.trunk=lite2, model.hidden=192, stages.0.steps=300, loss.pick=2, …; "
        "when the run goes on, give the same",
    )
    parser.add_argument(
        "--run", type=Path, help="run folder, by default runs/<config>; an existing one is gone on with"
    )
    parser.add_argument("--hours", type=float, help="stop after so many hours; the same command goes on later")
    parser.add_argument("--start", type=Path, help="weight file to start from; official sizes need one")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:1; under torchrun one card each")
    parser.add_argument("--threads", type=int, default=2, help="threads for computing")
    return parser


def _recipe_name(text: str) -> str:
    if text in ALL_RECIPES:
        return text
    close = difflib.get_close_matches(text, ALL_RECIPES, n=1)
    instead = f"did you mean {close[0]}?" if close else "--help lists them."
    raise argparse.ArgumentTypeError(f"There is no recipe {text!r}; {instead}")


def _names() -> str:
    return f"recipe: {', '.join(sorted(ALL_RECIPES))}"


def train(arguments: argparse.Namespace) -> int:
    """Train as asked; 0 if the training ended in good order."""
    if hasattr(os, "nice"):
        os.nice(_LOW_PRIORITY)
    torch.set_num_threads(max(arguments.threads, 1))
    recipe = varied(ALL_RECIPES[arguments.config], arguments.changes)
    run_folder = arguments.run or Path("runs") / arguments.config
    team = join_team(arguments.device)
    try:
        model = new_model(recipe, arguments.start, is_resumed=(run_folder / CHECKPOINT_NAME).exists())
        folders = as_data_folders(arguments.data, run_folder, team)
        training = Training(recipe, model, folders, run_folder, team, has_learned=arguments.start is not None)
        is_resumed = training.resume()
        if team.is_first:
            begun = f"Going on at step {training.step}" if is_resumed else f"A new run in {run_folder}"
            together = f", {team.size} processes" if team.size > 1 else ""
            print(f"{begun}, on {team.device.label}{together}.", flush=True)
        said = run_training(training, hours=arguments.hours)
        if team.is_first:
            print(said)
    finally:
        leave_team()
    return 0


def new_model(recipe: Recipe, start: Path | None, *, is_resumed: bool = False) -> Sam2Model:
    """The model to train: from a weight file, or new with the published trunk where there is one.

    Raises:
        CheckpointError: the weight file or the published trunk cannot be had, or it is of another model.
        Sam2Error: an official size without a weight file to start from.
    """
    if start is not None:
        model = load_model(start)
        if model.config.name != recipe.model.name:
            raise CheckpointError(
                f"{start} holds the model {model.config.name}, but this recipe trains {recipe.model.name}; choose "
                "another --start or another --config."
            )
        return _as_in_recipe(model, recipe, start)
    torch.manual_seed(recipe.seed)
    model = Sam2Model(recipe.model)
    if recipe.memory_gamma:
        scale_memory_encoder(model, recipe.memory_gamma)
    if isinstance(recipe.model.trunk, EfficientNetConfig):
        from sam2_core.model.efficientnet import load_published_trunk

        if not is_resumed:
            load_published_trunk(model.image_encoder.trunk)  # type: ignore[arg-type]
    elif not is_resumed and recipe.is_trunk_frozen:
        raise Sam2Error(
            f"The trunk of {recipe.model.name} cannot be trained from nothing here; give --start with its checkpoint."
        )
    return model


def _as_in_recipe(model: Sam2Model, recipe: Recipe, start: Path) -> Sam2Model:
    """The weights of a file in the recipe's model, which may behave otherwise but has the same parts."""
    if model.config == recipe.model:
        return model
    wanted = Sam2Model(recipe.model)
    try:
        wanted.load_state_dict(model.state_dict())
    except RuntimeError as error:
        raise CheckpointError(
            f"{start} holds a model of other widths than this recipe trains; leave out --start or what --set says "
            f"about the model. ({error})"
        ) from error
    return wanted


if __name__ == "__main__":
    sys.exit(main())
