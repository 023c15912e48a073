"""How a trained model learns a little more from a few labelled clips (end of section 10.9)."""

from __future__ import annotations

from sam2_core.config import HieraConfig, ModelConfig
from sam2_core.training.losses import PAPER_LOSS, SMALL_MODEL_LOSS
from sam2_core.training.recipes import Recipe, StageRecipe

DECODER_AND_MEMORY = (
    "sam_mask_decoder.",
    "dense_hints.",
    "memory_attention.",
    "memory_encoder.",
    "maskmem_tpos_enc",
    "mask_downsample.",
    "no_mem_embed",
    "no_obj_embed_spatial",
    "no_obj_ptr",
    "obj_ptr_proj.",
    "obj_ptr_tpos_proj.",
)
"""What learns. Trunk and neck stay as they are: a few clips cannot teach them anything but those clips."""


def finetuning_recipe(config: ModelConfig, steps: int, *, seed: int = 0) -> Recipe:
    """The recipe for `steps` steps; small models take larger ones, of less memory each."""
    is_official = isinstance(config.trunk, HieraConfig)
    stage = StageRecipe(
        steps=steps,
        learning_rate=1e-5 if is_official else 1e-4,
        warmup=min(10, steps),
        clip_share=0.6,
        pictures=4,
        objects=1,
        corrections=2,
        wrong_mask_share=0.0 if is_official else 0.2,
        frames=4 if is_official else 6,
        prior_drop=0.15,
    )
    return Recipe(
        model=config,
        stages=(stage,),
        loss=PAPER_LOSS if is_official else SMALL_MODEL_LOSS,
        pool=16 if is_official else 64,
        renewed=0.5,
        weight_decay=0.1 if is_official else 0.05,
        gradient_clip=0.1 if is_official else 1.0,
        average=0.98,
        trained_parts=DECODER_AND_MEMORY,
        video_share=0.8,
        # What a person verified counts, however small.
        smallest_on_clips=32,
        seed=seed,
    )
