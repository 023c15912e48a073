"""A recipe with some of its values changed, for whoever has other ideas (`--set model.trunk=lite2 pool=48`)."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from sam2_core.config import EfficientNetConfig
from sam2_core.errors import Sam2Error
from sam2_core.training.recipes import Recipe

_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_STAGES = "stages"


class VariationError(Sam2Error):
    """A change names nothing in the recipe, or its value does not fit there."""


def varied(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """The recipe with each change `NAME=VALUE` made, in order.

    A name is a way through the recipe: `pool`, `model.hidden`, `loss.pick`, `source_weights.coco_cc`,
    `stages.0.steps`; `stages.steps` changes every stage, and `stages=2` keeps the first two. `model.trunk` is the name
    of an EfficientNet. A list is written with commas.

    Raises:
        VariationError: there is no such name, or the value does not fit.
    """
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise VariationError(f"--set {change} is not understood; write NAME=VALUE, as in --set model.hidden=192.")
        try:
            recipe = _changed(recipe, name.strip().split("."), text.strip())
        except ValueError as fault:
            raise VariationError(f"--set {change} cannot be done: {fault}.") from fault
    return recipe


def _changed(value: Any, way: Sequence[str], text: str) -> Any:
    """`value` with `text` put in at the end of the way."""
    if not way:
        return _read(value, text)
    name, *rest = way
    if isinstance(value, tuple):
        if not name.isdecimal():
            return tuple(_changed(entry, way, text) for entry in value)
        index = int(name)
        if index >= len(value):
            raise ValueError(f"there are {len(value)} of them, counted from 0")
        return (*value[:index], _changed(value[index], rest, text), *value[index + 1 :])
    if isinstance(value, Mapping):
        return {**value, ".".join(way): _read(0.0, text)}
    names = [entry.name for entry in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    if name not in names:
        raise ValueError(_unknown(name, names))
    inner = getattr(value, name)
    if name == _STAGES and not rest:
        return dataclasses.replace(value, stages=_first(inner, text))
    return dataclasses.replace(value, **{name: _changed(inner, rest, text)})


def _unknown(name: str, names: Sequence[str]) -> str:
    if not names:
        return f"there is nothing inside that could be called {name!r}"
    close = difflib.get_close_matches(name, names, n=1)
    return f"there is no {name!r}, " + (f"did you mean {close[0]!r}" if close else f"there is {', '.join(names)}")


def _first(stages: tuple[Any, ...], text: str) -> tuple[Any, ...]:
    """The first so many stages."""
    count = _read(0, text)
    if not 1 <= count <= len(stages):
        raise ValueError(f"this recipe has {len(stages)} stages; give how many of them to keep")
    return stages[:count]


def _read(present: Any, text: str) -> Any:
    """The text as a value of the same kind as the present one."""
    if isinstance(present, EfficientNetConfig):
        return EfficientNetConfig.named(text)
    if isinstance(present, bool):
        if text.lower() not in _TRUTHS:
            raise ValueError("it can be true or false")
        return _TRUTHS[text.lower()]
    if isinstance(present, int | float):
        kind = type(present)
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"it must be a {'whole number' if kind is int else 'number'}") from None
    if isinstance(present, str):
        return text
    if isinstance(present, tuple) and all(isinstance(entry, str) for entry in present):
        return tuple(word for word in text.split(",") if word)
    raise ValueError("it is no single value; name something inside it")
