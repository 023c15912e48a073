"""There and back again: what is followed through an unlabelled film should come back to where it began."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.model.sam2 import Sam2Model
from sam2_core.training import round_trips
from sam2_core.training.decoding import Features, pixel_normalisation, pyramid
from sam2_core.training.losses import SMALL_MODEL_LOSS
from sam2_core.training.recipes import RECIPES, Recipe, StageRecipe
from sam2_core.training.record import StepRecord
from sam2_core.training.round_trips import round_trip_losses
from sam2_core.training.run import METRICS_NAME, Training, run_training

_STAGE = StageRecipe(
    steps=30,
    learning_rate=3e-3,
    warmup=2,
    pictures=1,
    objects=2,
    frames=4,
    clip_share=1.0,
    consistency_share=1.0,
    prior_drop=1.0,
)


def _recipe(**stage: object) -> Recipe:
    stages = (dataclasses.replace(_STAGE, **stage),)  # type: ignore[arg-type]
    return dataclasses.replace(RECIPES["tiny_trial"], stages=stages)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A film of a square that moves, and a still of such a square."""
    folder = tmp_path / "data" / "backgrounds" / "made"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    ground = generator.integers(0, 70, (96, 128, 3), dtype=np.uint8)
    with av.open(str(folder / "0000.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 128, 96, "yuv420p", 4_000_000
        for number in range(4):
            picture = ground.copy()
            picture[24:64, 20 + 8 * number : 60 + 8 * number] = (230, 180, 40)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    stills = tmp_path / "data" / "stills" / "made"
    stills.mkdir(parents=True)
    index_map = np.zeros((96, 128), np.uint8)
    index_map[24:64, 20:60] = 1
    ground[index_map == 1] = (230, 180, 40)
    Image.fromarray(ground).save(stills / "0000.jpg")
    Image.fromarray(index_map).save(stills / "0000.png")
    return tmp_path / "data"


def _clip(model: Sam2Model, frames: int = 4) -> tuple[Features, torch.Tensor]:
    """A square that moves a little, and its masks."""
    size = model.config.image_size
    pixels = torch.full((frames, 3, size, size), 30.0)
    truth = torch.zeros(frames, 1, size // 4, size // 4)
    for frame in range(frames):
        x = size // 4 + 4 * frame
        pixels[frame, :, size // 4 : size // 2, x : x + size // 4] = 220.0
        truth[frame, 0, size // 16 : size // 8, x // 4 : x // 4 + size // 16] = 1
    return pyramid(model, model.image_encoder.trunk(pixel_normalisation(model.config)(pixels))), truth


def test_the_way_back_is_learned_on_a_clip(small_model: Sam2Model) -> None:
    small_model.train()
    optimiser = torch.optim.AdamW(small_model.parameters(), lr=1e-3)
    losses = []
    for step in range(25):
        torch.manual_seed(step)
        features, truth = _clip(small_model)
        (loss,) = round_trip_losses(
            small_model, features, truth, _STAGE, SMALL_MODEL_LOSS, torch.Generator().manual_seed(step)
        )
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        losses.append(float(loss.total.detach()))
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_the_way_back_trains_memory(small_model: Sam2Model) -> None:
    small_model.train()
    features, truth = _clip(small_model)
    (loss,) = round_trip_losses(small_model, features, truth, _STAGE, SMALL_MODEL_LOSS, torch.Generator())
    loss.total.backward()
    for part in (small_model.memory_encoder, small_model.memory_attention, small_model.obj_ptr_proj):
        assert any(p.grad is not None and float(p.grad.abs().max()) > 0 for p in part.parameters())
    assert small_model.training, "as it was before the way there"


def test_nothing_is_learned_from_what_was_lost(small_model: Sam2Model) -> None:
    with torch.no_grad():
        small_model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(-50.0)
    features, truth = _clip(small_model)
    (loss,) = round_trip_losses(small_model, features, truth, _STAGE, SMALL_MODEL_LOSS, torch.Generator())
    loss.total.backward()
    assert float(loss.total.detach()) == 0
    assert all(p.grad is None or float(p.grad.abs().max()) == 0 for p in small_model.parameters())


def test_masks_to_follow_are_sure_of_a_sensible_size_and_apart(
    small_model: Sam2Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks, ious = torch.full((24, 4, 16, 16), -5.0), torch.full((24, 4), 0.1)
    for guess, candidate, iou, place in (
        (0, 1, 0.7, (slice(2, 6), slice(2, 6))),
        (1, 1, 0.9, (slice(9, 14), slice(9, 14))),
        (1, 2, 0.8, (slice(9, 14), slice(9, 13))),
        (2, 1, 0.95, (slice(0, 16), slice(0, 16))),
        (3, 0, 0.99, (slice(2, 6), slice(10, 14))),
    ):
        masks[(guess, candidate, *place)] = 5.0
        ious[guess, candidate] = iou
    output = DecoderOutput(masks, ious, torch.zeros(24, 4, 32), torch.ones(24, 1), masks)
    monkeypatch.setattr(round_trips, "decode", lambda *_: output)
    stage = dataclasses.replace(_STAGE, objects=6)
    chosen = round_trips._confident(small_model, _clip(small_model)[0], stage, torch.Generator())
    assert len(chosen) == 2, "of two that overlap the surer one; not the whole picture; not the mask for sure prompts"
    assert torch.equal(chosen[0] > 0, masks[1, 1] > 0)
    assert torch.equal(chosen[1] > 0, masks[0, 1] > 0)


def test_a_run_on_unlabelled_films_records_its_trips(
    films: Path, tmp_path: Path, new_training: Callable[..., Training]
) -> None:
    training = new_training(_recipe(steps=6, clip_share=0.8, consistency_share=0.6), films, tmp_path / "run")
    run_training(training)
    rows = (tmp_path / "run" / METRICS_NAME).read_text().splitlines()[1:]
    assert {row.split(",")[1] for row in rows} == {"still", "clip", "round trip"}
    assert (tmp_path / "run" / "plots" / "loss.png").exists()


def test_without_films_made_clips_are_followed(
    films: Path, tmp_path: Path, new_training: Callable[..., Training]
) -> None:
    (films / "backgrounds" / "made" / "0000.mp4").unlink()
    records = list(new_training(_recipe(steps=2), films, tmp_path / "run").steps())
    assert [record.kind for record in records] == ["round trip", "round trip"]
    assert all(np.isfinite(record.loss) for record in records)


def test_round_trips_resume_exactly(
    films: Path, resumed_alike: Callable[[Recipe, Path, int], list[StepRecord]]
) -> None:
    records = resumed_alike(_recipe(steps=6, consistency_share=0.5), films, 3)
    assert {record.kind for record in records} == {"clip", "round trip"}


def test_without_a_share_no_step_is_a_round_trip(
    films: Path, tmp_path: Path, new_training: Callable[..., Training]
) -> None:
    with_none = list(new_training(_recipe(steps=3, consistency_share=0.0), films, tmp_path / "one").steps())
    assert [record.kind for record in with_none] == ["clip"] * 3
