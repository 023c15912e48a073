"""What is remembered between starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.ui.places import MOST_RECENT, Place, Places


def test_recent_projects_are_kept_the_last_one_first_and_only_while_they_exist(tmp_path: Path) -> None:
    places = Places(tmp_path / "state" / "places.json")
    projects = [tmp_path / f"{number}.masklet" for number in range(MOST_RECENT + 3)]
    for project in projects:
        project.touch()
        places.note_open(project, tmp_path / f"{project.stem}.mp4")
    projects[-2].unlink()
    again = Places(tmp_path / "state" / "places.json")
    assert again.recent[:2] == [projects[-1], projects[-3]]
    assert len(again.recent) == MOST_RECENT - 1
    assert again.left_open == projects[-1]
    again.note_closed()
    assert Places(tmp_path / "state" / "places.json").left_open is None


def test_a_clip_knows_its_project(tmp_path: Path) -> None:
    places = Places(tmp_path / "places.json")
    project, clip = tmp_path / "park.masklet", tmp_path / "park.mp4"
    project.touch()
    places.note_open(project, clip)
    assert places.project_of(clip) == project
    project.unlink()
    assert places.project_of(clip) is None


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]", '{"recent": 5, "clips": [], "theme": 3, "is_open": "yes"}'])
def test_a_damaged_file_is_done_without(tmp_path: Path, text: str) -> None:
    (tmp_path / "places.json").write_text(text)
    places = Places(tmp_path / "places.json")
    assert places.recent == []
    assert places.theme == ""
    places.choose_theme("light")
    assert Places(tmp_path / "places.json").theme == "light"


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    places = Places(tmp_path / "file" / "places.json")
    places.choose_model("/weights/tiny.pt", "cpu")
    assert places.model == ("/weights/tiny.pt", "cpu")


def test_a_place_survives_its_project_file_and_foreign_values_are_left_out() -> None:
    place = Place(7, 2, "brush", 3, None, 1.5, 10.0, 20.0)
    assert Place.from_setting(place.as_setting()) == place
    assert Place.from_setting({"frame": "seven", "tool": 3, "scale": 2.0, "new": 1}) == Place(scale=2.0)
    assert Place.from_setting({"frame": None, "range_in": 2.5, "scale": None, "selected": None}) == Place()
    assert Place.from_setting(None) == Place()
