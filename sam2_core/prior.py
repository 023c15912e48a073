"""The matched mask as a second opinion on tracked frames, for models that are configured so (`matching_prior`).

On a frame without prompts the masks of the remembered frames are carried along by trunk features (`matching`); the
result goes in as a mask prompt, and has its share in the answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sam2_core.frame_features import FrameFeatures
from sam2_core.matching import (
    MatchSettings,
    Neighbours,
    carry_masks,
    find_neighbours,
    matching_features,
    prior_logits,
    soft_mask,
)
from sam2_core.model.mask_decoder import upsample_logits
from sam2_core.model.sam2 import HeadOutput, ImageFeatures

_KEPT_FRAMES = 24
_MOST_ANCHORS = 3
_LEAST_CHANCE = 1e-4


class MatchingPrior:
    """Carries the masks of remembered frames onto the current one.

    Args:
        features: of the clip's frames.
        settings: how masks are carried.
    """

    def __init__(self, features: FrameFeatures, settings: MatchSettings | None = None) -> None:
        self._features = features
        self._settings = settings or MatchSettings()
        self._kept: OrderedDict[int, Tensor] = OrderedDict()
        self._found: tuple[tuple[object, ...], Neighbours] | None = None

    def logits(self, frame: int, anchors: Mapping[int, Tensor], recent: Mapping[int, Tensor]) -> Tensor:
        """Mask logits (1, 1, S / 4, S / 4) of one object on a frame.

        Args:
            frame: where to.
            anchors: logits (1, 1, S / 4, S / 4) of its prompted frames, by frame; the nearest few are used.
            recent: the same of the frames tracked last; at least one frame in both together.
        """
        chosen = sorted(anchors, key=lambda place: abs(place - frame))[:_MOST_ANCHORS]
        places = [*sorted(chosen), *sorted(recent)]
        neighbours = self._neighbours(frame, sorted(chosen), sorted(recent))
        side = self._matching(frame).shape[-1]
        masks = [soft_mask(anchors[place] if place in anchors else recent[place], side) for place in places]
        carried = carry_masks(neighbours, torch.stack(masks, dim=1))
        first = next(iter((anchors or recent).values()))
        return prior_logits(carried, first.shape[-1])

    def _neighbours(self, frame: int, anchors: Sequence[int], recent: Sequence[int]) -> Neighbours:
        """Neighbours depend on the frames alone, so objects with the same memories share them."""
        key = (frame, tuple(anchors), tuple(recent))
        if self._found is None or self._found[0] != key:
            found = find_neighbours(
                self._matching(frame),
                [self._matching(place) for place in anchors],
                [self._matching(place) for place in recent],
                self._settings,
            )
            self._found = (key, found)
        return self._found[1]

    def _matching(self, frame: int) -> Tensor:
        found = self._kept.get(frame)
        if found is None:
            found = trunk_matching(self._features.features(frame))
            self._kept[frame] = found
            while len(self._kept) > _KEPT_FRAMES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(frame)
        return found

    @property
    def held_bytes(self) -> int:
        """Bytes of the features that are kept."""
        return sum(kept.numel() * kept.element_size() for kept in self._kept.values())


def trunk_matching(image: ImageFeatures) -> Tensor:
    """What cells of a picture are compared by, (C, h, w)."""
    assert image.trunk is not None, "a model with a matching prior keeps the trunk's maps"
    return matching_features(image.trunk[1], image.trunk[2])


def blend(head: HeadOutput, prior: Tensor, share: float) -> HeadOutput:
    """Give the matched mask its share in the answer.

    Args:
        head: the decoder's answer for B objects.
        prior: (B, 1, S / 4, S / 4) logits.
        share: 0 leaves the answer, 1 replaces its mask; an object that is judged absent stays absent.
    """
    chance = share * prior.sigmoid() + (1.0 - share) * head.low_res.float().sigmoid()
    mixed = torch.logit(chance.clamp(_LEAST_CHANCE, 1.0 - _LEAST_CHANCE))
    low_res = torch.where((head.score > 0)[..., None, None], mixed, head.low_res)
    return replace(
        head, low_res=low_res, high_res=upsample_logits(low_res, (head.high_res.shape[-2], head.high_res.shape[-1]))
    )
