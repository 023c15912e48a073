"""Honest times on devices that compute while the program goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def finish(device: torch.device) -> None:
    """Wait until everything that was asked of a device has been computed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """How long some work takes on a device."""
    began = time.perf_counter()
    work()
    finish(device)
    return time.perf_counter() - began
