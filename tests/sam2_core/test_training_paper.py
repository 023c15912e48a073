"""What the paper's training does on a step: which prompts it gives, what it answers, what that teaches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training import prompted_clips
from sam2_core.training.decoding import Features, pixel_normalisation, pyramid
from sam2_core.training.groups import losses_in_groups
from sam2_core.training.losses import PAPER_LOSS, StepLoss, decoder_loss
from sam2_core.training.person import Person, clicks_on
from sam2_core.training.prompted_clips import draw_prompts, prompted_clip_losses, prompted_still_losses
from sam2_core.training.recipes import StageRecipe
from sam2_core.training.stills import still_losses
from sam2_core.training.tracking import Memory, condition, no_points, remember


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _person(seed: int = 0, **stage: object) -> Person:
    values = {"steps": 1, "learning_rate": 1.0, "prompting": "paper", **stage}
    return Person(StageRecipe(**values), _generator(seed), _generator(seed + 1))  # type: ignore[arg-type]


def _square(count: int = 1, size: int = 64) -> torch.Tensor:
    masks = torch.zeros(count, size, size)
    masks[:, 16:40, 8:48] = 1
    return masks


def _features(model: Sam2Model, count: int = 1) -> Features:
    pixels = torch.randint(0, 256, (count, 3, 64, 64), generator=_generator(5)).float()
    return pyramid(model, model.image_encoder.trunk(pixel_normalisation(model.config)(pixels)))


def test_a_person_prompts_and_corrects_up_to_two_frames_anywhere() -> None:
    drawn = [draw_prompts(8, _person(seed)) for seed in range(400)]
    assert all(prompts.initial[0] == 0 and len(prompts.initial) in (1, 2) for prompts in drawn)
    assert all(not prompts.corrected for prompts in drawn if prompts.by_mask)
    clicked = [prompts for prompts in drawn if not prompts.by_mask]
    assert all(set(prompts.initial) <= prompts.corrected and len(prompts.corrected) <= 2 for prompts in clicked)
    assert 0.4 < len(clicked) / len(drawn) < 0.6
    assert 0.4 < np.mean([len(prompts.initial) == 2 for prompts in drawn]) < 0.6
    assert {frame for prompts in clicked for frame in prompts.corrected} == set(range(8))
    assert {draw_prompts(1, _person(seed)).by_mask for seed in range(20)} == {False}


def test_all_processes_decide_alike_and_click_elsewhere() -> None:
    stage = _person().stage
    one, other = (Person(stage, _generator(7), _generator(rank)) for rank in (1, 2))
    assert [draw_prompts(8, one) for _ in range(20)] == [draw_prompts(8, other) for _ in range(20)]
    assert not torch.equal(clicks_on(_square(), 1, one.generator)[0], clicks_on(_square(), 1, other.generator)[0])


def test_a_still_gets_its_prompt_and_always_seven_corrections(
    small_model: Sam2Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[int], bool]] = []
    ordinary = prompted_clips.decode

    def watched(
        model: Sam2Model, features: Features, points: torch.Tensor, labels: torch.Tensor, *rest: torch.Tensor | None
    ) -> DecoderOutput:
        asked.append((labels[0].tolist(), rest[0] is not None))
        return ordinary(model, features, points, labels, *rest)

    monkeypatch.setattr(prompted_clips, "decode", watched)
    kinds = set()
    for seed in range(6):
        asked.clear()
        features = _features(small_model).rows(torch.tensor([0, 0]))
        losses = prompted_still_losses(small_model, features, _square(2), _person(seed, corrections=7), PAPER_LOSS)
        assert len(losses) == len(asked) == 8
        first = len(asked[0][0])
        assert [len(labels) for labels, _ in asked] == list(range(first, first + 8))
        assert [has_logits for _, has_logits in asked] == [False] + [True] * 7
        kinds.add(tuple(asked[0][0]))
    assert kinds == {(1,), (2, 3)}


@pytest.mark.parametrize("keeps_chain", [True, False])
def test_gradients_flow_through_the_logits_that_a_correction_goes_on_from(
    keeps_chain: bool, small_model: Sam2Model
) -> None:
    person = _person(corrections=1, keeps_chain=keeps_chain)
    losses = prompted_still_losses(small_model, _features(small_model), _square(), person, PAPER_LOSS)
    losses[-1].total.backward()
    # Only the first answer is made without a mask.
    gradient = small_model.sam_prompt_encoder.no_mask_embed.weight.grad
    assert (gradient is not None and float(gradient.abs().max()) > 0) == keeps_chain


def test_what_is_judged_absent_has_no_mask_and_teaches_none(small_model: Sam2Model) -> None:
    with torch.no_grad():
        small_model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-50.0)
    losses = prompted_still_losses(
        small_model, _features(small_model), _square(), _person(corrections=0), dataclasses.replace(PAPER_LOSS, iou=0.0)
    )
    losses[0].total.backward()
    filters = small_model.sam_mask_decoder.output_hypernetworks_mlps[0].layers[-1].weight.grad
    assert filters is None or float(filters.abs().max()) == 0
    score = small_model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.grad
    assert score is not None
    assert float(score.abs().max()) > 0


def _clip_truth(frames: int) -> torch.Tensor:
    truth = torch.zeros(frames, 1, 64, 64)
    for frame in range(frames):
        truth[frame, 0, 16:40, 8 + 3 * frame : 32 + 3 * frame] = 1
    truth[1] = 0
    return truth


def test_every_kind_of_prompt_trains_memory_on_a_clip_with_an_absence(small_model: Sam2Model) -> None:
    passes = set()
    for seed in range(8):
        small_model.zero_grad()
        losses = prompted_clip_losses(
            small_model, _features(small_model, 4), _clip_truth(4), _person(seed, corrections=2), PAPER_LOSS
        )
        torch.stack([loss.total for loss in losses]).sum().backward()
        passes.add(len(losses))
        for part in (small_model.memory_encoder, small_model.memory_attention, small_model.obj_ptr_proj):
            assert any(p.grad is not None and float(p.grad.abs().max()) > 0 for p in part.parameters())
    # Given masks: 3 or 2 tracked frames; else 4 frames and two clicks on one or two of them.
    assert passes == {2, 3, 6, 8}


def test_the_first_click_on_a_tracked_frame_is_answered_by_three_masks(small_model: Sam2Model) -> None:
    answered: list[tuple[int, bool]] = []
    ordinary = prompted_clips.decoder_loss

    def watched(output: DecoderOutput, truth: torch.Tensor, weights: object, **how: object) -> StepLoss:
        answered.append(bool(how["is_multimask"]))  # type: ignore[arg-type]
        return ordinary(output, truth, weights, **how)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompted_clips, "decoder_loss", watched)
        prompted_clips._answer(
            small_model,
            _features(small_model),
            _square(),
            _person(corrections=3),
            PAPER_LOSS,
            [],
            is_initial=False,
            is_corrected=True,
        )
    assert answered == [True, True, False, False]


def test_a_prompted_frame_is_remembered_with_its_shades(small_model: Sam2Model) -> None:
    rows = _features(small_model)
    logits = torch.zeros(1, 1, 16, 16, requires_grad=True)
    token, score = torch.zeros(1, 32), torch.ones(1, 1)
    for binarises in (False, True):
        memory = Memory()
        remember(small_model, rows, logits, token, score, memory, 0, is_prompted=True, binarises=binarises)
        (gradient,) = torch.autograd.grad(memory.maps[0].square().sum(), logits, allow_unused=True)
        assert (gradient is None) == binarises


def test_pointers_are_placed_as_in_a_clip_of_that_length(small_model: Sam2Model) -> None:
    rows, memory = _features(small_model), Memory()
    remember(
        small_model, rows, torch.ones(1, 1, 16, 16), torch.ones(1, 32), torch.ones(1, 1), memory, 0, is_prompted=True
    )
    short, long, usual = (condition(small_model, rows, memory, 2, *length) for length in ((4,), (40,), ()))
    assert torch.equal(long, usual)
    assert not torch.allclose(short, long)


def test_pointers_are_those_that_a_session_would_look_at(small_model: Sam2Model) -> None:
    rows, memory = _features(small_model), Memory()
    most = small_model.config.max_obj_ptrs_in_encoder
    for frame in range(most + 1):
        token, is_prompted = torch.full((1, 32), float(frame)), frame == 0
        logits, score = torch.ones(1, 1, 16, 16), torch.ones(1, 1)
        remember(small_model, rows, logits, token, score, memory, frame, is_prompted=is_prompted)
    before = condition(small_model, rows, memory, most + 1)
    memory.pointers[1] += 1.0
    assert torch.equal(condition(small_model, rows, memory, most + 1), before), "too long ago"
    for seen in (2, 0):
        memory.pointers[seen] += 1.0
        assert not torch.equal(condition(small_model, rows, memory, most + 1), before), "near, or answered by a person"


# Losses


def _output(masks: torch.Tensor) -> DecoderOutput:
    count = len(masks)
    return DecoderOutput(
        masks, torch.full((count, 4), 0.5), torch.zeros(count, 4, 8), torch.full((count, 1), 3.0), masks
    )


def test_masks_are_compared_at_the_full_size_of_the_picture() -> None:
    masks = torch.randn(2, 4, 16, 16, generator=_generator()).requires_grad_()
    truth = _square(2)
    loss = decoder_loss(_output(masks), truth, PAPER_LOSS, is_multimask=False)
    large = F.interpolate(masks[:, :1], size=(64, 64), mode="bilinear", align_corners=False)[:, 0]
    probability = large.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(large, truth, reduction="none")
    right = torch.where(truth > 0, probability, 1 - probability)
    focal = (torch.where(truth > 0, 0.25, 0.75) * (1 - right) ** 2 * entropy).mean(dim=(1, 2))
    overlap, total = (probability * truth).sum(dim=(1, 2)), (probability + truth).sum(dim=(1, 2))
    by_hand = (20 * focal + 1 - (2 * overlap + 1) / (total + 1)).mean()
    assert loss.parts["mask"] == pytest.approx(float(by_hand.detach()), rel=1e-5)
    iou = ((large > 0) & (truth > 0)).sum(dim=(1, 2)) / ((large > 0) | (truth > 0)).sum(dim=(1, 2))
    assert loss.ious.tolist() == pytest.approx(iou.tolist())
    (wanted,) = torch.autograd.grad(by_hand, masks, retain_graph=True)
    (got,) = torch.autograd.grad(loss.total, masks)
    assert torch.allclose(got, wanted, atol=1e-6)


def test_absent_objects_count_in_the_mean_where_the_paper_is_followed() -> None:
    masks = torch.randn(2, 4, 16, 16, generator=_generator())
    truth = torch.stack([_square(1, 64)[0, ::4, ::4], torch.zeros(16, 16)])
    counted = dataclasses.replace(PAPER_LOSS, counts_absent=True)
    alone, both = (decoder_loss(_output(masks), truth, weights, is_multimask=True) for weights in (PAPER_LOSS, counted))
    assert both.parts["mask"] == pytest.approx(alone.parts["mask"] / 2)
    assert both.parts["iou"] == pytest.approx(alone.parts["iou"] / 2)
    assert both.parts["score"] == alone.parts["score"]


def test_a_box_beside_clicks_teaches_the_single_mask(small_model: Sam2Model) -> None:
    stage = StageRecipe(steps=1, learning_rate=1.0, wrong_mask_share=0.0, corrections=0)
    truth, taught = _square(2)[:, ::4, ::4], set()
    for seed in range(8):
        small_model.zero_grad()
        features = _features(small_model).rows(torch.tensor([0, 0]))
        losses = still_losses(small_model, features, truth, stage, PAPER_LOSS, _generator(seed))
        torch.stack([loss.total for loss in losses]).sum().backward()
        filters = [mlp.layers[0].weight.grad for mlp in small_model.sam_mask_decoder.output_hypernetworks_mlps]
        single, *three = [gradient is not None and bool(gradient.abs().max() > 0) for gradient in filters]
        taught.add((single, any(three)))
    assert taught == {(True, False), (False, True), (True, True)}, "two boxes, two clicks, one of each"


def test_objects_in_groups_teach_what_they_teach_together(small_model: Sam2Model) -> None:
    owner, truth = torch.tensor([0, 1, 1, 0, 1]), torch.rand(5, 16, 16, generator=_generator())
    truth = (truth > 0.5).float()
    weights = dataclasses.replace(PAPER_LOSS, counts_absent=True)

    def losses_of(rows: Features, members: torch.Tensor) -> list[StepLoss]:
        points, labels = no_points(len(members))
        output = prompted_clips.decode(small_model, rows, points, labels, None)
        return [decoder_loss(output, members, weights, is_multimask=True)]

    found = []
    for at_once in (0, 2):
        small_model.zero_grad()
        features, total, sizes = _features(small_model, 2), 0.0, []
        for losses, share in losses_in_groups(features, owner, truth, at_once, losses_of):
            cost = share * losses[0].total
            cost.backward()
            total += float(cost.detach())
            sizes.append(len(losses[0].ious))
        gradients = {name: p.grad.clone() for name, p in small_model.named_parameters() if p.grad is not None}
        found.append((total, gradients))
        assert sizes == ([5] if not at_once else [2, 2, 1])
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    assert found[0][1].keys() == found[1][1].keys()
    assert any(name.startswith("image_encoder.trunk.patch_embed") for name in found[0][1])
    for name, gradient in found[0][1].items():
        assert torch.allclose(gradient, found[1][1][name], rtol=1e-3, atol=1e-5), name
