"""Video object segmentation: a prompt on the first frame, then J and F of what is tracked (paper, section 6.2)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from sam2_core.config import BUILT_IN
from sam2_core.errors import Sam2Error
from sam2_core.evaluation.metrics import Mask, boundary_f, jaccard
from sam2_core.evaluation.simulation import box_around, central_point
from sam2_core.training.pictures import read_index_map, read_picture
from sam2_core.training.sources import DataError, LabelledVideo, read_video_folder

Frame = npt.NDArray[np.uint8]
Tracker = Callable[["Clip", int], Iterator[tuple[int, Mask]]]


@dataclass(frozen=True)
class ObjectScore:
    """Means over the scored frames of one object of one clip, 0 to 1."""

    clip: str
    object_id: int
    jaccard: float
    boundary: float

    @property
    def both(self) -> float:
        """J&F."""
        return (self.jaccard + self.boundary) / 2


class Clip:
    """A labelled clip as a sequence of frames, read one at a time."""

    def __init__(self, video: LabelledVideo) -> None:
        self.video = video
        self.name = video.source

    def __len__(self) -> int:
        return len(self.video.frames)

    def __getitem__(self, frame: int) -> Frame:
        return read_picture(self.video.frames[frame])

    def truth(self, frame: int, object_id: int) -> Mask:
        """The annotated mask of an object; a frame that is not annotated raises KeyError."""
        return np.equal(read_index_map(self.video.maps[frame]), object_id)

    @property
    def object_ids(self) -> list[int]:
        """Objects on the first frame."""
        return [int(number) for number in np.unique(read_index_map(self.video.maps[0])) if 0 < number < 255]


def open_clips(folder: Path) -> list[Clip]:
    """Clips of a DAVIS tree (JPEGImages, Annotations) or of a folder of folders with frames and maps side by side.

    Raises:
        DataError: there is none with a mask on its first frame.
    """
    if (folder / "JPEGImages").is_dir():
        videos = [_davis_video(folder, images) for images in _davis_folders(folder)]
    else:
        videos = [read_video_folder(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    clips = [Clip(video) for video in videos if video.frames and 0 in video.maps]
    if not clips:
        raise DataError(f"No clip with a mask on its first frame in {folder}; give a DAVIS tree or folders of frames.")
    return clips


def _davis_folders(folder: Path) -> list[Path]:
    resolution = next(iter(sorted((folder / "JPEGImages").iterdir())))
    lists = [*sorted((folder / "ImageSets").glob("201*/val.txt"))] if (folder / "ImageSets").is_dir() else []
    wanted = set(lists[-1].read_text(encoding="utf-8").split()) if lists else None
    return [path for path in sorted(resolution.iterdir()) if path.is_dir() and (wanted is None or path.name in wanted)]


def _davis_video(folder: Path, images: Path) -> LabelledVideo:
    maps = folder / "Annotations" / images.parent.name / images.name
    frames = tuple(sorted(images.glob("*.jpg")))
    found = {index: maps / f"{path.stem}.png" for index, path in enumerate(frames)}
    return LabelledVideo(images.name, frames, {index: path for index, path in found.items() if path.exists()})


def score_clip(clip: Clip, tracker: Tracker, *, skip_last: bool = False) -> list[ObjectScore]:
    """Track every object of the first frame and compare; frame 0 is given, so it is not scored."""
    scored = sorted(frame for frame in clip.video.maps if frame > 0)
    scored = scored[:-1] if skip_last and len(scored) > 1 else scored
    scores: list[ObjectScore] = []
    for object_id in clip.object_ids:
        values: list[tuple[float, float]] = []
        for frame, answer in tracker(clip, object_id):
            if frame in scored:
                truth = clip.truth(frame, object_id)
                values.append((jaccard(answer, truth), boundary_f(answer, truth)))
        means = np.mean(values, axis=0)
        scores.append(ObjectScore(clip.name, object_id, float(means[0]), float(means[1])))
    return scores


def copy_tracker(clip: Clip, object_id: int) -> Iterator[tuple[int, Mask]]:
    """The first mask on every frame: what any tracker must beat."""
    first = clip.truth(0, object_id)
    for frame in range(1, len(clip)):
        yield frame, first


def matching_tracker(model_trunk: torch.nn.Module, size: int) -> Tracker:
    """Matching with trunk features alone, no trained part."""
    # Imported here because the other trackers need neither.
    from sam2_core.matching import MaskCarrier, matching_features
    from sam2_core.training.decoding import pixel_normalisation

    normalise = pixel_normalisation(BUILT_IN)

    def features(picture: Frame) -> torch.Tensor:
        pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float()
        resized = torch.nn.functional.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True)
        maps = model_trunk(normalise(resized))
        return matching_features(maps[1], maps[2])

    @torch.inference_mode()
    def track(clip: Clip, object_id: int) -> Iterator[tuple[int, Mask]]:
        first = torch.from_numpy(clip.truth(0, object_id)).float()[None, None]
        start = torch.nn.functional.interpolate(first, size=(size // 8, size // 8), mode="area")[:, 0]
        carrier = MaskCarrier(features(clip[0]), start)
        for frame in range(1, len(clip)):
            soft = carrier.track(features(clip[frame]))[:, None]
            enlarged = torch.nn.functional.interpolate(soft, size=first.shape[-2:], mode="bilinear")
            yield frame, (enlarged[0, 0] > 0.5).numpy()

    return track


def model_tracker(model: object, prompt: str) -> Tracker:
    """A whole model in a session, as the program runs it.

    Args:
        model: from `load_model`.
        prompt: `mask`, `box` or `click`, made from the truth of frame 0.
    """
    from sam2_core.video import VideoSession

    def track(clip: Clip, object_id: int) -> Iterator[tuple[int, Mask]]:
        session = VideoSession(model, clip)  # type: ignore[arg-type]
        truth = clip.truth(0, object_id)
        if prompt == "mask":
            session.add_mask(0, object_id, truth)
        elif prompt == "box":
            session.add_points(0, object_id, np.zeros((0, 2)), np.zeros(0, np.int64), box=np.array(box_around(truth)))
        else:
            session.add_points(0, object_id, np.array([central_point(truth)]), np.array([1]))
        for result in session.propagate():
            yield result.frame, result.objects[0].mask

    return track


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("folder", type=Path, help="DAVIS tree, or a folder of clips with maps beside the frames")
    parser.add_argument("--checkpoint", default=None, help="weight file; by default the built-in model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--prompt", choices=("mask", "box", "click"), default="mask")
    parser.add_argument("--baseline", choices=("copy", "matching"), help="measure this and no model")
    parser.add_argument("--size", type=int, default=512, help="input side of the matching baseline")
    parser.add_argument("--skip-last", action="store_true", help="leave out the last frame, as DAVIS does")
    parser.add_argument("--json", type=Path, help="also write the scores to this file")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print one line per object, the mean last; 0 if all went well."""
    tracker = _chosen_tracker(arguments)
    scores: list[ObjectScore] = []
    print(f"{'clip':40} object      J      F    J&F")
    for clip in open_clips(arguments.folder):
        for score in score_clip(clip, tracker, skip_last=arguments.skip_last):
            scores.append(score)
            print(_line(score.clip, str(score.object_id), score.jaccard, score.boundary), flush=True)
    mean_j, mean_f = (float(np.mean([getattr(score, part) for score in scores])) for part in ("jaccard", "boundary"))
    print(_line("mean", "", mean_j, mean_f))
    if arguments.json:
        _write_json(arguments.json, scores, mean_j, mean_f)
    return 0


