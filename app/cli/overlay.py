"""The overlay video of a project: its masks painted on the clip in the colours of the window."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from app.commands.finishing import final_masks
from app.document.project import Project
from app.media.clip import FrameSource
from app.media.writer import Overlay, WriteProgress, write_overlay_video

PALETTE = (
    *("5EB8EC", "FCB551", "B2F9C9", "F161A8", "7BAB70", "DEFD23"),
    *("B99827", "69FAFA", "B8D085", "F6E692", "86D9C5", "E685CF"),
)
"""The object colours on dark ground, in the order of use."""


def write_overlay(
    project: Project, source: FrameSource, path: Path, frames: Sequence[int], *, overwrite: bool
) -> Generator[WriteProgress, None, None]:
    """Work that writes the video; closing it leaves nothing behind. Raises ClipError where it cannot be written."""
    document = project.document.snapshot()
    colors = {thing.id: _rgb(PALETTE[thing.color % len(PALETTE)]) for thing in document.objects.values()}

    def overlays_of(frame: int) -> list[Overlay]:
        return [
            Overlay(code.to_array(), colors[object_id])
            for object_id, code in final_masks(document, frame).items()
            if document.objects[object_id].is_visible
        ]

    return write_overlay_video(path, source, overlays_of, frames=frames, overwrite=overwrite)


def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color)
    return red, green, blue
