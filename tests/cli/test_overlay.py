"""The overlay video shows objects in their own colours, or in those of their categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.overlay import write_overlay
from app.commands.masks import set_mask
from app.commands.objects import new_category, new_object, set_category_color
from app.document.project import Project
from app.document.values import Clip
from app.media.clip import open_clip

HEIGHT, WIDTH = 48, 96


@pytest.mark.parametrize(("color_by", "is_alike"), [("object", False), ("category", True)])
def test_objects_of_one_category_look_alike_where_the_category_gives_the_colour(
    tmp_path: Path, color_by: str, is_alike: bool
) -> None:
    (tmp_path / "grey").mkdir()
    for frame in range(2):
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)).save(tmp_path / "grey" / f"{frame}.png")
    with open_clip(tmp_path / "grey") as source:
        project = Project.new(Clip(str(source.path), "grey", 2, HEIGHT, WIDTH, source.fps))
        kind = new_category(project, "thing")
        set_category_color(project, kind.id, "#ff0000")
        for place in range(2):
            mask = np.zeros((HEIGHT, WIDTH), bool)
            mask[:, place * 48 : place * 48 + 40] = True
            set_mask(project, new_object(project, f"thing {place}", kind.id).id, 0, mask)
        path = tmp_path / "overlay.mp4"
        list(write_overlay(project, source, path, [0], color_by=color_by, overwrite=False))  # type: ignore[arg-type]
    with open_clip(path) as video:
        left, right = (video.read(0)[24, x].astype(int) for x in (20, 68))
    assert bool(np.abs(left - right).max() < 12) is is_alike
    assert bool(left[0] - left[2] > 60) is is_alike, "the category is red"
