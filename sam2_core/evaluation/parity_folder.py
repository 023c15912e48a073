"""Where parity cases lie, and what stands in their files.

The layout is that of the case collection's own README: `weights.json`, `configs.json`, `frames/`, `images/` and
`cases/` with `state_dict_<model>.json` and one folder per kind.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import functools
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sam2_core.config import CONFIGS, HieraConfig, ModelConfig


class ParityError(Exception):
    """The folder of cases cannot be used; the message says what is missing where."""


@dataclass(frozen=True)
class Case:
    """One case: its name, kind (`module`, `image`, `video`, `amg`), description and file of arrays."""

    name: str
    kind: str
    description: dict[str, Any]
    arrays_path: Path

    def arrays(self) -> dict[str, np.ndarray]:
        """The reference arrays as stored: thinned out and packed as the description says.

        Raises:
            ParityError: the file is damaged.
        """
        try:
            with np.load(self.arrays_path) as stored:
                return {key: stored[key] for key in stored.files}
        except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ParityError(f"{self.arrays_path} is damaged ({error}); copy it anew from the cases.") from error


class ParityFolder:
    """A folder of cases.

    Args:
        path: a folder with the layout above, or its `cases` folder.

    Raises:
        ParityError: there are no cases here, or their surroundings are missing.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ParityError(f"{path} is not a folder; give the folder that holds the parity cases.")
        self.root = path if (path / "cases").is_dir() else path.parent
        self.cases_path = self.root / "cases"
        if not self.cases_path.is_dir() or path not in (self.root, self.cases_path):
            raise ParityError(f"{path} has no folder 'cases'; give the folder that holds the parity cases.")
        for name in ("weights.json", "configs.json"):
            if not (self.root / name).is_file():
                raise ParityError(f"{self.root / name} is missing; it belongs to the parity cases, copy it there.")

    def cases(self, pattern: str = "*") -> list[Case]:
        """All cases whose name matches a glob pattern, by name.

        Raises:
            ParityError: a description is damaged or has no arrays.
        """
        found = []
        for path in sorted(self.cases_path.glob("*/*.json"), key=lambda entry: entry.stem):
            if not fnmatch.fnmatch(path.stem, pattern):
                continue
            description = _read_json(path)
            kind = description.get("kind", path.parent.name)
            arrays = path.with_suffix(".npz")
            if not arrays.is_file():
                raise ParityError(f"{arrays} is missing; the case {path.stem} cannot be checked without it.")
            found.append(Case(path.stem, str(kind), description, arrays))
        return found

    @functools.cached_property
    def weight_rule(self) -> dict[str, Any]:
        """The rule that makes weights out of names and a seed."""
        rule = _read_json(self.root / "weights.json").get("rule")
        if not isinstance(rule, dict):
            raise ParityError(f"{self.root / 'weights.json'} holds no rule; copy it anew from the parity cases.")
        return rule

    def shapes(self, model: str) -> dict[str, tuple[int, ...]]:
        """Tensor names and shapes of a whole model."""
        path = self.cases_path / f"state_dict_{model}.json"
        return {name: tuple(shape) for name, shape in _read_json(path)["shapes"].items()}

    def config(self, model: str, flags: dict[str, Any]) -> ModelConfig:
        """The configuration of a model of the collection, with a case's behaviour flags applied."""
        models = _read_json(self.root / "configs.json")
        if model not in models:
            raise ParityError(f"{self.root / 'configs.json'} does not know the model {model!r}.")
        config = _config_of(model, models[model])
        known = {entry.name for entry in dataclasses.fields(ModelConfig)}
        return dataclasses.replace(config, **{key: value for key, value in flags.items() if key in known})

    def image(self, name: str) -> np.ndarray:
        """A still image, uint8 RGB H x W x 3."""
        return read_rgb(self.root / "images" / f"{name}.png")

    def frames(self, clip: str, count: int) -> list[np.ndarray]:
        """The first frames of a clip, uint8 RGB H x W x 3."""
        return [read_rgb(self.root / "frames" / clip / f"{i:05d}.png") for i in range(count)]


def read_rgb(path: Path) -> np.ndarray:
    """Read a picture file as uint8 RGB H x W x 3.

    Raises:
        ParityError: the file is missing, or Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ParityError("Reading pictures needs the package Pillow; install it with: pip install pillow") from None
    if not path.is_file():
        raise ParityError(f"{path} is missing; copy it from the parity cases.")
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParityError(f"{path} is missing; copy it from the parity cases.") from None
    except ValueError as error:
        raise ParityError(f"{path} is not valid JSON ({error}); copy it anew from the parity cases.") from None
    if not isinstance(content, dict):
        raise ParityError(f"{path} does not hold a JSON object; copy it anew from the parity cases.")
    return content


def _config_of(name: str, values: dict[str, Any]) -> ModelConfig:
    trunk, decoder, attention = values["trunk"], values["mask_decoder"], values["memory_attention"]
    config = ModelConfig(
        name=name,
        version=values["version"],
        trunk=HieraConfig(
            embed_dim=trunk["embed_dim"],
            heads=trunk["num_heads"],
            blocks=tuple(trunk["stages"]),
            global_blocks=tuple(trunk["global_att_blocks"]),
            windows=tuple(trunk["window_spec"]),
            background_grid=trunk["window_pos_embed_bkg_spatial_size"][0],
            mlp_ratio=trunk["mlp_ratio"],
        ),
        image_size=values["image_size"],
        hidden=values["neck"]["d_model"],
        memory_dim=values["memory_encoder"]["out_dim"],
        decoder_mlp=decoder["mlp_dim"],
        decoder_heads=decoder["heads"],
        iou_hidden=decoder["iou_head_hidden"],
        attention_layers=attention["layers"],
        attention_ffn=attention["dim_feedforward"],
        no_obj_embed_spatial=values["no_obj_embed_spatial"],
        add_tpos_enc_to_obj_ptrs=values["add_tpos_enc_to_obj_ptrs"],
        proj_tpos_enc_in_obj_ptrs=values["proj_tpos_enc_in_obj_ptrs"],
        use_signed_tpos_enc_to_obj_ptrs=values["use_signed_tpos_enc_to_obj_ptrs"],
    )
    if name in CONFIGS and config != CONFIGS[name]:
        raise ParityError(f"The collection describes {name} differently from this program: {config}")
    return config
