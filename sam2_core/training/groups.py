"""Many objects on few pictures, a group at a time: the decoder's passes over all of them need not fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from sam2_core.training.decoding import Features
from sam2_core.training.losses import StepLoss

LossesOf = Callable[[Features, Tensor], list[StepLoss]]


def losses_in_groups(
    features: Features, owner: Tensor, truth: Tensor, at_once: int, losses_of: LossesOf
) -> Iterator[tuple[list[StepLoss], float]]:
    """The losses of each group of objects, and its share of all objects.

    Whoever iterates goes back through the losses of a group before asking for the next one. What a group says about the
    pictures' features is gathered on the way, and flows on into the trunk once, after the last group.

    Args:
        features: one row per picture.
        owner: the row of each of B objects.
        truth: B x h x w.
        at_once: objects per group; 0 is all.
        losses_of: gives the losses for features with a row per object, and their truth.
    """
    if not at_once or at_once >= len(truth):
        yield losses_of(features.rows(owner), truth), 1.0
        return
    held = features.held()
    for members in torch.split(torch.arange(len(truth)), at_once):
        yield losses_of(held.rows(owner[members]), truth[members]), len(members) / len(truth)
    pairs = zip(features.tensors, held.tensors, strict=True)
    gathered = [(whole, copy.grad) for whole, copy in pairs if copy.grad is not None]
    torch.autograd.backward([whole for whole, _ in gathered], [gradient for _, gradient in gathered])
