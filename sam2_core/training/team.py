"""Several processes that train one model together, on one machine or on many, as torchrun starts them.

Each draws samples of its own; gradients are averaged before every step, so that all keep the same weights. The loss
does not go through one `forward` of the model, which DistributedDataParallel would need; so the averaging stands here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from sam2_core.device import Device, choose_device


@dataclass(frozen=True)
class Team:
    """One process among several.

    Attributes:
        device: where this process computes.
        rank: its number; 0 writes checkpoints and the record.
        size: how many there are.
        local_rank: its number on its own machine.
    """

    device: Device
    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def on_device(self) -> AbstractContextManager[object]:
        """A context in which new tensors are made on the device."""
        place = self.device.torch_device
        return nullcontext() if place.type == "cpu" else place

    @torch.no_grad()
    def average_gradients(self, parameters: Sequence[Tensor], weight: float = 1.0) -> None:
        """Replace every gradient by the mean over all processes, this one's counting `weight` times.

        A parameter that only some processes used counts as zero in the others; one that nobody used keeps no gradient,
        so that the optimiser leaves it alone.
        """
        if self.size == 1:
            return
        place = self.device.torch_device
        used = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.float32, device=place)
        dist.all_reduce(used)
        members = [parameter for parameter, count in zip(parameters, used.tolist(), strict=True) if count]
        pieces = [
            (torch.zeros_like(member) if member.grad is None else member.grad).float().flatten() for member in members
        ]
        together = torch.cat(pieces) * weight / self.size
        dist.all_reduce(together)
        for member, piece in zip(members, torch.split(together, [piece.numel() for piece in pieces]), strict=True):
            member.grad = piece.reshape(member.shape).to(member.dtype)

    @torch.no_grad()
    def share(self, tensors: Iterable[Tensor]) -> None:
        """Give everyone the first process's values, in place."""
        if self.size == 1:
            return
        for tensor in tensors:
            # Kernels may lie with their channels last, which no broadcast takes.
            whole = tensor.contiguous()
            dist.broadcast(whole, 0)
            tensor.copy_(whole)

    def share_value(self, value: Any) -> Any:
        """The first process's value, for everyone."""
        if self.size == 1:
            return value
        held = [value if self.is_first else None]
        dist.broadcast_object_list(held, 0)
        return held[0]

    def mean(self, values: Sequence[float]) -> list[float]:
        """The mean of each value over all processes."""
        if self.size == 1:
            return list(values)
        together = torch.tensor(
            values, dtype=torch.float64 if self.device.torch_device.type == "cpu" else torch.float32
        )
        together = together.to(self.device.torch_device)
        dist.all_reduce(together)
        return [value / self.size for value in together.tolist()]

    def any(self, wish: bool) -> bool:
        """Whether any process wishes something."""
        return self.mean([float(wish)])[0] > 0

    def wait(self) -> None:
        """Go on when all have come here."""
        if self.size > 1:
            dist.barrier()


def join_team(device: str = "auto") -> Team:
    """The team that torchrun tells of in the environment (RANK, WORLD_SIZE, LOCAL_RANK), or a team of one.

    Args:
        device: as for `choose_device`; several processes on one machine with cards take one card each.

    Raises:
        DeviceError: there is no such device.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Team(choose_device(device))
    place = choose_device(device)
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if place.torch_device.type == "cuda":
        place = choose_device(f"cuda:{local_rank}")
        torch.cuda.set_device(place.torch_device)
    dist.init_process_group("nccl" if place.torch_device.type == "cuda" else "gloo")
    return Team(place, dist.get_rank(), dist.get_world_size(), local_rank)


def leave_team() -> None:
    """Let the other processes go."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
