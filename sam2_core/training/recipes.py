"""Recipes: everything that decides how a model is trained, as frozen values; `--config` names one of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sam2_core.config import BUILT_IN, CONFIGS, EfficientNetConfig, ModelConfig
from sam2_core.training.augmentation import Augmentation
from sam2_core.training.losses import PAPER_LOSS, SMALL_MODEL_LOSS, LossWeights


@dataclass(frozen=True)
class StageRecipe:
    """One stretch of a training.

    Attributes:
        steps: optimiser steps; the learning rate falls over them.
        learning_rate: at the end of the warm-up.
        trunk_rate: learning rate of the trunk's stages from the recipe's `thawed_from` on; 0 keeps them as they are.
        warmup: steps of linear rise.
        clip_share: share of steps on clips, the rest on stills.
        pictures: pictures per step, and a quarter as many clips, at least one.
        objects: objects per picture.
        clip_objects: objects per clip; 0 is half as many as on a picture.
        objects_at_once: objects of the stills of a step that are answered together; the rest follows when what they
            taught is known, so that memory is bounded. 0 is all.
        corrections: correction clicks after the first answer; on stills a step draws their number, 1 to this, but where
            prompting is `paper` there are always so many.
        wrong_mask_share: share of the objects of a still that begin with a wrong soft mask instead of a prompt.
        box_share: share of boxes among the first prompts; the rest are clicks.
        still_size: side that stills are looked at, a multiple of 32; 0 is the model's own. Smaller is quicker, crops
            are tighter.
        frames: frames of a clip.
        prior_drop: how often a clip goes without the matched mask, so that memory must work as well.
        prompting: who the simulated person is. `first_frame` prompts that one of a clip and mends another with a click,
            and begins stills as the shares above say. `paper` prompts and corrects up to `prompted_frames` anywhere in
            a clip, and a still like the first frame of one (`person.py`, `prompted_clips.py`).
        prompted_frames: see there.
        given_mask_share: there, how often the masks themselves are the prompts of a clip.
        box_noise, box_reach: there, how far an edge of a box is moved at most: a share of the box's side, and pixels.
        truth_clicks: there, how often a correction looks at the object alone and not at what is wrong.
        keeps_chain: there, whether gradients flow through the logits that a correction goes on from.
        consistency_share: share of the steps on clips that follow something through an unlabelled film and back again
            (`round_trips.py`).
        schedule: how the rate falls: `cosine`, down to `last_rate` of it, or `reciprocal_square_root`, with a linear
            end over `cooldown` steps.
        last_rate, cooldown: see there.
    """

    steps: int
    learning_rate: float
    trunk_rate: float = 0.0
    warmup: int = 100
    clip_share: float = 0.0
    pictures: int = 4
    objects: int = 4
    clip_objects: int = 0
    objects_at_once: int = 0
    corrections: int = 1
    wrong_mask_share: float = 0.35
    box_share: float = 0.4
    still_size: int = 0
    frames: int = 5
    prior_drop: float = 0.3
    prompting: Literal["first_frame", "paper"] = "first_frame"
    prompted_frames: int = 2
    given_mask_share: float = 0.5
    box_noise: float = 0.1
    box_reach: float = 20.0
    truth_clicks: float = 0.1
    keeps_chain: bool = True
    consistency_share: float = 0.0
    schedule: Literal["cosine", "reciprocal_square_root"] = "cosine"
    last_rate: float = 0.05
    cooldown: int = 0

    @property
    def objects_of_clips(self) -> int:
        """Objects per clip."""
        return self.clip_objects or max(self.objects // 2, 1)


@dataclass(frozen=True)
class Recipe:
    """A whole training of one model.

    Attributes:
        model: what is trained.
        stages: in order.
        loss: weights of the loss terms.
        pool: pictures kept ready; each step draws from them and renews a few, because reading a picture and running the
            trunk cost as much as learning from it.
        renewed: pictures renewed per step, also less than one.
        clips_renewed: the same for clips.
        mask_stride: side in pixels of the cells in which the truth is known; 1, as in the paper, compares masks at the
            picture's full size, which takes more memory.
        weight_decay, gradient_clip: of AdamW.
        neck_with_trunk: the neck learns at the trunk's rate, as in the published training.
        decays_embeddings: let the weights decay as the published training does: all but biases and the norms of the
            transformers. By default embeddings and single vectors do not decay either.
        drop_path: how often a picture goes past either branch of the last block of a Hiera trunk that learns; in the
            blocks before less often, in the first one never.
        recomputes_trunk: compute the blocks of a Hiera trunk that learns again on the way back, instead of keeping what
            is in them: a third more time, far less memory.
        memory_gamma: what the scales in the memory encoder of a new model begin with; 0 leaves them.
        average: decay of the running average of the weights, which is what gets exported.
        source_weights, cutout_weights: how often a source is drawn; unnamed sources have weight 1.
        video_weights: the same for labelled videos, where `windows` is `consecutive`.
        composite_share: share of stills that are cut-outs pasted together.
        still_augmentation, clip_augmentation: how they are varied where the paper is followed; by default as is good
            for small models, with crops and changes of colour. Of a still so varied all objects are asked for, up to
            their number.
        windows: which frames of a labelled video make a clip: annotated ones with gaps now and then (`spread`), or, as
            in the paper, such as follow one another, with whatever its first frame shows (`consecutive`).
        reverse_share: how often a clip is played backwards.
        precision: number type of the frozen part of the trunk on a CPU.
        thawed_from: first stage of the trunk that learns where a stage has a trunk_rate. What lies before stays frozen
            for good and is computed once per picture, because the finest maps cost most and teach least.
        layer_decay: of the trunk's rate from block to block, towards the pixels.
        trained_parts: beginnings of the names of the parameters that learn; by default all but what is frozen.
        video_share: share of labelled videos among the clips, where there are any; the rest is set in motion.
        smallest_on_clips: objects with fewer pixels on the first frame of a clip are not asked for.
        sums_losses: add the losses of all decoder passes, as the paper does, instead of taking their mean.
        seed: of everything random.
    """

    model: ModelConfig
    stages: tuple[StageRecipe, ...]
    loss: LossWeights = SMALL_MODEL_LOSS
    pool: int = 96
    renewed: float = 2
    clips_renewed: float = 0.3
    mask_stride: int = 4
    weight_decay: float = 0.05
    decays_embeddings: bool = False
    neck_with_trunk: bool = False
    drop_path: float = 0.0
    recomputes_trunk: bool = False
    memory_gamma: float = 0.0
    gradient_clip: float = 1.0
    average: float = 0.998
    source_weights: Mapping[str, float] = field(default_factory=dict)
    cutout_weights: Mapping[str, float] = field(default_factory=dict)
    video_weights: Mapping[str, float] = field(default_factory=dict)
    composite_share: float = 0.3
    still_augmentation: Augmentation | None = None
    clip_augmentation: Augmentation | None = None
    windows: Literal["spread", "consecutive"] = "spread"
    reverse_share: float = 0.5
    precision: str = "bfloat16"
    thawed_from: int = 0
    layer_decay: float = 1.0
    trained_parts: tuple[str, ...] = ()
    video_share: float = 0.1
    smallest_on_clips: int = 200
    sums_losses: bool = False
    seed: int = 0

    @property
    def is_trunk_frozen(self) -> bool:
        """Whether nothing of the trunk ever learns."""
        return all(stage.trunk_rate == 0.0 for stage in self.stages)

    @property
    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> tuple[StageRecipe, int]:
        """The stage that a step belongs to, and the step's number in it."""
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        return self.stages[-1], self.stages[-1].steps


