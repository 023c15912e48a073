"""The matched mask inside a session: it follows, it notices that an object has left, and published models have none."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sam2_core.checkpoint import load_model
from sam2_core.evaluation.simulation import built_in_checkpoint
from sam2_core.model.sam2 import HeadOutput, Sam2Model
from sam2_core.prior import MatchedMask, blend
from sam2_core.video import VideoSession


@pytest.fixture(scope="module")
def matching_model() -> Sam2Model:
    """The built-in model, its answer on tracked frames the matched mask alone."""
    model = load_model(built_in_checkpoint())
    model.config = dataclasses.replace(model.config, prior_share=1.0)
    return model


def _clip(places: list[int]) -> np.ndarray:
    """A textured square that moves along a row over a plain ground; far outside it is gone."""
    texture = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    frames = np.full((len(places), 128, 256, 3), 110, np.uint8)
    for frame, x in zip(frames, places, strict=True):
        left, right = max(x, 0), min(x + 48, 256)
        if left < right:
            frame[40:88, left:right] = texture[:, left - x : right - x]
    return frames


def _mask(x: int) -> np.ndarray:
    mask = np.zeros((128, 256), bool)
    mask[40:88, max(x, 0) : x + 48] = True
    return mask


def test_a_mask_follows_its_object(matching_model: Sam2Model) -> None:
    places = [20, 24, 28, 32, 36]
    session = VideoSession(matching_model, _clip(places))
    session.add_mask(0, 1, _mask(places[0]))
    for result in session.propagate():
        answer, truth = result.objects[0].mask, _mask(places[result.frame])
        assert (answer & truth).sum() / (answer | truth).sum() > 0.7
        assert result.objects[0].score > 0


def test_an_object_that_left_is_absent_and_a_visible_one_is_not(matching_model: Sam2Model) -> None:
    session = VideoSession(matching_model, _clip([8, -8, -24, -40, -300, -300]))
    session.add_mask(0, 1, _mask(8))
    results = [result.objects[0] for result in session.propagate()]
    assert all(answer.score > 0 for answer in results[:3])
    assert results[-1].score <= 0
    assert not results[-1].mask.any()


def test_objects_with_the_same_memories_are_as_good_as_alone(matching_model: Sam2Model) -> None:
    clip = _clip([20, 24, 28])
    both, alone = VideoSession(matching_model, clip), VideoSession(matching_model, clip)
    other = np.zeros((128, 256), bool)
    other[10:30, 180:220] = True
    both.add_mask(0, 7, other)
    both.add_mask(0, 1, _mask(20))
    alone.add_mask(0, 1, _mask(20))
    for together, single in zip(both.propagate(), alone.propagate(), strict=True):
        wanted = next(answer for answer in together.objects if answer.object_id == 1)
        assert np.array_equal(wanted.mask, single.objects[0].mask)


def _head(score: float) -> HeadOutput:
    logits = torch.full((1, 1, 8, 8), -4.0)
    return HeadOutput(
        logits, torch.zeros(1, 1, 32, 32), logits, torch.ones(1, 1), torch.zeros(1, dtype=torch.long),
        torch.full((1, 1), score), torch.ones(1, 4),
    )  # fmt: skip


def test_the_share_moves_the_mask_from_one_to_the_other() -> None:
    matched = MatchedMask(torch.full((1, 1, 8, 8), 4.0), torch.full((1, 1), 5.0))
    pointer = torch.zeros(1, 4)
    assert torch.allclose(blend(_head(3.0), matched, 0.0, pointer).low_res, torch.tensor(-4.0), atol=1e-3)
    assert torch.allclose(blend(_head(3.0), matched, 1.0, pointer).low_res, torch.tensor(4.0), atol=1e-3)
    assert torch.allclose(blend(_head(3.0), matched, 0.5, pointer).low_res, torch.tensor(0.0), atol=1e-3)


def test_absence_by_either_is_believed() -> None:
    present = MatchedMask(torch.full((1, 1, 8, 8), 4.0), torch.full((1, 1), 5.0))
    gone = MatchedMask(torch.full((1, 1, 8, 8), -4.0), torch.full((1, 1), -5.0))
    for answer in (
        blend(_head(-3.0), present, 0.5, torch.zeros(1, 4)),
        blend(_head(3.0), gone, 0.5, torch.zeros(1, 4)),
    ):
        assert float(answer.score) < 0
        assert float(answer.low_res.max()) == -1024.0
        assert float(answer.pointer.abs().max()) == 0.0
    there = blend(_head(3.0), present, 0.5, torch.zeros(1, 4))
    assert float(there.score) == 3.0
    assert float(there.pointer.min()) == 1.0
