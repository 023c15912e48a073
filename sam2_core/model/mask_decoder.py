"""Prompts and image features in, masks out (section 4 of the paper, mask decoder)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sam2_core.config import ModelConfig
from sam2_core.model.layers import MLP, Attention, LayerNorm2d, Upscale2x

MASK_TOKENS = 4
"""One mask for unambiguous prompts, then three candidates for ambiguous ones."""


@dataclass(frozen=True)
class DecoderOutput:
    """What the decoder says before anything is chosen.

    Attributes:
        masks: (B, 4, S / 4, S / 4) logits.
        ious: (B, 4) estimates in 0 to 1.
        tokens: (B, 4, C) the mask tokens after the transformer.
        score: (B, 1) logit of the object being on this frame at all.
        fine: (B, C / 8, S / 4, S / 4) features that the masks are products of.
    """

    masks: Tensor
    ious: Tensor
    tokens: Tensor
    score: Tensor
    fine: Tensor


@dataclass(frozen=True)
class MaskChoice:
    """Masks (B, k, S / 4, S / 4), IoU estimates (B, k) and tokens for the object pointer (B, k, C); k is 3 or 1."""

    masks: Tensor
    ious: Tensor
    tokens: Tensor


class TwoWayBlock(nn.Module):
    """Tokens attend to themselves and to the image, then the image attends to the tokens; all post-norm."""

    def __init__(self, width: int, heads: int, mlp_width: int, *, is_first: bool) -> None:
        super().__init__()
        self.is_first = is_first
        self.self_attn = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, mlp_width, width)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, heads, width // 2)

    def forward(
        self, tokens: Tensor, image: Tensor, token_places: Tensor, image_places: Tensor
    ) -> tuple[Tensor, Tensor]:
        if self.is_first:
            # The tokens are their own position encoding here, so neither it nor a residual is added.
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            placed = tokens + token_places
            tokens = tokens + self.self_attn(placed, placed, tokens)
        tokens = self.norm1(tokens)
        placed_image = image + image_places
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + token_places, placed_image, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(placed_image, tokens + token_places, tokens))
        return tokens, image


class TwoWayTransformer(nn.Module):
    """`depth` such blocks (two in the paper) and a last look of the tokens at the image."""

    def __init__(self, width: int, heads: int, mlp_width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayBlock(width, heads, mlp_width, is_first=i == 0) for i in range(depth))
        self.final_attn_token_to_image = Attention(width, heads, width // 2)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, image: Tensor, image_places: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Image and its places (B, h * w, C), tokens (B, T, C); gives both after the exchange."""
        places = tokens
        for layer in self.layers:
            tokens, image = layer(tokens, image, places, image_places)
        looked = self.final_attn_token_to_image(tokens + places, image + image_places, image)
        return self.norm_final_attn(tokens + looked), image


