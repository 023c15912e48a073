"""Weight files: telling which model one holds, loading it strictly, saving one.

Only tensors and plain values are ever read (`weights_only`), so a file cannot run code.
"""

from __future__ import annotations

import pickle
import re
import secrets
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from sam2_core.config import CONFIGS, ModelConfig
from sam2_core.device import Device, choose_device, memory_guard
from sam2_core.errors import CheckpointError
from sam2_core.model.sam2 import Sam2Model

_SIZES = {(96, 12): "tiny", (96, 16): "small", (112, 24): "base_plus", (144, 48): "large"}
_BLOCK = re.compile(r"^image_encoder\.trunk\.blocks\.(\d+)\.")
_PATCHES = "image_encoder.trunk.patch_embed.proj.weight"
_NEW_IN_21 = ("no_obj_embed_spatial", "obj_ptr_tpos_proj.weight", "obj_ptr_tpos_proj.bias")
_CHOOSE = "choose a SAM 2 or SAM 2.1 checkpoint as its authors published it, or one saved by this program"


@dataclass(frozen=True)
class CheckpointInfo:
    """What a weight file holds.

    Attributes:
        name: name of the model, as `2.1_tiny` or `built_in`.
        version: `2.0` or `2.1`.
        size: `tiny`, `small`, `base_plus`, `large`, or the name itself for other models.
        parameters: number of values.
        path: the file.
    """

    name: str
    version: str
    size: str
    parameters: int
    path: Path


def describe_checkpoint(path: Path | str) -> CheckpointInfo:
    """Tell what a file holds, without building the model.

    Raises:
        CheckpointError: the file cannot be read or holds no model that this package knows.
    """
    path = Path(path)
    content = _read(path, mapped=True)
    weights = _weights_of(content, path)
    config = _config_of(content, weights, path)
    size = config.name.removeprefix(f"{config.version}_")
    return CheckpointInfo(config.name, config.version, size, sum(value.numel() for value in weights.values()), path)


def load_model(path: Path | str, device: Device | str = "cpu") -> Sam2Model:
    """Load a model, in float32 and evaluation mode.

    Args:
        path: `{"model": state dict}` as published or as saved by a training, a bare state dict, or a file from
            `save_checkpoint`. Half-precision copies are widened; a `module.` in front of every name is dropped.
        device: where the model goes; a name as for `choose_device`, or a chosen device.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind, or does not fit the model exactly.
        DeviceError: there is no such device.
        OutOfMemory: it does not fit there.
    """
    path = Path(path)
    place = choose_device(device) if isinstance(device, str) else device
    with memory_guard(f"loading {path.name}"):
        _check_archive(path)
        content = _read(path, mapped=False)
        weights = _weights_of(content, path)
        config = _config_of(content, weights, path)
        # Without storage of its own the model takes over the file's tensors, so no weight is held twice.
        with torch.device("meta"), _Undrawn():
            model = Sam2Model(config)
        _check_fit(model, weights, path)
        model.load_state_dict({key: _widened(value, key, path) for key, value in weights.items()}, assign=True)
        return model.to(place.torch_device).eval()


class _Undrawn(TorchFunctionMode):
    """Leaves out the random numbers that weights begin with: on the meta device they cost a second of imports."""

    _LEFT_OUT = ("normal_", "uniform_", "trunc_normal_", "kaiming_uniform_")

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if getattr(func, "__name__", "") in self._LEFT_OUT:
            return args[0] if args else named["tensor"]
        return torch.empty(*args, **named) if func is torch.randn else func(*args, **named)


def save_checkpoint(
    path: Path | str, model: Sam2Model, *, half: bool = False, card: dict[str, Any] | None = None
) -> None:
    """Save a model together with its configuration; the file appears under its name only when it is complete.

    Args:
        path: where to; an existing file is replaced.
        model: what to save.
        half: store matrices and kernels in float16; vectors stay float32. Loading widens them again.
        card: plain values about the model's making, kept in the file.

    Raises:
        CheckpointError: the file cannot be written.
    """
    path = Path(path)
    weights = {
        key: (value.half() if half and value.dim() > 1 and value.is_floating_point() else value).detach().cpu().clone()
        for key, value in model.state_dict().items()
    }
    content = {"model": weights, "config": model.config.to_dict(), "card": dict(card or {})}
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as stream:
            torch.save(content, stream)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        raise CheckpointError(f"The model could not be saved as {path} ({error}); choose another place.") from error


def read_card(path: Path | str) -> dict[str, Any]:
    """What `save_checkpoint` was told about a model's making; empty for files from elsewhere.

    Raises:
        CheckpointError: the file cannot be read.
    """
    card = _read(Path(path), mapped=True).get("card")
    return dict(card) if isinstance(card, Mapping) else {}