def _chosen_tracker(arguments: argparse.Namespace) -> Tracker:
    if arguments.baseline == "copy":
        return copy_tracker
    if arguments.baseline == "matching":
        return matching_tracker(_matching_trunk(arguments.checkpoint), arguments.size)
    from sam2_core.checkpoint import load_model
    from sam2_core.evaluation.simulation import built_in_checkpoint

    return model_tracker(load_model(arguments.checkpoint or built_in_checkpoint(), arguments.device), arguments.prompt)


def _matching_trunk(checkpoint: str | None) -> torch.nn.Module:
    """The trunk of a checkpoint, or the published one, in eval mode."""
    from sam2_core.config import EfficientNetConfig
    from sam2_core.model.efficientnet import EfficientNetTrunk, load_published_trunk

    if checkpoint is None:
        trunk = EfficientNetTrunk(EfficientNetConfig())
        load_published_trunk(trunk)
        return trunk.eval()
    from sam2_core.checkpoint import load_model

    model = load_model(checkpoint)
    if not isinstance(model.image_encoder.trunk, EfficientNetTrunk):
        raise Sam2Error(f"{checkpoint} has no EfficientNet trunk; the matching baseline needs one.")
    return model.image_encoder.trunk


def _line(name: str, number: str, j: float, f: float) -> str:
    return f"{name:40} {number:>6}  {100 * j:5.1f}  {100 * f:5.1f}  {50 * (j + f):5.1f}"


def _write_json(path: Path, scores: Sequence[ObjectScore], mean_j: float, mean_f: float) -> None:
    objects = [{"clip": s.clip, "object": s.object_id, "j": s.jaccard, "f": s.boundary, "jf": s.both} for s in scores]
    summary = {"objects": objects, "mean": {"j": mean_j, "f": mean_f, "jf": (mean_j + mean_f) / 2}}
    path.write_text(json.dumps(summary, indent=1), encoding="utf-8")
