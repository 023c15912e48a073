"""The model's parts put together for training: one row of features per object, all four masks kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sam2_core.config import ModelConfig
from sam2_core.model.bending import bend_to_clicks
from sam2_core.model.mask_decoder import DecoderOutput
from sam2_core.postprocess import keep_asked_parts


@dataclass(frozen=True)
class Features:
    """What the decoder and the memory need of N pictures.

    Attributes:
        coarse: N x C x S/16 x S/16, before anything of memory is added.
        middle, fine: the decoder's projected maps at strides 8 and 4.
        trunk: the trunk's own maps at strides 8 and 16.
    """

    coarse: Tensor
    middle: Tensor
    fine: Tensor
    trunk: tuple[Tensor, Tensor]

    def rows(self, index: Tensor) -> Features:
        """The features of some of the pictures, any number of times."""
        return Features(
            self.coarse[index], self.middle[index], self.fine[index], (self.trunk[0][index], self.trunk[1][index])
        )

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All of them."""
        return (self.coarse, self.middle, self.fine, *self.trunk)

    def held(self) -> Features:
        """The same values cut off from what they were made of; gradients stop here and stay in `grad`."""
        coarse, middle, fine, *trunk = (one.detach().requires_grad_(one.requires_grad) for one in self.tensors)
        return Features(coarse, middle, fine, (trunk[0], trunk[1]))


def pyramid(model: Any, maps: Sequence[Tensor]) -> Features:
    """From the trunk's four maps, finest first, to what the decoder takes.

    On the fine maps the neck's convolution and the decoder's follow each other with nothing between, so they are
    composed first: the same numbers and gradients without a map of full width at stride 4.
    """
    neck, decoder = model.image_encoder.neck, model.sam_mask_decoder
    fine = _composed(neck.convs[3].conv, decoder.conv_s0, maps[0])
    middle = _composed(neck.convs[2].conv, decoder.conv_s1, maps[1])
    return Features(neck.coarse(maps[2], maps[3]), middle, fine, (maps[1], maps[2]))


def _composed(first: torch.nn.Conv2d, second: torch.nn.Conv2d, x: Tensor) -> Tensor:
    """Two 1 x 1 convolutions in a row, as one."""
    assert first.bias is not None and second.bias is not None
    inner, outer = first.weight.flatten(1), second.weight.flatten(1)
    return F.conv2d(x, (outer @ inner)[:, :, None, None], outer @ first.bias + second.bias)


def decode(
    model: Any,
    features: Features,
    points: Tensor,
    labels: Tensor,
    previous: Tensor | None,
    conditioned: Tensor | None = None,
) -> DecoderOutput:
    """One decoder pass over B objects.

    Args:
        model: a model of this package.
        features: one row per object.
        points, labels: B x P x 2 in pixels of the pictures as they were looked at, and B x P.
        previous: mask logits B x 1 x S/4 x S/4 to go on from, or None.
        conditioned: the coarse map after memory attention; by default what a frame without memory has.
    """
    encoder = model.sam_prompt_encoder
    scale = model.config.low_res / features.fine.shape[-1]
    # The encoder adds half a pixel of its own size.
    sparse = encoder.points((points + 0.5) * scale - 0.5, labels)
    dense = encoder.no_mask() if previous is None else encoder.mask(previous)
    coarse = features.coarse + model.no_mem_embed.reshape(1, -1, 1, 1) if conditioned is None else conditioned
    fine, middle = features.fine, features.middle
    grid = encoder.grid_encoding(coarse.shape[-1])
    if model.config.dense_hints:
        hinted = model.dense_hints(points, labels, previous, features.trunk, (fine, middle))
        dense, fine, middle = dense + hinted.dense, hinted.fine, hinted.middle
    output: DecoderOutput = model.sam_mask_decoder(coarse, grid, sparse, dense, fine, middle)
    return output


def as_shown(
    model: Any, features: Features, output: DecoderOutput, points: Tensor, labels: Tensor, beneath: Tensor | None = None
) -> DecoderOutput:
    """An answer with the masks B x 4 x S/4 x S/4 that a session would show, without gradients.

    Args:
        model, features, points, labels: as in `decode`.
        output: the answer to the points.
        beneath: B x S/4 x S/4 bool, the masks that clicks mend.
    """
    masks = output.masks.detach().float()
    side = features.fine.shape[-1] * 4
    if model.config.click_margin:
        masks = bend_to_clicks(masks, output.fine.detach(), points, labels, model.config.click_margin, side)
    if model.config.keeps_asked_parts:
        masks = keep_asked_parts(masks, points, labels, side, beneath)
    return dataclasses.replace(output, masks=masks)


def begun(trunk: Any, pixels: Tensor, *, before: int) -> list[Tensor]:
    """The maps that leave an EfficientNet trunk before stage `before`, finest first; `continued` takes the last."""
    x = F.relu6(trunk.stem(pixels.contiguous(memory_format=torch.channels_last)))
    maps: list[Tensor] = trunk.through(x, range(before))
    return maps


def continued(trunk: Any, x: Tensor, first: int) -> list[Tensor]:
    """The maps that leave the trunk from stage `first` on; `x` is what stage `first - 1` gave."""
    maps: list[Tensor] = trunk.through(x.contiguous(memory_format=torch.channels_last), range(first, len(trunk.stages)))
    return maps


def pixel_normalisation(config: ModelConfig) -> Callable[[Tensor], Tensor]:
    """A function from 0…255 values N x 3 x S x S to what the trunk of this model takes."""
    mean = torch.tensor(config.trunk.pixel_mean).reshape(1, 3, 1, 1) * 255
    deviation = torch.tensor(config.trunk.pixel_std).reshape(1, 3, 1, 1) * 255
    return lambda pixels: (pixels - mean) / deviation
