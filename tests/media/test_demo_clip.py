"""The bundled clip is there, readable and prompted where its things are."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.media.clip import open_clip

FOLDER = Path(__file__).parents[2] / "resources" / "clips"


def test_the_demo_clip_is_short_wide_and_even() -> None:
    with open_clip(FOLDER / "demo.mp4") as clip:
        assert len(clip) == 96
        assert (clip.height, clip.width) == (540, 960)
        assert clip.fps == pytest.approx(30000 / 1001)
        assert not clip.remarks
        pictures = [clip.thumbnail(frame, 54, exact=True) for frame in range(len(clip))]
    assert all(picture.std() > 20 for picture in pictures)


def test_the_butterfly_is_under_the_click_and_gone_at_the_end() -> None:
    butterfly = json.loads((FOLDER / "demo.json").read_text(encoding="utf-8"))["objects"][0]
    prompt = butterfly["prompts"][0]
    (x, y, label), (x0, y0, x1, y1) = prompt["points"][0], prompt["box"]
    assert (butterfly["name"], prompt["frame"], label) == ("butterfly", 0, 1)
    assert 0 <= x0 < x < x1 <= 960
    assert 0 <= y0 < y < y1 <= 540
    with open_clip(FOLDER / "demo.mp4") as clip:
        inside = np.s_[y - 20 : y + 20, x - 20 : x + 20]
        there, gone = clip[0][inside].astype(int).mean(axis=(0, 1)), clip[95][inside].astype(int).mean(axis=(0, 1))
    assert there[0] > there[1], "brown wings"
    assert gone[1] > gone[2] + 30, "green leaves"


def test_every_prompt_of_the_demo_lies_in_the_picture() -> None:
    objects = json.loads((FOLDER / "demo.json").read_text(encoding="utf-8"))["objects"]
    assert [entry["id"] for entry in objects] == [1, 2]
    for entry in objects:
        for prompt in entry["prompts"]:
            assert 0 <= prompt["frame"] < 96
            assert all(0 <= x <= 960 and 0 <= y <= 540 and label in (0, 1) for x, y, label in prompt["points"])


def test_the_licence_of_the_demo_clip_is_beside_it() -> None:
    assert "CC0 1.0 Universal" in (FOLDER / "LICENSE-CC0-1.0.txt").read_text(encoding="utf-8")
    assert "CC0" in (FOLDER / "README.md").read_text(encoding="utf-8")
