"""What a training step minimises (section 10.5), with weights for small models and for those of the paper."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from sam2_core.model.mask_decoder import DecoderOutput, upsample_logits


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms.

    Attributes:
        focal, cross_entropy, dice: per-pixel and overlap terms of the mask. Small models start with cross-entropy: the
            paper's 20 : 1 of focal and dice keeps their masks empty for long.
        iou: absolute error of the estimated IoU of every mask.
        pick: how much better than the picked candidate the best one was; trains the choice itself.
        score: cross-entropy of "the object is there".
        single: share of the single mask's own term beside that of the best candidate.
        others: share of the candidates that were not the best, so that none is left behind.
        only_answered: learn from the masks alone that the pass would give, as the paper does: the three candidates
            after an ambiguous prompt, else the single mask; `single` and `others` count for nothing then.
        counts_absent: take the mean of the mask terms over all objects, as the paper does, and not over those alone
            that are on the frame; a frame that an object has left then counts for less.
    """

    focal: float = 0.0
    cross_entropy: float = 2.0
    dice: float = 1.0
    iou: float = 1.0
    pick: float = 1.0
    score: float = 1.0
    single: float = 0.5
    others: float = 0.05
    only_answered: bool = False
    counts_absent: bool = False


SMALL_MODEL_LOSS = LossWeights()
PAPER_LOSS = LossWeights(focal=20.0, cross_entropy=0.0, pick=0.0, only_answered=True)
_PICK_TEMPERATURE = 0.1


@dataclass(frozen=True)
class StepLoss:
    """A loss to go back from, and what it was made of.

    Attributes:
        total: scalar with gradients.
        parts: detached means by name, for the record.
        ious: B true IoUs of the mask that would be answered, detached.
    """

    total: Tensor
    parts: dict[str, float]
    ious: Tensor


def decoder_loss(
    output: DecoderOutput,
    truth: Tensor,
    weights: LossWeights,
    *,
    is_multimask: bool,
    present: Tensor | None = None,
    shown: Tensor | None = None,
) -> StepLoss:
    """Loss of one decoder pass over B objects.

    Args:
        output: all four masks, estimates and the score.
        truth: coverage B x S/4 x S/4 between 0 and 1, or finer: masks are then enlarged to its size, as in the paper.
        weights: of the terms.
        is_multimask: whether the answer is the best of the candidates (else the single mask).
        present: bool B, whether the object is in the picture; by default whether the truth has any coverage. The score
            alone is trained where it is not.
        shown: the four masks as a person would see them, whose IoUs are to be estimated, where those differ from what
            the decoder says.
    """
    present = truth.flatten(1).any(dim=1) if present is None else present
    there = present.float()
    count = len(there) if weights.counts_absent else there.sum().clamp(min=1.0)
    ious = true_ious(output.masks if shown is None else shown, truth)
    error = (output.ious.float() - ious).abs()
    if weights.only_answered:
        chosen = slice(1, None) if is_multimask else slice(0, 1)
        costs = _costs(output.masks, truth, weights, chosen)
        mask, estimate = costs.amin(dim=1) * there, error[:, chosen].mean(dim=1) * there
    else:
        costs = _costs(output.masks, truth, weights, slice(None))
        candidates = costs[:, 1:]
        best = candidates.amin(dim=1)
        mask = (best + weights.single * costs[:, 0] + weights.others * candidates.mean(dim=1)) * there
        estimate = error.mean(dim=1) * there
    likely = torch.softmax(output.ious[:, 1:].float() / _PICK_TEMPERATURE, dim=1)
    regret = (ious[:, 1:].amax(dim=1) - (likely * ious[:, 1:]).sum(dim=1)) * there
    score = F.binary_cross_entropy_with_logits(output.score[:, 0].float(), there)
    parts = {"mask": mask.sum() / count, "iou": estimate.sum() / count, "pick": regret.sum() / count, "score": score}
    total = parts["mask"] + weights.iou * parts["iou"] + weights.pick * parts["pick"] + weights.score * score
    with torch.no_grad():
        picked = output.ious[:, 1:].argmax(dim=1) + 1 if is_multimask else torch.zeros_like(there, dtype=torch.long)
        answered = ious[torch.arange(len(ious)), picked]
    return StepLoss(total, {name: float(value.detach()) for name, value in parts.items()}, answered)


def _costs(logits: Tensor, truth: Tensor, weights: LossWeights, chosen: slice) -> Tensor:
    """`mask_costs` of the chosen masks.

    Of enlarged ones nothing is kept for the way back, because each is as large as the picture.
    """
    if logits.shape[-1] == truth.shape[-1]:
        return mask_costs(logits.float(), truth, weights)[:, chosen]

    def enlarged_costs(small: Tensor) -> Tensor:
        return mask_costs(upsample_logits(small, (truth.shape[-2], truth.shape[-1])), truth, weights)

    costs: Tensor = checkpoint(enlarged_costs, logits[:, chosen], use_reentrant=False)
    return costs


def mask_costs(logits: Tensor, truth: Tensor, weights: LossWeights) -> Tensor:
    """Weighted mask terms B x k of logits B x k x h x w against a truth B x h x w."""
    wanted = truth[:, None].expand_as(logits)
    probability = logits.sigmoid()
    overlap = (probability * wanted).flatten(2).sum(-1)
    total = probability.flatten(2).sum(-1) + wanted.flatten(2).sum(-1)
    cost = weights.dice * (1 - (2 * overlap + 1) / (total + 1))
    if weights.cross_entropy or weights.focal:
        entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        if weights.cross_entropy:
            cost = cost + weights.cross_entropy * entropy.flatten(2).mean(-1)
        if weights.focal:
            agreement = probability * wanted + (1 - probability) * (1 - wanted)
            balance = 0.25 * wanted + 0.75 * (1 - wanted)
            cost = cost + weights.focal * (balance * (1 - agreement) ** 2 * entropy).flatten(2).mean(-1)
    return cost


@torch.no_grad()
def true_ious(logits: Tensor, truth: Tensor) -> Tensor:
    """IoU B x k of logits above 0, enlarged where the truth is finer, with a truth above one half."""
    if logits.shape[-1] != truth.shape[-1]:
        logits = upsample_logits(logits, (truth.shape[-2], truth.shape[-1]))
    answer, wanted = logits > 0, (truth > 0.5)[:, None]
    overlap = (answer & wanted).flatten(2).sum(-1).float()
    union = (answer | wanted).flatten(2).sum(-1).float()
    return overlap / union.clamp(min=1.0)
