"""Runs the cases of automatic masks: records in order, masks pixel by pixel, scores within tolerance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sam2_core.evaluation.parity import VERDICTS, Difference
from sam2_core.evaluation.parity_folder import Case, ParityFolder
from sam2_core.evaluation.parity_model import build_model
from sam2_core.everything import AutomaticMask, AutomaticMasks, EverythingSettings, RunLengths

_PIXEL_SHARE = 0.001
_PIXELS_AT_LEAST = 2


def run_amg_case(folder: ParityFolder, case: Case) -> Mapping[str, Any]:
    """Score columns by the collection's names, and differences of the records themselves."""
    description = case.description
    generator = AutomaticMasks(build_model(folder, case), EverythingSettings(**description["amg"]))
    found = generator.find(folder.image(description["image"]))
    return {
        "predicted_iou": np.array([mask.predicted_iou for mask in found], dtype=np.float32),
        "stability_score": np.array([mask.stability_score for mask in found], dtype=np.float32),
        VERDICTS: _differences(found, description["masks"]),
    }


def _differences(found: Sequence[AutomaticMask], wanted: Sequence[Mapping[str, Any]]) -> list[Difference]:
    if len(found) != len(wanted):
        note = f"{len(found)} masks instead of {len(wanted)}"
        return [Difference("masks", "other", float("inf"), float("inf"), note)]
    differences = []
    for number, (mask, record) in enumerate(zip(found, wanted, strict=True)):
        height, width = record["rle"]["size"]
        reference = RunLengths(height, width, np.array(record["rle"]["counts"], dtype=np.int32)).to_array()
        unequal = int((mask.mask.to_array() != reference).sum())
        allowed = max(_PIXEL_SHARE * reference.sum(), _PIXELS_AT_LEAST)
        differences.append(Difference(f"mask {number}", "bits", unequal / reference.size, unequal / allowed))
        # A pixel that changes sides may move a side of the box, so the box is held to the mask's own tolerance.
        differences.append(_exact(f"point of mask {number}", mask.point, record["point_coords"][0], 1e-3))
        x0, y0, x1, y1 = mask.crop_box
        differences.append(_exact(f"crop of mask {number}", (x0, y0, x1 - x0, y1 - y0), record["crop_box"], 0.5))
        if unequal == 0:
            x0, y0, x1, y1 = mask.box
            box = (x0, y0, x1 - x0 - 1, y1 - y0 - 1)
            differences.append(_exact(f"box of mask {number}", box, record["bbox"], 0.5))
            differences.append(_exact(f"area of mask {number}", (mask.mask.area,), (record["area"],), 0.5))
    return differences


def _exact(name: str, found: Sequence[float], wanted: Sequence[float], tolerance: float) -> Difference:
    distance = float(np.abs(np.subtract(found, wanted)).max())
    return Difference(name, "other", distance, distance / tolerance)
