"""The recipes of the paper for the official models (sections 10.1 to 10.7).

`NAME_pretraining` learns from stills; it starts from nothing, or better from a trunk that was pretrained as a masked
autoencoder (`--start`). `NAME_training` goes on from its result with stills and clips, `NAME_long_training` from that
one's with clips twice as long and the image encoder frozen. `NAME_mose` is the published configuration for going on
with the weights that were published. A step sees one picture or clip per process, so the paper's batch of 256 takes as
many processes.
"""

from __future__ import annotations

import dataclasses

from sam2_core.config import CONFIGS, ModelConfig
from sam2_core.training.augmentation import CLIP_AUGMENTATION, STILL_AUGMENTATION
from sam2_core.training.finetuning import DECODER_AND_MEMORY
from sam2_core.training.losses import PAPER_LOSS
from sam2_core.training.recipes import RECIPES, Recipe, StageRecipe

_LAYER_DECAY = {"tiny": 0.8, "small": 0.8, "base_plus": 0.9, "large": 0.925}
_DROP_PATH = {"tiny": 0.1, "small": 0.1, "base_plus": 0.2, "large": 0.3}
_MOSAIC = {"2.0": 0.0, "2.1": 0.1}
_PERSON = StageRecipe(
    steps=1,
    learning_rate=1.0,
    pictures=1,
    objects=64,
    clip_objects=3,
    objects_at_once=8,
    corrections=7,
    frames=8,
    prompting="paper",
)
"""What all stages have in common."""
_MOSE_VIDEOS = 1507


def pretraining(config: ModelConfig) -> Recipe:
    """Stills alone: 90 thousand steps, the rate falling with the square root of the step."""
    stage = dataclasses.replace(
        _PERSON,
        steps=90_000,
        learning_rate=4e-4,
        trunk_rate=4e-4,
        warmup=1_000,
        schedule="reciprocal_square_root",
        cooldown=5_000,
    )
    return _recipe(config, stage)


def full_training(config: ModelConfig) -> Recipe:
    """Stills and clips of eight frames: 300 thousand steps along a cosine, the trunk at a fifth of the rate."""
    stage = dataclasses.replace(
        _PERSON,
        steps=300_000,
        learning_rate=3e-4,
        trunk_rate=6e-5,
        warmup=15_000,
        last_rate=0.1,
        clip_share=0.85,
    )
    return _recipe(config, stage)


def long_training(config: ModelConfig) -> Recipe:
    """Clips of sixteen frames with trunk and neck frozen: 50 thousand steps at half of the rate."""
    stage = dataclasses.replace(
        full_training(config).stages[0], steps=50_000, learning_rate=1.5e-4, trunk_rate=0.0, warmup=100, frames=16
    )
    return dataclasses.replace(_recipe(config, stage), trained_parts=("sam_prompt_encoder.", *DECODER_AND_MEMORY))


def mose(config: ModelConfig) -> Recipe:
    """Labelled videos alone, forty times each of those of MOSE, twice a round: the published fine-tuning."""
    stage = dataclasses.replace(
        _PERSON,
        # Eight processes with a clip each.
        steps=40 * 2 * _MOSE_VIDEOS // 8,
        learning_rate=5e-6,
        trunk_rate=3e-6,
        warmup=1,
        last_rate=0.1,
        clip_share=1.0,
    )
    recipe = _recipe(config, stage)
    augmentation = dataclasses.replace(CLIP_AUGMENTATION, mosaic=0.0)
    return dataclasses.replace(
        recipe, layer_decay=0.9, drop_path=0.1, reverse_share=0.0, clip_augmentation=augmentation
    )


def _recipe(config: ModelConfig, stage: StageRecipe) -> Recipe:
    size = config.name.removeprefix(f"{config.version}_")
    return Recipe(
        model=config,
        stages=(stage,),
        loss=dataclasses.replace(PAPER_LOSS, counts_absent=True),
        # The trunk learns, so nothing of it can be kept: every step sees a new picture, or a new clip.
        pool=1,
        renewed=1,
        clips_renewed=1,
        mask_stride=1,
        weight_decay=0.1,
        decays_embeddings=True,
        neck_with_trunk=True,
        gradient_clip=0.1,
        layer_decay=_LAYER_DECAY[size],
        drop_path=_DROP_PATH[size],
        memory_gamma=1e-6,
        composite_share=0.0,
        still_augmentation=STILL_AUGMENTATION,
        clip_augmentation=dataclasses.replace(CLIP_AUGMENTATION, mosaic=_MOSAIC[config.version]),
        windows="consecutive",
        video_share=1.0,
        smallest_on_clips=1,
        sums_losses=True,
    )


ALL_RECIPES: dict[str, Recipe] = {
    **RECIPES,
    **{f"{name}_pretraining": pretraining(config) for name, config in CONFIGS.items()},
    **{f"{name}_training": full_training(config) for name, config in CONFIGS.items()},
    **{f"{name}_long_training": long_training(config) for name, config in CONFIGS.items()},
    **{f"{name}_mose": mose(config) for name, config in CONFIGS.items()},
}
