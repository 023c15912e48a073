"""Runs the video cases: a session that follows the published predictor to the letter, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sam2_core.evaluation.parity_folder import Case, ParityError, ParityFolder
from sam2_core.evaluation.parity_model import build_model
from sam2_core.object_masks import Answer, FrameResult
from sam2_core.postprocess import resolve_overlaps
from sam2_core.sweep import FrameOutput
from sam2_core.video import SessionSettings, VideoSession

Array = NDArray[Any]
_POINTER_VALUES = 16
_CANDIDATES = 3


def run_video_case(folder: ParityFolder, case: Case) -> Mapping[str, Array]:
    """Arrays of all steps of a video case, by the collection's names.

    Raises:
        ParityError: a step is of an unknown kind, or visits other objects or frames than the case says.
    """
    description = case.description
    frames = folder.frames(description["clip"], description["num_frames"])
    settings = settings_of(description)
    session = VideoSession(build_model(folder, case), frames, settings)
    replay = _Replay(session, settings, frames, case.arrays())
    for number, step in enumerate(description["steps"]):
        replay.take(f"s{number:02d}", step)
        if list(session.object_ids) != step.get("obj_ids", list(session.object_ids)):
            raise ParityError(f"{case.name}, step {number}: the objects are {session.object_ids}.")
    return replay.arrays


def settings_of(description: Mapping[str, Any]) -> SessionSettings:
    """The session's settings that correspond to a case's behaviour flags."""
    flags = description["flags"]
    limit = flags["max_cond_frames_in_attn"]
    return SessionSettings(
        as_published=True,
        corrections_condition=flags["add_all_frames_to_correct_as_cond"],
        fill_hole_area=flags["fill_hole_area"],
        non_overlap_masks=flags["non_overlap_masks"],
        max_conditioning_frames=None if limit < 0 else limit,
        memory_stride=flags["memory_temporal_stride_for_eval"],
        memory_dtype=getattr(torch, description["memory_dtype"]),
    )


class _Replay:
    """Takes the steps of a case and collects what came of them."""

    def __init__(
        self,
        session: VideoSession,
        settings: SessionSettings,
        frames: Sequence[NDArray[np.uint8]],
        reference: Mapping[str, Array],
    ) -> None:
        self.arrays: dict[str, Array] = {}
        self._session = session
        self._settings = settings
        self._num_frames = len(frames)
        self._size = (frames[0].shape[0], frames[0].shape[1])
        self._reference = reference

    def take(self, name: str, step: Mapping[str, Any]) -> None:
        """Take one step; its arrays are named after `name`."""
        operation = step["op"]
        if operation in ("points", "mask"):
            self._prompt(name, step)
        elif operation == "propagate":
            self._propagate(name, step)
        elif operation == "clear_frame":
            self._session.clear_frame(step["frame"], step["obj"])
            self.arrays[f"{name}_video_bits"] = self._bits(self._session.masks_on(step["frame"]))
        elif operation == "remove_object":
            self._session.remove_object(step["obj"])
            for frame in step["updated_frames"]:
                self.arrays[f"{name}_video_bits_f{frame}"] = self._bits(self._session.masks_on(frame))
        elif operation == "reset":
            self._session.reset()
        else:
            raise ParityError(
                f"The step {operation!r} of a video case is unknown here; leave the case out with --case."
            )

    def _prompt(self, name: str, step: Mapping[str, Any]) -> None:
        frame, number = step["frame"], step["obj"]
        if step["op"] == "mask":
            bits = np.unpackbits(self._reference[f"{name}_input_mask"], count=self._size[0] * self._size[1])
            mask = bits.astype(np.bool_).reshape(self._size)
            self.arrays[f"{name}_input_mask"] = mask
            self._session.add_mask(frame, number, mask)
        else:
            self._session.add_points(
                frame,
                number,
                step.get("points", ()),
                step.get("labels", ()),
                step.get("box"),
                clear_old=step.get("clear_old", True),
            )
        output = self._session.output(frame, number)
        assert output is not None
        self._collect(name, {key: value[None] for key, value in _numbers(output).items()})
        self.arrays[f"{name}_video_bits"] = self._bits(self._session.masks_on(frame))

    def _propagate(self, name: str, step: Mapping[str, Any]) -> None:
        first, last, reverse = step.get("start"), None, step.get("reverse", False)
        if "max_frames" in step:
            last = first + step["max_frames"] * (-1 if reverse else 1)
            last = min(max(last, 0), self._num_frames - 1)
        visited: list[int] = []
        rows: list[dict[str, Array]] = []
        # A run of the published predictor towards the start of the clip visits nothing if it begins there.
        run = () if reverse and first == 0 else self._session.propagate(first, last, reverse=reverse)
        for result in run:
            visited.append(result.frame)
            found = [self._session.output(result.frame, number) for number in self._session.object_ids]
            outputs = [output for output in found if output is not None]
            values = [_numbers(output, is_new=not output.is_prompted) for output in outputs]
            row = {key: np.stack([value[key] for value in values]) for key in values[0]}
            rows.append({**row, "video_bits": self._bits(result), "video_logits": self._logits(outputs)})
        if visited != step["frames"]:
            raise ParityError(f"{name}: the run visited the frames {visited} instead of {step['frames']}.")
        if rows:
            self._collect(name, {key: np.stack([row[key] for row in rows]) for key in rows[0]})

    def _collect(self, name: str, values: Mapping[str, Array]) -> None:
        self.arrays.update({f"{name}_{key}": value for key, value in values.items()})

    def _bits(self, result: FrameResult) -> Array:
        """Masks of all objects; where nothing is known of one, it is absent."""
        masks = {shown.object_id: shown.mask for shown in result.objects}
        absent = np.zeros(self._size, dtype=np.bool_)
        return np.stack([masks.get(number, absent) for number in self._session.object_ids])

    def _logits(self, outputs: Sequence[FrameOutput]) -> Array:
        logits = torch.cat([Answer(0, output).logits(self._size) for output in outputs])
        if self._settings.non_overlap_masks:
            logits = resolve_overlaps(logits)
        return logits[:, 0].cpu().numpy()


def _numbers(output: FrameOutput, *, is_new: bool = True) -> dict[str, Array]:
    """An answer's numbers; estimates are only told where they are new."""
    assert output.low_res is not None
    iou = np.full(_CANDIDATES, np.nan, dtype=np.float32)
    if is_new:
        iou[: output.ious.shape[1]] = output.ious[0].cpu().numpy()
    pointer = output.pointer[0].float().cpu().numpy()
    return {
        "low_res": output.low_res[0, 0].cpu().numpy(),
        "score": output.score[0, 0].cpu().numpy(),
        "iou": iou,
        "ptr16": pointer[:_POINTER_VALUES],
        "ptr_norm": np.asarray(np.linalg.norm(pointer)),
    }
