"""The whole model, as the parts that a predictor puts together (figure 3 of the paper).

Nothing here remembers anything: which frames are looked at, and in which order, is decided by who calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sam2_core.config import EfficientNetConfig, ModelConfig
from sam2_core.model.bending import bend_to_clicks
from sam2_core.model.image_encoder import ImageEncoder
from sam2_core.model.layers import MLP
from sam2_core.model.mask_decoder import DecoderOutput, MaskDecoder, shrink_logits, upsample_logits
from sam2_core.model.memory_attention import MemoryAttention
from sam2_core.model.memory_encoder import MemoryEncoder
from sam2_core.model.pixels import Filter, to_pixels
from sam2_core.model.position import sine_map, sine_of_ages
from sam2_core.model.precision import narrow_products
from sam2_core.model.prompt_encoder import PADDING, PromptEncoder

ABSENT_LOGIT = -1024.0
"""Every mask logit of an object that is judged not to be on a frame."""


@dataclass(frozen=True)
class ImageFeatures:
    """What one picture (or B of them) is for the rest of the model.

    Attributes:
        high_res_0: (B, C / 8, S / 4, S / 4), after conv_s0.
        high_res_1: (B, C / 4, S / 8, S / 8), after conv_s1.
        vision: (B, C, S / 16, S / 16), not conditioned on anything.
        position: (1, C, S / 16, S / 16) sine encoding, shared: never write into it.
        trunk: the trunk's maps at strides 4, 8, 16, 32 where the model needs them again, else None.
    """

    high_res_0: Tensor
    high_res_1: Tensor
    vision: Tensor
    position: Tensor
    trunk: tuple[Tensor, ...] | None = None


@dataclass(frozen=True)
class HeadOutput:
    """The answer for B objects on one frame.

    Attributes:
        low_res: (B, 1, S / 4, S / 4) logits of the chosen mask; -1024 everywhere where the object is absent.
        high_res: (B, 1, S, S) the same, enlarged.
        candidates: (B, k, S / 4, S / 4) all masks that were predicted, k is 3 or 1.
        ious: (B, k) estimated IoU of each candidate, 0 to 1.
        best: (B,) index of the chosen candidate.
        score: (B, 1) logit of the object being on this frame: present where > 0.
        pointer: (B, C) object pointer for the memory.
    """

    low_res: Tensor
    high_res: Tensor
    candidates: Tensor
    ious: Tensor
    best: Tensor
    score: Tensor
    pointer: Tensor


class Sam2Model(nn.Module):
    """SAM 2. State-dict names and shapes are exactly those of the published files.

    Args:
        config: widths and behaviour; kept as `model.config`.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        hidden, memory_dim = config.hidden, config.memory_dim
        self.config = config
        # The published models are computed as they were published.
        self._bears_rounding = isinstance(config.trunk, EfficientNetConfig)
        self.image_encoder = ImageEncoder(config)
        self.sam_prompt_encoder = PromptEncoder(hidden, config.image_size)
        self.sam_mask_decoder = MaskDecoder(config)
        self.memory_encoder = MemoryEncoder(hidden, memory_dim)
        self.memory_attention = MemoryAttention(
            hidden,
            memory_dim,
            config.attention_layers,
            config.attention_ffn,
            config.attention_dropout,
            is_coarse=config.coarse_memories,
        )
        self.mask_downsample = nn.Conv2d(1, 1, kernel_size=4, stride=4)
        self.obj_ptr_proj = MLP(hidden, hidden, hidden, hidden)
        self.maskmem_tpos_enc = nn.Parameter(torch.zeros(config.num_maskmem, 1, 1, memory_dim))
        self.no_mem_embed = nn.Parameter(torch.zeros(1, 1, hidden))
        # Unused, but part of every published file.
        self.no_mem_pos_enc = nn.Parameter(torch.zeros(1, 1, hidden))
        self.no_obj_ptr = nn.Parameter(torch.zeros(1, hidden))
        learned = [self.maskmem_tpos_enc, self.no_mem_embed, self.no_mem_pos_enc, self.no_obj_ptr]
        if config.no_obj_embed_spatial:
            self.no_obj_embed_spatial = nn.Parameter(torch.zeros(1, memory_dim))
            learned.append(self.no_obj_embed_spatial)
        if config.add_tpos_enc_to_obj_ptrs and config.proj_tpos_enc_in_obj_ptrs:
            self.obj_ptr_tpos_proj = nn.Linear(hidden, memory_dim)
        if config.dense_hints:
            from sam2_core.model.hints import DenseHints

            self.dense_hints = DenseHints(hidden, config.trunk.channels, fine_likeness=config.fine_likeness)
        for parameter in learned:
            nn.init.trunc_normal_(parameter, std=0.02)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.no_mem_embed.device

    def preprocess(self, rgb: NDArray[np.uint8], mode: Filter) -> Tensor:
        """A picture (uint8 RGB H x W x 3) as `encode_image` wants it: float32 (1, 3, S, S) on the model's device.

        `image` and `video` name the two resampling filters of the published predictors; see `pixels.to_pixels`. The
        built-in model takes `video` a little less exactly.
        """
        trunk, side, is_exact = self.config.trunk, self.config.image_size, not self._bears_rounding
        return to_pixels(rgb, side, mode, trunk.pixel_mean, trunk.pixel_std, self.device, is_exact=is_exact)

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """Normalised pixels (B, 3, S, S) to features; independent of any prompt or memory."""
        maps = tuple(self.image_encoder.trunk(pixels))
        neck, decoder = self.image_encoder.neck, self.sam_mask_decoder
        vision = neck.coarse(maps[2], maps[3])
        keeps_trunk = self.config.dense_hints or self.config.matching_prior
        return ImageFeatures(
            high_res_0=neck.composed(0, maps[0], decoder.conv_s0),
            high_res_1=neck.composed(1, maps[1], decoder.conv_s1),
            vision=vision,
            position=sine_map(self.config.hidden, *vision.shape[-2:], vision.device),
            trunk=maps if keeps_trunk else None,
        )

    def without_memory(self, vision: Tensor) -> Tensor:
        """Features (B, C, h, w) of a frame on which nothing is remembered yet, or of a still image."""
        return vision + self.no_mem_embed.transpose(1, 2)[..., None]

    def begin_conditioning(self, vision: Tensor, position: Tensor) -> Tensor:
        """The part of `condition` that no memory has a share in, (B or 1, h * w, C); one frame's serves all objects."""
        with narrow_products(vision, is_wanted=self._bears_rounding):
            return self.memory_attention.begin(vision.flatten(2).transpose(1, 2), position.flatten(2).transpose(1, 2))

    def condition(
        self,
        vision: Tensor,
        position: Tensor,
        memory: Tensor,
        memory_position: Tensor,
        pointer_tokens: int,
        *,
        begun: Tensor | None = None,
    ) -> Tensor:
        """Features of a frame in the light of memories.

        Args:
            vision: (B or 1, C, h, w).
            position: (1, C, h, w) sine encoding.
            memory, memory_position: (L, B, Cm): whole grids (row by row) first, object pointer tokens last.
            pointer_tokens: how many of the L tokens belong to object pointers.
            begun: what `begin_conditioning` gave for this frame, if it is known already.

        Returns:
            (B, C, h, w).
        """
        begun = self.begin_conditioning(vision, position) if begun is None else begun
        with narrow_products(vision, is_wanted=self._bears_rounding):
            conditioned = self.memory_attention(
                begun, memory.float().transpose(0, 1), memory_position.float().transpose(0, 1), pointer_tokens
            )
        return torch.unflatten(conditioned.transpose(1, 2), 2, vision.shape[-2:])

    def decode(
        self,
        features: Tensor,
        image: ImageFeatures,
        points: Tensor | None,
        labels: Tensor | None,
        mask_logits: Tensor | None,
        multimask: bool,
    ) -> HeadOutput:
        """Predict the masks of B objects on one frame (or B frames).

        Args:
            features: (B or 1, C, h, w) from `condition` or `without_memory`.
            image: the frame's features, batch 1 or B.
            points: (B, N, 2) as x, y in model pixels; None on tracked frames.
            labels: (B, N): 1 positive, 0 negative, 2 and 3 box corners, -1 padding; None with points None.
            mask_logits: (B, 1, S / 4, S / 4) earlier logits as a prompt, or None.
            multimask: three candidates and the best of them, or a single mask.

        Returns:
            The answer; masks are blanked and the pointer replaced where the object is judged absent.
        """
        if points is None or labels is None:
            batch = features.shape[0] if mask_logits is None else max(features.shape[0], mask_logits.shape[0])
            points, labels = self._no_point(batch)
        output = self.decode_raw(features, image, points, labels, mask_logits)
        choice = self.sam_mask_decoder.choose(output, multimask)

        score = output.score.float()
        candidates = torch.where((score > 0)[..., None, None], choice.masks.float(), ABSENT_LOGIT)
        ious = choice.ious.float()
        best = ious.argmax(dim=1)
        row = torch.arange(best.shape[0], device=best.device)
        low_res = candidates[row, best][:, None]
        token = choice.tokens[row, best] if choice.tokens.shape[1] > 1 else choice.tokens[:, 0]
        pointer = self._gate_pointer(self.obj_ptr_proj(token).float(), score)
        size = (self.config.image_size, self.config.image_size)
        return HeadOutput(low_res, upsample_logits(low_res, size), candidates, ious, best, score, pointer)

    def decode_raw(
        self,
        features: Tensor,
        image: ImageFeatures,
        points: Tensor | None,
        labels: Tensor | None,
        mask_logits: Tensor | None,
    ) -> DecoderOutput:
        """The decoder's whole output for prompts, before any choice; without points there is no prompt token at all."""
        encoder = self.sam_prompt_encoder
        if points is None or labels is None:
            batch = 1 if mask_logits is None else mask_logits.shape[0]
            points, labels = self._no_point(batch)
            sparse = features.new_zeros(batch, 0, self.config.hidden)
        else:
            sparse = encoder.points(points, labels)
        dense = encoder.no_mask() if mask_logits is None else encoder.mask(mask_logits)
        high_res_0, high_res_1 = image.high_res_0, image.high_res_1
        if self.config.dense_hints:
            assert image.trunk is not None
            trunk = (image.trunk[1], image.trunk[2])
            hinted = self.dense_hints(points, labels, mask_logits, trunk, (high_res_0, high_res_1))
            dense, high_res_0, high_res_1 = dense + hinted.dense, hinted.fine, hinted.middle
        output: DecoderOutput = self.sam_mask_decoder(
            features, encoder.grid_encoding(), sparse, dense, high_res_0, high_res_1
        )
        margin, side = self.config.click_margin, self.config.image_size
        if margin:
            output = replace(output, masks=bend_to_clicks(output.masks, output.fine, points, labels, margin, side))
        return output

    def mask_as_output(self, image: ImageFeatures, mask: Tensor) -> HeadOutput:
        """Take a given mask as the answer of a frame, and make the object pointer that goes with it.

        Args:
            image: the frame's features, batch 1 or B.
            mask: (B, 1, S, S) of zeros and ones.
        """
        mask = mask.float()
        high_res = 20.0 * mask - 10.0
        low_res = shrink_logits(high_res, self.config.low_res)
        is_present = (mask.flatten(1) > 0).any(dim=1, keepdim=True)
        score = torch.where(is_present, 10.0, -10.0)
        pointer = self.decode(image.vision, image, None, None, self.mask_downsample(mask), False).pointer
        return HeadOutput(
            low_res=low_res,
            high_res=high_res,
            candidates=low_res,
            ious=torch.ones_like(score),
            best=torch.zeros(mask.shape[0], dtype=torch.int64, device=mask.device),
            score=score,
            pointer=self._gate_pointer(pointer, score, is_present.float()),
        )

    def encode_memory(self, vision: Tensor, high_res_logits: Tensor, score: Tensor, is_prompted: bool) -> Tensor:
        """Make the spatial memory of a frame.

        Args:
            vision: (B or 1, C, h, w) features of the frame before memory attention.
            high_res_logits: (B, 1, S, S) mask logits.
            score: (B, 1) object score logits.
            is_prompted: whether the mask comes from a person's prompts; then it is binarised if the model does so.

        Returns:
            float32 (B, Cm, h, w).
        """
        config = self.config
        logits = high_res_logits.float()
        is_binary = is_prompted and config.binarize_mask_from_pts_for_mem_enc
        mask = (logits > 0).float() if is_binary else logits.sigmoid()
        mask = mask * config.sigmoid_scale_for_mem_enc + config.sigmoid_bias_for_mem_enc
        with narrow_products(vision, is_wanted=self._bears_rounding):
            memory: Tensor = self.memory_encoder(vision, mask).float()
        if config.no_obj_embed_spatial:
            is_absent = (score <= 0).float()[..., None, None]
            memory = memory + is_absent * self.no_obj_embed_spatial[..., None, None]
        return memory

    def memory_position(self) -> Tensor:
        """Sine encoding of every spatial memory, float32 (1, Cm, h, w), shared: never write into it."""
        return sine_map(self.config.memory_dim, self.config.grid, self.config.grid, self.device)

    def pointer_position(self, ages: Tensor) -> Tensor:
        """Position terms of object pointers, (N, Cm), for all tokens of a pointer alike.

        Args:
            ages: (N,) distance in frames divided by the largest possible number of pointers minus one.
        """
        config = self.config
        if not config.add_tpos_enc_to_obj_ptrs:
            return ages.new_zeros(ages.shape[0], config.memory_dim, dtype=torch.float32)
        if not config.proj_tpos_enc_in_obj_ptrs:
            return sine_of_ages(ages, config.memory_dim)
        position: Tensor = self.obj_ptr_tpos_proj(sine_of_ages(ages, config.hidden))
        return position

    def _no_point(self, batch: int) -> tuple[Tensor, Tensor]:
        """One padding point for each of B objects."""
        points = torch.zeros(batch, 1, 2, device=self.device)
        return points, torch.full((batch, 1), PADDING, device=self.device)

    def _gate_pointer(self, pointer: Tensor, score: Tensor, presence: Tensor | None = None) -> Tensor:
        """Replace the pointers of absent objects by the learned one for absence."""
        if presence is None:
            presence = score.sigmoid() if self.config.soft_no_obj_ptr else (score > 0).float()
        kept = presence * pointer if self.config.fixed_no_obj_ptr else pointer
        return kept + (1.0 - presence) * self.no_obj_ptr
