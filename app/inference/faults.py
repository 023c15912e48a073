"""From what goes wrong inside the model and the decoder to sentences of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.inference.engine import EngineError
from app.media.clip import ClipError
from sam2_core.device import memory_guard
from sam2_core.errors import Sam2Error

_DEVICE_PHRASES = ("CUDA error", "CUDA driver", "cuDNN", "CUBLAS", "MPS backend", "device-side assert")
_SCARCE_PHRASES = ("could not create a primitive", "could not create a memory")
"""What oneDNN says when it gets no memory."""


@contextmanager
def sentences(doing: str) -> Iterator[None]:
    """Raise EngineError for everything that can go wrong without a mistake in the program.

    Args:
        doing: what is being done, to complete "Memory ran out while ...".
    """
    try:
        with memory_guard(doing):
            yield
    except (Sam2Error, ClipError) as error:
        raise EngineError(str(error)) from error
    except RuntimeError as error:
        if any(phrase in str(error) for phrase in _SCARCE_PHRASES):
            raise EngineError(
                f"Memory ran out while {doing}, most likely: close other programs, choose a smaller model or fewer "
                "objects at a time."
            ) from error
        if any(phrase in str(error) for phrase in _DEVICE_PHRASES):
            first_line = str(error).splitlines()[0]
            raise EngineError(
                f"The graphics processor reported a fault while {doing} ({first_line}): start the model again, "
                "or choose the processor (cpu) as its device."
            ) from error
        raise