SOURCE_WEIGHTS = {
    "coco_cc": 4.0,
    "coco_cc_person": 2.5,
    "oxford_pets": 2.0,
    "openimages_animals": 3.0,
    "building_facades": 1.2,
    "bottles_office": 1.0,
    "hydroponic_plants": 1.0,
    "pine_trunks": 0.5,
    "road_surface": 0.4,
    "granular_material": 0.5,
    "pipe_ends": 0.5,
    "mushrooms_bed": 0.5,
    "dsb2018_nuclei": 0.4,
}
CUTOUT_WEIGHTS = {
    "coco_cc": 2.0,
    "coco_cc_person": 3.0,
    "openimages_animals": 3.0,
    "oxford_pets": 3.0,
    "graphic_fluent3d": 1.0,
    "graphic_noto": 0.5,
    "rendered_scans": 0.3,
    "rendered_kaykit": 0.6,
    "rendered_market": 0.6,
}

_LATE = StageRecipe(
    steps=1700,
    learning_rate=8e-4,
    trunk_rate=8e-5,
    clip_share=0.3,
    pictures=6,
    still_size=320,
    frames=5,
    prior_drop=0.15,
    wrong_mask_share=0.2,
    box_share=0.35,
    corrections=4,
)

RECIPES: dict[str, Recipe] = {
    "built_in": Recipe(
        model=BUILT_IN,
        stages=(
            StageRecipe(steps=1500, learning_rate=1.2e-3, wrong_mask_share=0.25, box_share=0.35),
            StageRecipe(
                steps=750,
                learning_rate=4e-4,
                clip_share=0.5,
                warmup=30,
                frames=4,
                prior_drop=0.15,
                wrong_mask_share=0.25,
                box_share=0.35,
            ),
            StageRecipe(
                steps=649,
                learning_rate=4e-4,
                trunk_rate=4e-5,
                clip_share=0.4,
                frames=5,
                prior_drop=0.15,
                wrong_mask_share=0.2,
                box_share=0.35,
                corrections=2,
            ),
            _LATE,
            dataclasses.replace(_LATE, steps=2500, box_share=0.3),
            dataclasses.replace(
                _LATE,
                steps=2580,
                learning_rate=6e-4,
                trunk_rate=6e-5,
                pictures=5,
                still_size=416,
                frames=6,
                prior_drop=0.3,
            ),
        ),
        average=0.999,
        thawed_from=3,
        source_weights=SOURCE_WEIGHTS,
        cutout_weights=CUTOUT_WEIGHTS,
    ),
    **{
        name: Recipe(
            model=config,
            stages=(
                StageRecipe(
                    steps=2000,
                    learning_rate=1e-5,
                    clip_share=0.7,
                    warmup=100,
                    pictures=1,
                    objects=3,
                    frames=8,
                    corrections=3,
                    prompting="paper",
                ),
            ),
            loss=PAPER_LOSS,
            pool=8,
            renewed=1,
            weight_decay=0.1,
            gradient_clip=0.1,
            source_weights=SOURCE_WEIGHTS,
            cutout_weights=CUTOUT_WEIGHTS,
        )
        for name, config in CONFIGS.items()
    },
    # For tests and for trying out a change: minutes become seconds, nothing else is different.
    "tiny_trial": Recipe(
        model=dataclasses.replace(
            BUILT_IN,
            name="tiny_trial",
            trunk=EfficientNetConfig(),
            image_size=128,
            hidden=32,
            memory_dim=8,
            decoder_mlp=64,
            decoder_heads=4,
            iou_hidden=32,
            attention_layers=1,
            attention_ffn=64,
        ),
        stages=(StageRecipe(steps=40, learning_rate=2e-3, warmup=4, pictures=2, objects=2, frames=3, clip_share=0.3),),
        pool=8,
        precision="float32",
    ),
}
