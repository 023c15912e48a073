"""The recipes of the paper for the official models (section 10.1): stills first, then pictures and videos together.

`NAME_pretraining` starts from nothing, or better from a trunk that was pretrained as a masked autoencoder (`--start`);
`NAME_training` goes on from its result. A step sees one picture or clip per process, so the paper's batch of 256 takes
as many processes. Of a picture 16 objects are asked for, where the paper takes up to 64.
"""

from __future__ import annotations

from sam2_core.config import CONFIGS, ModelConfig
from sam2_core.training.losses import PAPER_LOSS
from sam2_core.training.recipes import RECIPES, Recipe, StageRecipe

_LAYER_DECAY = {"tiny": 0.8, "small": 0.8, "base_plus": 0.9, "large": 0.925}
_STILL_CORRECTIONS = 7


def pretraining(config: ModelConfig) -> Recipe:
    """Stills alone: 90 thousand steps, the rate falling with the square root of the step."""
    stage = StageRecipe(
        steps=90_000,
        learning_rate=4e-4,
        trunk_rate=4e-4,
        warmup=1_000,
        schedule="reciprocal_square_root",
        cooldown=5_000,
        pictures=1,
        objects=16,
        corrections=_STILL_CORRECTIONS,
        wrong_mask_share=0.0,
        box_share=0.5,
    )
    return _recipe(config, stage)


def full_training(config: ModelConfig) -> Recipe:
    """Stills and clips of eight frames: 300 thousand steps along a cosine, the trunk at a fifth of the rate."""
    stage = StageRecipe(
        steps=300_000,
        learning_rate=3e-4,
        trunk_rate=6e-5,
        warmup=15_000,
        last_rate=0.1,
        clip_share=0.85,
        pictures=1,
        objects=6,
        corrections=_STILL_CORRECTIONS,
        wrong_mask_share=0.0,
        box_share=0.5,
        frames=8,
        prompting="paper",
    )
    return _recipe(config, stage)


def _recipe(config: ModelConfig, stage: StageRecipe) -> Recipe:
    return Recipe(
        model=config,
        stages=(stage,),
        loss=PAPER_LOSS,
        # The trunk learns, so nothing of it can be kept: every step sees a new picture.
        pool=1,
        renewed=1,
        weight_decay=0.1,
        gradient_clip=0.1,
        composite_share=0.0,
        layer_decay=next(decay for size, decay in _LAYER_DECAY.items() if config.name.endswith(size)),
        video_share=1.0,
        sums_losses=True,
    )


ALL_RECIPES: dict[str, Recipe] = {
    **RECIPES,
    **{f"{name}_pretraining": pretraining(config) for name, config in CONFIGS.items()},
    **{f"{name}_training": full_training(config) for name, config in CONFIGS.items()},
}