def _check_archive(path: Path) -> None:
    """Compare every part of the file with its checksum; torch itself would load flipped bits without a word."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (OSError, zipfile.BadZipFile):
        return  # `_read` says what is wrong with it.
    if damaged is not None:
        raise CheckpointError(f"{path} is damaged: its part {damaged} is not what was saved; get the file anew.")


def _read(path: Path, *, mapped: bool) -> dict[str, Any]:
    """The file's content as torch reads it: a dictionary."""
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}; choose another checkpoint or get this one anew.")
    try:
        is_archive = zipfile.is_zipfile(path)
        with path.open("rb") as stream:
            head = stream.read(9)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}); check the file and its permissions."
        ) from error
    if head[8:9] == b"{":
        raise CheckpointError(f"{path} is a safetensors file, which holds another program's layout; {_CHOOSE}.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped and is_archive)
    except pickle.UnpicklingError as error:
        if is_archive:
            raise CheckpointError(
                f"{path} holds program code besides weights, which is never run; {_CHOOSE}."
            ) from error
        raise CheckpointError(f"{path} is damaged or no PyTorch weight file; get it anew, or {_CHOOSE}.") from error
    except MemoryError:
        raise
    except Exception as error:
        # A damaged pickle can raise anything at all.
        raise CheckpointError(f"{path} is damaged or no PyTorch weight file; get it anew, or {_CHOOSE}.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__} instead of weights by name; {_CHOOSE}.")
    return content


def _weights_of(content: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    """The tensors by name, out of whatever wraps them."""
    inner = content.get("model", content)
    if not isinstance(inner, Mapping) or not inner:
        raise CheckpointError(f"{path} holds no weights under 'model'; {_CHOOSE}.")
    if not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in inner.items()):
        raise CheckpointError(f"{path} holds other things than named weights; {_CHOOSE}.")
    if all(key.startswith("module.") for key in inner):
        return {key.removeprefix("module."): value for key, value in inner.items()}
    return dict(inner)


def _config_of(content: Mapping[Any, Any], weights: Mapping[str, Tensor], path: Path) -> ModelConfig:
    """The configuration that travels with the weights, or the one that their names and shapes tell."""
    carried = content.get("config")
    if isinstance(carried, Mapping) and "trunk" in carried:
        try:
            return ModelConfig.from_dict(carried)
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                f"{path} was saved with settings that this version does not understand ({error}); {_CHOOSE}."
            ) from error
    _refuse_relatives(weights, path)
    blocks = [int(match[1]) for key in weights if (match := _BLOCK.match(key))]
    patches = weights.get(_PATCHES)
    size = _SIZES.get((patches.shape[0], 1 + max(blocks))) if patches is not None and blocks else None
    if size is None:
        raise CheckpointError(f"{path} holds weights, but of no SAM 2 model that this program knows; {_CHOOSE}.")
    present = [name for name in _NEW_IN_21 if name in weights]
    if present and len(present) < len(_NEW_IN_21):
        missing = next(name for name in _NEW_IN_21 if name not in weights)
        raise CheckpointError(f"{path} mixes SAM 2.0 and 2.1: it has {present[0]} but lacks {missing}; {_CHOOSE}.")
    return CONFIGS[f"{'2.1' if present else '2.0'}_{size}"]


def _refuse_relatives(weights: Mapping[str, Tensor], path: Path) -> None:
    """Name the models that are often taken for SAM 2."""

    def has(*prefixes: str) -> bool:
        return any(key.startswith(prefixes) for key in weights)

    if has("spatial_perceiver.", "image_encoder.trunk.body."):
        raise CheckpointError(f"{path} is an EdgeTAM checkpoint, which this program does not run; {_CHOOSE}.")
    if has("vision_encoder.", "model.vision_encoder.", "shared_image_embedding.", "model.shared_image_embedding."):
        raise CheckpointError(
            f"{path} is a copy converted for the transformers library, with other names for its weights; {_CHOOSE}."
        )
    if has("image_encoder.blocks.", "image_encoder.patch_embed.") and has("prompt_encoder.", "mask_decoder."):
        raise CheckpointError(f"{path} is a checkpoint of the first SAM, which cannot follow objects; {_CHOOSE}.")
    if has("detector.", "tracker."):
        raise CheckpointError(f"{path} is a checkpoint of SAM 3 or another later model; {_CHOOSE}.")


def _check_fit(model: Sam2Model, weights: Mapping[str, Tensor], path: Path) -> None:
    """Refuse a state dict that differs from the model's in any name or shape."""
    wanted = model.state_dict()
    name = model.config.name
    missing = sorted(wanted.keys() - weights.keys())
    if missing:
        raise CheckpointError(f"{path} lacks {_some(missing)} of the model {name}; get the file anew, or {_CHOOSE}.")
    unknown = sorted(weights.keys() - wanted.keys())
    if unknown:
        raise CheckpointError(f"{path} has {_some(unknown)} that the model {name} does not have; {_CHOOSE}.")
    for key, value in wanted.items():
        if value.shape != weights[key].shape:
            raise CheckpointError(
                f"{path} does not fit the model {name}: {key} has the shape {list(weights[key].shape)} "
                f"instead of {list(value.shape)}; {_CHOOSE}."
            )


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} weights ({names[0]} and others)"


def _widened(value: Tensor, key: str, path: Path) -> Tensor:
    """A weight in float32, refused if it holds anything but numbers."""
    if not value.is_floating_point():
        raise CheckpointError(f"{path} stores {key} as {value.dtype}, not as floating-point numbers; {_CHOOSE}.")
    value = value.float()
    if not bool(torch.isfinite(value).all()):
        raise CheckpointError(f"{path} is damaged: {key} holds values that are no numbers; get the file anew.")
    return value
