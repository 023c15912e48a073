"""The overlay video of a project: its masks painted on the clip in the colours of the window."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from app.commands.coloring import ColorBy, Shade, shade_of
from app.commands.finishing import final_masks
from app.document.project import Project
from app.media.clip import FrameSource
from app.media.writer import Overlay, WriteProgress, write_overlay_video

PALETTE = (
    *("5EB8EC", "FCB551", "B2F9C9", "F161A8", "7BAB70", "DEFD23"),
    *("B99827", "69FAFA", "B8D085", "F6E692", "86D9C5", "E685CF"),
)
"""The object colours on dark ground, in the order of use."""
NO_CATEGORY = "B7C0CB"


def write_overlay(
    project: Project,
    source: FrameSource,
    path: Path,
    frames: Sequence[int],
    *,
    color_by: ColorBy = "object",
    overwrite: bool,
) -> Generator[WriteProgress, None, None]:
    """Work that writes the video; closing it leaves nothing behind. Raises ClipError where it cannot be written."""
    document = project.document.snapshot()
    colors = {object_id: _rgb(shade_of(document, object_id, color_by)) for object_id in document.objects}

    def overlays_of(frame: int) -> list[Overlay]:
        return [
            Overlay(code.to_array(), colors[object_id])
            for object_id, code in final_masks(document, frame).items()
            if document.objects[object_id].is_visible
        ]

    return write_overlay_video(path, source, overlays_of, frames=frames, overwrite=overwrite)


def _rgb(shade: Shade) -> tuple[int, int, int]:
    color = PALETTE[shade % len(PALETTE)] if isinstance(shade, int) else shade or NO_CATEGORY
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue
