"""The samples of a step, ready for the decoder: drawn, kept in pools, and through the trunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam2_core.training.clips import ClipSettings, draw_clip, draw_film
from sam2_core.training.decoding import Features, begun, continued, pixel_normalisation, pyramid
from sam2_core.training.library import Library
from sam2_core.training.pictures import PictureSettings, draw_sample
from sam2_core.training.pool import Prepared, SlidingPool, prepare
from sam2_core.training.recipes import Recipe, StageRecipe
from sam2_core.training.team import Team

_OBJECTS_KEPT = 8
_TIGHTEST_CROP = 0.35


class Samples:
    """Draws what the steps of a training see; which samples those are depends on seed, step and rank alone.

    Args:
        recipe: how samples are drawn.
        model: whose trunk looks at them.
        library: where they come from.
        team: which of several processes this is; each sees others.
    """

    def __init__(self, recipe: Recipe, model: Any, library: Library, team: Team) -> None:
        self._recipe = recipe
        self._model = model
        self._library = library
        self._team = team
        self._place = team.device.torch_device
        self._precision: torch.dtype = getattr(torch, recipe.precision)
        self._mean_and_scale = pixel_normalisation(recipe.model)
        self._stage = recipe.stages[0]
        self._stills = SlidingPool(self._make_still, recipe.pool, recipe.renewed, recipe.seed)
        kept = max(recipe.pool // 6, 4)
        self._clips = SlidingPool(self._make_clip, kept, recipe.clips_renewed, recipe.seed + 1)
        self._films = SlidingPool(self._make_film, kept, recipe.clips_renewed, recipe.seed + 2)

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the samples of a step are to be used."""
        return self._team.device.autocast()

    def stills(self, step: int, stage: StageRecipe, generator: torch.Generator) -> tuple[Features, Tensor, Tensor]:
        """Objects of the stills of a step.

        Returns:
            Features with a row per picture, the row of each object, and coverage B x S/stride x S/stride.
        """
        self._enter(stage)
        batch = self._stills.draw(step, stage.pictures)
        chosen = [torch.randperm(item.truth.shape[1], generator=generator)[: stage.objects] for item in batch]
        truth = torch.cat([item.truth[0, rows.cpu()] for item, rows in zip(batch, chosen, strict=True)])
        owner = torch.cat([torch.full((len(rows),), index) for index, rows in enumerate(chosen)])
        return pyramid(self._model, self._maps(batch)), owner, truth.to(self._place).float() / 255

    def still_features(self, step: int, stage: StageRecipe) -> Features:
        """Features of the stills of a step, a row per picture."""
        self._enter(stage)
        return pyramid(self._model, self._maps(self._stills.draw(step, stage.pictures)))

    def clips(self, step: int, stage: StageRecipe) -> Iterator[tuple[Features, Tensor]]:
        """The clips of a step, one after the other.

        Yields:
            Features with a row per frame, and coverage T x K x S/stride x S/stride.
        """
        self._enter(stage)
        for item in self._clips.draw(step, max(stage.pictures // 4, 1)):
            truth = item.truth[:, : stage.objects_of_clips].to(self._place).float() / 255
            yield pyramid(self._model, self._maps([item])), truth

    def films(self, step: int, stage: StageRecipe) -> Iterator[tuple[Features, Tensor]]:
        """The unlabelled clips of a step, as `clips` gives labelled ones; the coverage is that of no object at all.

        Where there are no films, clips with their true masks.
        """
        self._enter(stage)
        for item in self._films.draw(step, max(stage.pictures // 4, 1)):
            yield pyramid(self._model, self._maps([item])), item.truth.to(self._place).float() / 255

    def _enter(self, stage: StageRecipe) -> None:
        """Where a stage wants other samples than the one before, the pools begin anew: as they would after a resume."""
        before, self._stage = self._stage, stage
        if stage.still_size != before.still_size:
            self._stills.forget()
        if (stage.frames, stage.objects_of_clips) != (before.frames, before.objects_of_clips):
            self._clips.forget()
            self._films.forget()

    def _maps(self, batch: Sequence[Prepared]) -> list[Tensor]:
        """The trunk's maps of all pictures of a batch, in float32."""
        trunk = self._model.image_encoder.trunk
        if batch[0].maps is None:
            pixels = torch.cat([item.pixels for item in batch]).float()
            maps: list[Tensor] = trunk(self._normalise(pixels))
            return maps
        levels = zip(*(item.maps for item in batch if item.maps is not None), strict=True)
        maps = [torch.cat(level).to(self._place).float() for level in levels]
        if self._recipe.is_trunk_frozen:
            return maps
        with torch.set_grad_enabled(self._stage.trunk_rate > 0 and torch.is_grad_enabled()):
            return maps + continued(trunk, maps[-1], self._recipe.thawed_from)

    def _normalise(self, pixels: Tensor) -> Tensor:
        return self._mean_and_scale(pixels).to(self._place)

    def _make_still(self, number: int) -> Prepared:
        whole = self._recipe.model.image_size
        size = self._stage.still_size or whole
        settings = PictureSettings(
            size=size,
            tightest_crop=_TIGHTEST_CROP * size / whole,
            objects=max(_OBJECTS_KEPT, *(stage.objects for stage in self._recipe.stages)),
            composite_share=self._recipe.composite_share,
            source_weights=self._recipe.source_weights,
            cutout_weights=self._recipe.cutout_weights,
            augmentation=self._recipe.still_augmentation,
        )
        sample = draw_sample(self._library, settings, self._numbered(2, number))
        return self._prepare(sample.picture[None], sample.masks[None])

    def _make_clip(self, number: int) -> Prepared:
        clip = draw_clip(self._library, self._clip_settings(), self._numbered(3, number))
        return self._prepare(clip.pictures, clip.masks)

    def _make_film(self, number: int) -> Prepared:
        generator = self._numbered(4, number)
        if not self._library.films:
            clip = draw_clip(self._library, self._clip_settings(), generator)
            return self._prepare(clip.pictures, clip.masks)
        pictures = draw_film(self._library, self._clip_settings(), generator)
        return self._prepare(pictures, np.zeros((len(pictures), 0, *pictures.shape[1:3]), np.bool_))

    def _clip_settings(self) -> ClipSettings:
        recipe = self._recipe
        return ClipSettings(
            size=recipe.model.image_size,
            frames=self._stage.frames,
            objects=self._stage.objects_of_clips,
            video_share=recipe.video_share if self._library.has_scenery else 1.0,
            source_weights=recipe.source_weights,
            cutout_weights=recipe.cutout_weights,
            smallest_area=recipe.smallest_on_clips,
            is_consecutive=recipe.windows == "consecutive",
            reverse_share=recipe.reverse_share,
            augmentation=recipe.clip_augmentation,
            video_weights=recipe.video_weights,
        )

    def _numbered(self, kind: int, number: int) -> np.random.Generator:
        """Where a sample comes from; the first process draws what it would draw alone."""
        rank = [self._team.rank] if self._team.rank else []
        return np.random.default_rng([self._recipe.seed, kind, number, *rank])

    def _prepare(self, pictures: np.ndarray[Any, Any], masks: np.ndarray[Any, Any]) -> Prepared:
        trunk = self._model.image_encoder.trunk
        frozen: Callable[[Tensor], list[Tensor]] | None = trunk
        if not self._recipe.is_trunk_frozen:
            first = self._recipe.thawed_from
            frozen = partial(begun, trunk, before=first) if first else None
        with self._team.device.autocast():
            return prepare(pictures, masks, frozen, self._normalise, self._precision, self._recipe.mask_stride)
