"""The matched mask as a second opinion on tracked frames, for models that are configured so (`matching_prior`).

On a frame without prompts the masks of the remembered frames are carried along by trunk features (`matching`); the
result goes in as a mask prompt, and has its share in the answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sam2_core.frame_features import FrameFeatures
from sam2_core.matching import carry_masks, matching_features, prior_logits, soft_mask
from sam2_core.model.mask_decoder import upsample_logits
from sam2_core.model.sam2 import ABSENT_LOGIT, HeadOutput, ImageFeatures
from sam2_core.neighbours import MatchingFrame, MatchSettings, Neighbours

_KEPT_FRAMES = 12
_MOST_ANCHORS = 3
# Of the frames tracked last, nearest first, these are searched: four that reach as far back follow as well as all six.
_RANKS = (0, 1, 3, 5)
_LEAST_CHANCE = 1e-4
# An object counts as gone where its carried mask is nowhere above this share of the height of its prompted mask: on
# moving training pictures visible objects kept at least 0.6 of it, most that had left the picture under 0.2.
_PRESENT_SHARE = 0.4
_SCORE_GAIN = 20.0
_PEAK_CELLS = 4


@dataclass(frozen=True)
class MatchedMask:
    """What matching says about one object, or about B objects side by side.

    Attributes:
        logits: (B, 1, S / 4, S / 4) mask logits.
        score: (B, 1) logit of the object being on the frame, about -8 to 12.
    """

    logits: Tensor
    score: Tensor

    @staticmethod
    def stack(several: Sequence[MatchedMask]) -> MatchedMask:
        """Several objects side by side."""
        return MatchedMask(torch.cat([one.logits for one in several]), torch.cat([one.score for one in several]))


class MatchingPrior:
    """Carries the masks of remembered frames onto the current one.

    Args:
        features: of the clip's frames.
        side: of the logits that it gives, S / 4; those that it carries may be finer.
        settings: how masks are carried.
    """

    def __init__(self, features: FrameFeatures, side: int, settings: MatchSettings | None = None) -> None:
        self._features = features
        self._side = side
        self._settings = settings or MatchSettings()
        self._kept: OrderedDict[int, MatchingFrame] = OrderedDict()
        self._found: dict[tuple[object, ...], Neighbours] = {}

    def match(self, frame: int, anchors: Mapping[int, Tensor], recent: Mapping[int, Tensor]) -> MatchedMask:
        """The mask of one object on a frame, and whether it is there.

        Args:
            frame: where to.
            anchors: logits (1, 1, H, W) of its prompted frames, by frame; the nearest few are used.
            recent: the same of the frames tracked last; at least one frame in both together.
        """
        chosen = sorted(anchors, key=lambda place: abs(place - frame))[:_MOST_ANCHORS]
        nearest = sorted(recent, key=lambda place: abs(place - frame))
        searched = sorted(nearest[rank] for rank in _RANKS if rank < len(nearest))
        places = [*sorted(chosen), *searched]
        is_lost = bool(recent) and all(float(logits.amax()) <= 0.0 for logits in recent.values())
        neighbours = self._neighbours(frame, sorted(chosen), searched, is_lost=is_lost)
        side = self._matching(frame).size[-1]
        masks = [
            soft_mask(anchors[place], side) if place in anchors else soft_mask(recent[place], side, was_enlarged=True)
            for place in places
        ]
        carried = carry_masks(neighbours, torch.stack(masks, dim=1))
        reference = max(float(_peak(mask)) for mask in masks[: max(len(chosen), 1)])
        score = _SCORE_GAIN * (_peak(carried)[:, None] / max(reference, 1e-3) - _PRESENT_SHARE)
        return MatchedMask(prior_logits(carried, self._side), score)

    def _neighbours(self, frame: int, anchors: Sequence[int], recent: Sequence[int], *, is_lost: bool) -> Neighbours:
        """Neighbours depend on the frames alone, so objects with the same memories share them."""
        key = (frame, tuple(anchors), tuple(recent), is_lost)
        if key not in self._found:
            settings = self._settings
            if is_lost:
                settings = replace(settings, anchor_window=settings.lost_window)
            found = Neighbours(
                self._matching(frame),
                [self._matching(place) for place in anchors],
                [self._matching(place) for place in recent],
                settings,
            )
            self._found = {other: kept for other, kept in self._found.items() if other[0] == frame}
            self._found[key] = found
        return self._found[key]

    def _matching(self, frame: int) -> MatchingFrame:
        found = self._kept.get(frame)
        if found is None:
            found = MatchingFrame(trunk_matching(self._features.features(frame)), self._settings)
            self._kept[frame] = found
            while len(self._kept) > _KEPT_FRAMES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(frame)
        return found

    @property
    def held_bytes(self) -> int:
        """Bytes of the features that are kept."""
        return sum(kept.held_bytes for kept in self._kept.values())


def trunk_matching(image: ImageFeatures) -> Tensor:
    """What cells of a picture are compared by, (C, h, w)."""
    assert image.trunk is not None, "a model with a matching prior keeps the trunk's maps"
    return matching_features(image.trunk[1], image.trunk[2])


def _peak(mask: Tensor) -> Tensor:
    """Height of soft masks (B, h, w): mean of their highest cells, (B,)."""
    return mask.flatten(1).topk(_PEAK_CELLS).values.mean(dim=1)


def blend(head: HeadOutput, matched: MatchedMask, share: float, absent_pointer: Tensor) -> HeadOutput:
    """Give the matched mask its share in the answer.

    Args:
        head: the decoder's answer for B objects.
        matched: for the same objects.
        share: 0 leaves the mask, 1 replaces it. Whoever of the two says that the object is gone is believed.
        absent_pointer: (1, C) object pointer of objects that are not there.
    """
    chance = share * matched.logits.sigmoid() + (1.0 - share) * head.low_res.float().sigmoid()
    mixed = torch.logit(chance.clamp(_LEAST_CHANCE, 1.0 - _LEAST_CHANCE))
    score = torch.minimum(head.score, matched.score)
    is_present = score > 0
    low_res = torch.where(is_present[..., None, None], mixed, ABSENT_LOGIT)
    return replace(
        head,
        low_res=low_res,
        high_res=upsample_logits(low_res, (head.high_res.shape[-2], head.high_res.shape[-1])),
        score=score,
        pointer=torch.where(is_present, head.pointer, absent_pointer),
    )
