"""Runs the parity cases of single modules and collects their arrays under the names of the collection."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sam2_core.evaluation.parity import VERDICTS, Difference
from sam2_core.evaluation.parity_folder import Case, ParityError, ParityFolder
from sam2_core.evaluation.parity_model import build_model
from sam2_core.evaluation.parity_weights import draw_input
from sam2_core.model.hiera import Hiera
from sam2_core.model.mask_decoder import upsample_logits
from sam2_core.model.pixels import resize_video_frame, to_pixels
from sam2_core.model.position import rotary_table, rotate, sine_map, sine_of_ages
from sam2_core.model.sam2 import ImageFeatures, Sam2Model

Arrays = dict[str, Any]
# One pixel of a small mask, and the rounding of the figures in the description.
_STABILITY_TOLERANCE = 1e-3
_CPU = torch.device("cpu")


def run_module_case(folder: ParityFolder, case: Case) -> Arrays:
    """Compute the arrays of a module case.

    Raises:
        ParityError: no module of this program goes by the case's name.
    """
    subject = case.name.partition("_")[2]
    for prefix, run in _RUNNERS.items():
        if subject.startswith(prefix):
            model = build_model(folder, case)
            seed = int(case.description["weight_seed"])
            inputs = {name: draw_input(seed, name, entry) for name, entry in case.description["inputs"].items()}
            return run(folder, case, model, inputs)
    raise ParityError(f"The case {case.name} names no module that this program knows; leave it out with --case.")


def _preprocess(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    verdicts: list[Difference] = []
    arrays: Arrays = {VERDICTS: verdicts}
    clip = case.description["clip"]
    frame = folder.frames(clip, 1)[0]
    for size in (256, 1024):
        for name in case.description["images"]:
            arrays[f"image_{name}_to{size}"] = _pixels(model, folder.image(name), size, "image")
        square = resize_video_frame(frame, size)
        arrays[f"video_uint8_{clip}_to{size}"] = square
        # The arrays hold every fiftieth value; the checksum holds them all.
        wanted = case.description["uint8_frames"][f"{clip}_00000_to{size}_sha256"]
        is_equal = hashlib.sha256(square.tobytes()).hexdigest() == wanted
        verdicts.append(Difference(f"checksum_to{size}", "other", 0.0, 0.0 if is_equal else math.inf))
        arrays[f"video_{clip}_to{size}"] = _pixels(model, frame, size, "video")
    return arrays


def _position(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    arrays: Arrays = {}
    for channels, height, width in ((64, 16, 16), (16, 16, 16), (256, 64, 64), (64, 20, 28)):
        arrays[f"sine_c{channels}_{height}x{width}"] = sine_map(channels, height, width, _CPU)
    for channels, side in ((64, 16), (256, 64), (256, 20)):
        cosines, sines = rotary_table(channels, side, _CPU)
        arrays[f"rope_cos_d{channels}_{side}"], arrays[f"rope_sin_d{channels}_{side}"] = cosines, sines
    table = rotary_table(64, 16, _CPU)
    arrays["rope_q_out"], arrays["rope_k_out"] = (rotate(inputs[name], table) for name in ("rope_q", "rope_k"))
    ages = torch.tensor(case.description["sine1d_positions"]) / (model.config.max_obj_ptrs_in_encoder - 1)
    arrays["sine1d_d64"], arrays["sine1d_d256"] = sine_of_ages(ages, 64), sine_of_ages(ages, 256)
    arrays["dense_pe"] = model.sam_prompt_encoder.grid_encoding()
    return arrays


def _encoder(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    arrays: Arrays = {}
    trunk, neck = model.image_encoder.trunk, model.image_encoder.neck
    assert isinstance(trunk, Hiera)
    handles = [
        block.register_forward_hook(_keep(arrays, f"block{number:02d}")) for number, block in enumerate(trunk.blocks)
    ]
    stages = trunk(inputs["image"])
    for handle in handles:
        handle.remove()
    embedded = trunk.patch_embed(inputs["image"])
    arrays["patch_embed"] = embedded
    arrays["pos_embed_sum"] = trunk.position(*embedded.shape[1:3]).expand_as(embedded)
    pyramid = neck(stages)
    for i, stage in enumerate(stages):
        arrays[f"stage{i}"] = stage
    for i, level in enumerate(pyramid):
        arrays[f"fpn{i}"] = level
        arrays[f"pos{i}"] = sine_map(level.shape[1], *level.shape[-2:], _CPU)
    image = model.encode_image(inputs["image"])
    arrays["conv_s0"], arrays["conv_s1"] = image.high_res_0, image.high_res_1
    return arrays


def _prompts(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    encoder = model.sam_prompt_encoder
    arrays: Arrays = {}
    for name, prompt in case.description["prompts"].items():
        arrays[f"{name}_sparse"] = encoder.points(*_points(prompt))
    corners = torch.tensor(case.description["native_box"]).reshape(-1, 2, 2)
    labels = torch.tensor([[2, 3]]).expand(corners.shape[0], -1)
    arrays["native_box_sparse"] = encoder.points(corners, labels, pad=False)
    grid = model.config.grid
    arrays["no_mask_dense"] = encoder.no_mask().expand(1, -1, grid, grid)
    arrays["mask_dense"] = encoder.mask(inputs["mask"])
    return arrays


def _decoder(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    embed = inputs["image_embed"]
    position = sine_map(embed.shape[1], *embed.shape[-2:], _CPU)
    image = ImageFeatures(inputs["high_res_0"], inputs["high_res_1"], embed, position)
    verdicts: list[Difference] = []
    arrays: Arrays = {VERDICTS: verdicts}
    prompts = case.description["prompts"]
    for name, prompt in prompts.items():
        output = model.decode_raw(embed, image, *_points(prompt), None)
        arrays[f"{name}_all_masks"], arrays[f"{name}_all_iou"] = output.masks, output.ious
        arrays[f"{name}_tokens"], arrays[f"{name}_object_score"] = output.tokens, output.score
        stability = model.sam_mask_decoder.stability(output.masks)
        wanted = torch.tensor([case.description["stability_scores"][name]])
        largest = float((stability - wanted).abs().max())
        verdicts.append(Difference(f"{name}_stability", "other", largest, largest / _STABILITY_TOLERANCE))
        for kind, multimask in (("multi", True), ("single", False)):
            choice = model.sam_mask_decoder.choose(output, multimask)
            arrays[f"{name}_{kind}_masks"], arrays[f"{name}_{kind}_iou"] = choice.masks, choice.ious
            arrays[f"{name}_{kind}_tokens"] = choice.tokens
            arrays[f"{name}_{kind}_bits"] = choice.masks > 0
    # The batch is the first prompt and a second single click; the collection names neither.
    both = [torch.cat(parts) for parts in zip(_points(prompts["p1"]), _second_click(model), strict=True)]
    batch = model.sam_mask_decoder.choose(model.decode_raw(embed, image, both[0], both[1], None), True)
    arrays["batch_masks"], arrays["batch_iou"] = batch.masks, batch.ious
    for name, multimask in (("p1", True), ("p3", False)):
        head = model.decode(embed, image, *_points(prompts[name]), None, multimask)
        arrays[f"{name}_head_low_res"], arrays[f"{name}_head_obj_ptr"] = head.low_res, head.pointer
        arrays[f"{name}_head_score"] = head.score
    return arrays


def _memory_encoder(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    size = (model.config.image_size, model.config.image_size)
    logits = upsample_logits(inputs["mask_logits"], size)
    features = inputs["pix_feat"]
    present, absent = torch.tensor([[3.0]]), torch.tensor([[-3.0]])
    scaled = logits.sigmoid() * model.config.sigmoid_scale_for_mem_enc + model.config.sigmoid_bias_for_mem_enc
    return {
        "mask_upsampled": logits,
        "tracked_features": model.encode_memory(features, logits, present, False),
        "from_prompt_features": model.encode_memory(features, logits, present, True),
        "occluded_features": model.encode_memory(features, logits, absent, False),
        "pos": model.memory_position(),
        "mask_downsampled": model.memory_encoder.mask_downsampler(scaled),
    }


def _memory_attention(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    def as_map(tokens: Tensor) -> Tensor:
        side = model.config.grid
        return tokens.permute(1, 2, 0).reshape(tokens.shape[1], -1, side, side)

    arrays: Arrays = {}
    for name, entry in case.description["inputs"].items():
        tag = name.removeprefix("memory_")
        if "num_obj_ptr_tokens" not in entry:
            continue
        conditioned = model.condition(
            as_map(inputs["curr"]),
            as_map(inputs["curr_pos"]),
            inputs[name],
            inputs[f"memory_pos_{tag}"],
            entry["num_obj_ptr_tokens"],
        )
        arrays[tag] = conditioned.flatten(2).permute(2, 0, 1)
    return arrays


def _memory_bank(folder: ParityFolder, case: Case, model: Sam2Model, inputs: dict[str, Tensor]) -> Arrays:
    from sam2_core.memory_bank import MemoryReader, PlainPolicy

    reader = MemoryReader(model, inputs["maskmem_pos"])
    arrays: Arrays = {}
    for scenario in case.description["scenarios"]:
        limit = scenario["max_cond_frames_in_attn"]
        policy = PlainPolicy.of(
            model.config, scenario["num_frames"], max_conditioning=None if limit < 0 else limit, stride=1
        )
        given = scenario["cond_frames"], scenario["non_cond_frames"]
        selection = policy.select(scenario["frame_idx"], *given, reverse=scenario["reverse"])
        entries = {
            frame: _Entry(inputs[f"mem_feat_{frame}"], inputs[f"obj_ptr_{frame}"]) for frame in given[0] + given[1]
        }
        tokens = reader.read(selection, entries)
        tag, count = scenario["tag"], tokens.pointer_tokens
        arrays[f"{tag}_memory"], arrays[f"{tag}_memory_pos"] = tokens.memory, tokens.position
        arrays[f"{tag}_ptr"], arrays[f"{tag}_ptr_pos"] = tokens.memory[-count:], tokens.position[-count:]
    return arrays


@dataclass
class _Entry:
    memory: Tensor | None
    pointer: Tensor


def _pixels(model: Sam2Model, rgb: Any, size: int, mode: Any) -> Tensor:
    trunk = model.config.trunk
    return to_pixels(rgb, size, mode, trunk.pixel_mean, trunk.pixel_std)[0]


def _points(prompt: dict[str, Any]) -> tuple[Tensor, Tensor]:
    return torch.tensor(prompt["points"], dtype=torch.float32), torch.tensor(prompt["labels"])


def _second_click(model: Sam2Model) -> tuple[Tensor, Tensor]:
    size = model.config.image_size
    return torch.tensor([[[0.8 * size, 0.3 * size]]]), torch.tensor([[1]])


def _keep(arrays: Arrays, name: str) -> Callable[[Any, Any, Tensor], None]:
    def hook(module: Any, given: Any, result: Tensor) -> None:
        arrays[name] = result

    return hook


_RUNNERS: dict[str, Callable[[ParityFolder, Case, Sam2Model, dict[str, Tensor]], Arrays]] = {
    "preprocess": _preprocess,
    "position_encodings": _position,
    "encoder": _encoder,
    "prompts": _prompts,
    "decoder": _decoder,
    "memory_encoder": _memory_encoder,
    "memory_attention": _memory_attention,
    "memory_bank": _memory_bank,
}
