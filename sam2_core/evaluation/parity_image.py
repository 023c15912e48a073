"""Runs the parity cases of the image predictor and collects their arrays under the names of the collection."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from sam2_core.evaluation.parity_folder import Case, ParityFolder
from sam2_core.evaluation.parity_model import build_model
from sam2_core.evaluation.parity_weights import draw
from sam2_core.image import LOGIT_BOUND, ImagePredictor

_MASK_NOISE_SCALE = 4.0
_BOX_LABELS = (2, 3)


def run_image_case(folder: ParityFolder, case: Case) -> dict[str, Any]:
    """Compute the arrays of an image case: what the picture becomes, then one answer per step."""
    description = case.description
    model = build_model(folder, case)
    predictor = ImagePredictor(
        model,
        max_hole_area=description["max_hole_area"],
        max_speck_area=description["max_sprinkle_area"],
    )
    picture = folder.image(description["image"])
    predictor.set_image(picture)
    pixels = model.preprocess(picture, "image")
    image = model.encode_image(pixels)
    arrays: dict[str, Any] = {
        "input": pixels[0],
        "image_embed": model.without_memory(image.vision),
        "high_res_0": image.high_res_0,
        "high_res_1": image.high_res_1,
    }
    earlier: list[Tensor] = []
    for number, step in enumerate(description["steps"]):
        mask_logits = _mask_prompt(model.config.low_res, int(description["weight_seed"]), step, earlier)
        points, labels = _points(step, predictor.size, model.config.image_size)
        answers = predictor.answer(points, labels, mask_logits, step["multimask"])
        logits = predictor.enlarge(answers.low_res)
        low_res = answers.low_res.clamp(-LOGIT_BOUND, LOGIT_BOUND)
        earlier.append(low_res)
        row = 0 if logits.shape[0] == 1 else slice(None)
        prefix = f"s{number:02d}"
        arrays[f"{prefix}_low_res"], arrays[f"{prefix}_iou"] = low_res[row], answers.iou[row]
        arrays[f"{prefix}_score"] = answers.score
        arrays[f"{prefix}_logits"], arrays[f"{prefix}_bits"] = logits[row], logits[row] > 0
    return arrays


def _points(step: dict[str, Any], size: tuple[int, int], side: int) -> tuple[Tensor | None, Tensor | None]:
    """Points of a step in model pixels with a batch axis; the corners of boxes come first."""
    places, labels = [], []
    if "box" in step:
        corners = torch.tensor(step["box"], dtype=torch.float32).reshape(-1, 2, 2)
        places.append(corners)
        labels.append(torch.tensor([_BOX_LABELS]).expand(corners.shape[0], -1))
    if "points" in step:
        points = torch.tensor(step["points"], dtype=torch.float32)
        places.append(points.reshape(-1, *points.shape[-2:]))
        labels.append(torch.tensor(step["labels"]).reshape(places[-1].shape[:2]))
    if not places:
        return None, None
    height, width = size
    scale = torch.tensor([width, height], dtype=torch.float32)
    return torch.cat(places, dim=1) / scale * side, torch.cat(labels, dim=1)


def _mask_prompt(side: int, seed: int, step: dict[str, Any], earlier: list[Tensor]) -> Tensor | None:
    if "mask_from" in step:
        number, candidate = step["mask_from"]
        chosen: Tensor = earlier[number][:, candidate : candidate + 1]
        return chosen
    if "mask_noise" in step:
        noise = draw(f"{seed}/input/mask/{step['mask_noise']}", (1, side, side))
        return torch.from_numpy(noise * np.float32(_MASK_NOISE_SCALE))[None]
    return None
