"""Where a model computes, with which number type, and what happens when memory runs out there."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch

from sam2_core.errors import DeviceError, OutOfMemory


@dataclass(frozen=True)
class Device:
    """A place to compute.

    Attributes:
        torch_device: for torch.
        autocast_dtype: number type of matrix products, or None for float32 throughout.
        label: for people, as `NVIDIA H100 (CUDA, bfloat16)`.
    """

    torch_device: torch.device
    autocast_dtype: torch.dtype | None
    label: str

    def autocast(self) -> AbstractContextManager[None]:
        """A context in which matrix products use the device's number type."""
        is_on = self.autocast_dtype is not None
        # Named only where it is on: torch warns about types that a device cannot use.
        dtype = self.autocast_dtype if is_on else None
        return torch.autocast(self.torch_device.type, dtype=dtype, enabled=is_on)


_KEPT_BYTES = 256 * 2**20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> None:
    """Let the C library keep up to 256 MB that this process has freed, instead of giving it back at once.

    A frame's maps are freed and asked for again on every frame; fetching their pages anew costs a trunk a fifth of its
    time. Only the GNU C library can be asked; elsewhere this does nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def choose_device(name: str = "auto") -> Device:
    """Find a device on this machine.

    Args:
        name: `auto` (the fastest there is), `cpu`, `mps`, `cuda`, or one of several cards as `cuda:1`.

    Raises:
        DeviceError: the name is unknown, or there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = name.partition(":")
    if kind == "cpu" and number in ("", "0"):
        return Device(torch.device("cpu"), None, "processor, float32")
    if kind == "cuda" and (not number or number.isdecimal()):
        return _cuda(int(number or 0))
    if kind == "mps" and number in ("", "0"):
        if not torch.backends.mps.is_available():
            raise DeviceError(
                "There is no Apple graphics processor (MPS) that this PyTorch can use; choose 'auto' or 'cpu'."
            )
        return Device(torch.device("mps"), None, "Apple graphics, float32")
    raise DeviceError(f"The device {name!r} is unknown; choose 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'.")


def device_of(model: torch.nn.Module) -> Device:
    """The device that a model's weights are on."""
    place = next(model.parameters()).device
    return choose_device(place.type if place.index is None else f"{place.type}:{place.index}")


def _cuda(index: int) -> Device:
    if not torch.cuda.is_available():
        reason = "this PyTorch was built without CUDA" if torch.version.cuda is None else "no card or driver was found"
        raise DeviceError(f"There is no CUDA device: {reason}; choose the device 'auto' or 'cpu'.")
    count = torch.cuda.device_count()
    if index >= count:
        raise DeviceError(
            f"There is no CUDA device number {index}, they go from 0 to {count - 1}; choose one of those."
        )
    has_bfloat16 = torch.cuda.is_bf16_supported()
    dtype = torch.bfloat16 if has_bfloat16 else None
    label = f"{torch.cuda.get_device_name(index)} (CUDA, {'bfloat16' if has_bfloat16 else 'float32'})"
    return Device(torch.device("cuda", index), dtype, label)


_MEMORY_PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate")


@contextmanager
def memory_guard(what: str) -> Iterator[None]:
    """Turn every kind of running out of memory into one exception.

    Args:
        what: what was being done, to complete "Memory ran out while ...".

    Raises:
        OutOfMemory: memory ran out inside the block.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(_sentence(what)) from error
    except RuntimeError as error:
        # Outside CUDA torch has no exception of its own for this.
        if any(phrase in str(error).lower() for phrase in _MEMORY_PHRASES):
            raise OutOfMemory(_sentence(what)) from error
        raise


def _sentence(what: str) -> str:
    return (
        f"Memory ran out while {what}; close other programs, choose a smaller model or fewer objects at a time, "
        "or use the device 'cpu'."
    )