class MaskDecoder(nn.Module):
    """Two-way transformer, upscaling with the high-resolution maps, and a small head per output.

    Args:
        config: widths and the rule that swaps an unstable single mask for the best of three.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.hidden
        self.config = config
        self.transformer = TwoWayTransformer(width, config.decoder_heads, config.decoder_mlp, config.decoder_depth)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(MASK_TOKENS, width)
        self.obj_score_token = nn.Embedding(1, width)
        self.output_upscaling = nn.Sequential(
            Upscale2x(width, width // 4),
            LayerNorm2d(width // 4),
            nn.GELU(),
            Upscale2x(width // 4, width // 8),
            nn.GELU(),
        )
        self.conv_s0 = nn.Conv2d(width, width // 8, kernel_size=1)
        self.conv_s1 = nn.Conv2d(width, width // 4, kernel_size=1)
        self.output_hypernetworks_mlps = nn.ModuleList(MLP(width, width, width, width // 8) for _ in range(MASK_TOKENS))
        self.iou_prediction_head = MLP(width, config.iou_hidden, config.iou_hidden, MASK_TOKENS)
        self.pred_obj_score_head = MLP(width, width, width, 1)

    def forward(
        self, image: Tensor, grid_places: Tensor, sparse: Tensor, dense: Tensor, high_res_0: Tensor, high_res_1: Tensor
    ) -> DecoderOutput:
        """Decode B prompts.

        Args:
            image: (B or 1, C, h, w) features, already conditioned on memory.
            grid_places: (1, C, h, w) position encoding of the grid.
            sparse: (B, P, C) prompt tokens; P may be 0.
            dense: (B or 1, C, h or 1, w or 1), added to the image.
            high_res_0, high_res_1: (B or 1, C / 8, 4h, 4w) and (B or 1, C / 4, 2h, 2w), after conv_s0 and conv_s1.
        """
        batch = max(sparse.shape[0], image.shape[0], dense.shape[0])
        own = torch.cat([self.obj_score_token.weight, self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([own.expand(batch, -1, -1), sparse.expand(batch, -1, -1).to(own.dtype)], dim=1)
        source = (image + dense).flatten(2).transpose(1, 2).expand(batch, -1, -1)
        places = grid_places.flatten(2).transpose(1, 2)

        tokens, source = self.transformer(source, places, tokens)
        mask_tokens = tokens[:, 2 : 2 + MASK_TOKENS]

        fine = torch.unflatten(source.transpose(1, 2), 2, image.shape[-2:])
        up_1, norm, activation, up_2, last_activation = self.output_upscaling
        fine = activation(norm(up_1(fine) + high_res_1))
        fine = last_activation(up_2(fine) + high_res_0)
        filters = torch.stack([mlp(mask_tokens[:, i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = torch.unflatten(filters @ fine.flatten(2), 2, fine.shape[-2:])
        return DecoderOutput(
            masks=masks,
            ious=self.iou_prediction_head(tokens[:, 1]).sigmoid(),
            tokens=mask_tokens,
            score=self.pred_obj_score_head(tokens[:, 0]),
            fine=fine,
        )

    def choose(self, output: DecoderOutput, multimask: bool) -> MaskChoice:
        """The three candidates, or the single mask; an unstable single mask gives way to the best candidate.

        The token that goes with a single mask is always its own, even where its mask was replaced.
        """
        if multimask:
            token_range = slice(1, None) if self.config.use_multimask_token_for_obj_ptr else slice(0, 1)
            return MaskChoice(output.masks[:, 1:], output.ious[:, 1:], output.tokens[:, token_range])
        masks, ious = output.masks[:, :1], output.ious[:, :1]
        if self.config.dynamic_multimask_via_stability and not self.training:
            best = output.ious[:, 1:].argmax(dim=1) + 1
            row = torch.arange(best.shape[0], device=best.device)
            is_stable = self.stability(masks) >= self.config.dynamic_multimask_stability_thresh
            masks = torch.where(is_stable[..., None, None], masks, output.masks[row, best][:, None])
            ious = torch.where(is_stable, ious, output.ious[row, best][:, None])
        return MaskChoice(masks, ious, output.tokens[:, :1])

    def stability(self, masks: Tensor) -> Tensor:
        """Share of the pixels above -delta that are also above +delta, (B, k); 1 where there are none."""
        delta = self.config.dynamic_multimask_stability_delta
        flat = masks.flatten(2)
        inner = (flat > delta).sum(-1).float()
        outer = (flat > -delta).sum(-1).float()
        return torch.where(outer > 0, inner / outer.clamp(min=1), torch.ones_like(outer))


def upsample_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Mask logits (B, k, h, w) at another size, bilinear between pixel centres, in float32."""
    return F.interpolate(logits.float(), size=size, mode="bilinear", align_corners=False)


def shrink_logits(logits: Tensor, size: int) -> Tensor:
    """Antialiased bilinear reduction; not every accelerator has the operator, so those go through the CPU."""
    is_direct = logits.device.type in ("cpu", "cuda")
    source = logits if is_direct else logits.cpu()
    small = F.interpolate(source, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    return small.to(logits.device)
