"""A prompts file is read exactly, or refused with the place of every fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.commands.errors import CommandError
from app.commands.objects import delete_objects
from app.commands.prompts_file import ObjectPrompts, PromptsError, apply_prompts, load_prompts
from app.document.project import Project
from app.document.values import Box, Clip, Point, Prompt

CLIP = Clip("park.mp4", "park.mp4", 30, 24, 32, 25.0)
Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(content) is a prompts file of that content, text as it is."""

    def make(content: Any) -> Path:
        path = tmp_path / "prompts.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return make


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with masks of the clip's size, and with what is not one."""
    indices = np.zeros((24, 32), np.uint8)
    indices[2:6, 3:9], indices[10:20, 20:30] = 3, 7
    palette = Image.fromarray(indices)
    palette.putpalette([value for index in range(256) for value in (0, index, 255 - index)])
    palette.save(tmp_path / "all.png")
    Image.fromarray(indices).save(tmp_path / "grey.png")
    colour = np.stack((indices * 0, indices, indices * 0), axis=2)
    Image.fromarray(colour).save(tmp_path / "colour.png")
    alpha = np.dstack((np.full((24, 32, 3), 9, np.uint8), (indices > 0).astype(np.uint8) * 255))
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    Image.fromarray(indices > 0).save(tmp_path / "bit.png")
    Image.fromarray(indices.astype(np.uint16) * 100).save(tmp_path / "deep.png")
    Image.fromarray(np.zeros((24, 32), np.uint8)).save(tmp_path / "empty.png")
    Image.fromarray(np.ones((5, 6), np.uint8)).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes((tmp_path / "colour.png").read_bytes()[:60])
    return tmp_path


def one(prompt: Any, **keys: Any) -> dict[str, Any]:
    return {"objects": [{"prompts": [prompt], **keys}]}


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(PromptsError) as caught:
        load_prompts(path, CLIP)
    return caught.value.faults


def test_all_that_the_format_offers_is_read(write: Write, pictures: Path) -> None:
    path = write(
        {
            "objects": [
                {
                    "id": 4,
                    "name": "dog",
                    "category": "animal",
                    "prompts": [
                        {"frame": 0, "points": [[1, 2.5, 1], [32, 24, 0]], "box": [0, 0, 32, 24]},
                        {"frame": 29, "mask": {"file": "all.png", "index": 7}},
                    ],
                },
                {"prompts": [{"frame": 3, "mask": "colour.png"}]},
            ]
        }
    )
    dog, other = load_prompts(path, CLIP)
    assert (dog.id, dog.name, dog.category) == (4, "dog", "animal")
    assert dog.prompts[0] == Prompt((Point(1, 2.5), Point(32, 24, False)), Box(0, 0, 32, 24))
    mask = dog.prompts[29].mask
    assert mask is not None and mask.box == Box(20, 10, 30, 20) and mask.area == 100
    assert (other.id, other.name, other.category) == (None, None, None)
    assert other.prompts[3].mask is not None and other.prompts[3].mask.area == 124


@pytest.mark.parametrize("name", ["all.png", "grey.png", "colour.png", "alpha.png", "bit.png", "deep.png"])
def test_any_kind_of_picture_says_where_the_object_is(write: Write, pictures: Path, name: str) -> None:
    mask = load_prompts(write(one({"frame": 0, "mask": name})), CLIP)[0].prompts[0].mask
    assert mask is not None and mask.area == 124


def test_palette_pictures_are_read_as_numbers_not_colours(write: Write, pictures: Path) -> None:
    mask = load_prompts(write(one({"frame": 0, "mask": {"file": "all.png", "index": 3}})), CLIP)[0].prompts[0].mask
    assert mask is not None and mask.box == Box(3, 2, 9, 6)


POINT = {"frame": 0, "points": [[1, 1, 1]]}


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ([], "the file", "is an object with “objects”, not []"),
        ({}, "the file", "“objects” is missing"),
        ({"objects": []}, "objects", "is empty"),
        ({"objects": {}}, "objects", "is a list, not {}"),
        ({"objects": [3]}, "objects[0]", "not 3"),
        ({"objects": [{"id": 1}]}, "objects[0]", "“prompts” is missing"),
        ({"objects": [{"prompts": []}]}, "objects[0].prompts", "is empty"),
        ({"objects": [{"prompts": [POINT]}], "object": 1}, "the file", "“object” is unknown; did you mean “objects”?"),
        (one({"frame": 0, "point": [[1, 1, 1]]}), "objects[0].prompts[0]", "did you mean “points”?"),
        (one({"frame": 0}), "objects[0].prompts[0]", "gives neither points nor a box nor a mask"),
        (one({"points": [[1, 1, 1]]}), "objects[0].prompts[0]", "“frame” is missing"),
        (one({"frame": 30, "box": [0, 0, 5, 5]}), "objects[0].prompts[0].frame", "it lies between 0 and 29"),
        (one({"frame": -1, "box": [0, 0, 5, 5]}), "objects[0].prompts[0].frame", "-1 is not a frame of the clip"),
        (one({"frame": 1.0, "box": [0, 0, 5, 5]}), "objects[0].prompts[0].frame", "is a whole number, not 1.0"),
        (one({"frame": True, "box": [0, 0, 5, 5]}), "objects[0].prompts[0].frame", "is a whole number, not true"),
        (one({"frame": 0, "points": []}), "objects[0].prompts[0].points", "is empty"),
        (one({"frame": 0, "points": [1, 2, 1]}), "objects[0].prompts[0].points", "is a list of points like [[x, y, 1]"),
        (one({"frame": 0, "points": [[1, 1]]}), "objects[0].prompts[0].points[0]", "is [x, y, 1] or [x, y, 0]"),
        (one({"frame": 0, "points": [[1, 1, 2]]}), "objects[0].prompts[0].points[0]", "its third number is 1"),
        (one({"frame": 0, "points": [[1, "1", 1]]}), "objects[0].prompts[0].points[0]", '"1" is no number'),
        (one({"frame": 0, "points": [[1, None, 1]]}), "objects[0].prompts[0].points[0]", "null is no number"),
        (one({"frame": 0, "points": [[True, 1, 1]]}), "objects[0].prompts[0].points[0]", "true is no number"),
        (one({"frame": 0, "points": [[1, 24.5, 1]]}), "objects[0].prompts[0].points[0]", "(1, 24.5) lies outside"),
        (
            one({"frame": 0, "points": [[10**30, 1, 1]]}),
            "objects[0].prompts[0].points[0]",
            "lies outside every picture",
        ),
        (
            one({"frame": 0, "box": [0, 0, 33, 5]}),
            "objects[0].prompts[0].box",
            "(33, 5) lies outside the picture of 32",
        ),
        (one({"frame": 0, "box": [5, 5, 1, 9]}), "objects[0].prompts[0].box", "is -4 x 4 pixels"),
        (one({"frame": 0, "box": [5, 5, 5, 9]}), "objects[0].prompts[0].box", "is 0 x 4 pixels"),
        (one({"frame": 0, "box": {"x": 1}}), "objects[0].prompts[0].box", "is [x0, y0, x1, y1]"),
        (one({"frame": 0, "mask": 3}), "objects[0].prompts[0].mask", "not 3"),
        (one({"frame": 0, "mask": ""}), "objects[0].prompts[0].mask", 'not ""'),
        (one({"frame": 0, "mask": {}}), "objects[0].prompts[0].mask", "“file” is missing"),
        (one({"frame": 0, "mask": {"file": "all.png", "index": 0}}), "objects[0].prompts[0].mask.index", "0 is not"),
        (one({"frame": 0, "mask": {"file": "all.png", "indx": 1}}), "objects[0].prompts[0].mask", "mean “index”?"),
        (one({"frame": 0, "mask": "gone.png"}), "objects[0].prompts[0].mask", "no picture gone.png beside the file"),
        (
            one({"frame": 0, "mask": "small.png"}),
            "objects[0].prompts[0].mask",
            "has 6 x 5 pixels; the clip has 32 x 24",
        ),
        (one({"frame": 0, "mask": "empty.png"}), "objects[0].prompts[0].mask", "every pixel of empty.png is 0"),
        (one({"frame": 0, "mask": "text.png"}), "objects[0].prompts[0].mask", "is not a picture that can be read"),
        (one({"frame": 0, "mask": "cut.png"}), "objects[0].prompts[0].mask", "cut.png cannot be read"),
        (one({"frame": 0, "mask": "."}), "objects[0].prompts[0].mask", "cannot be read"),
        (one({"frame": 0, "mask": "a\0b"}), "objects[0].prompts[0].mask", "cannot be read"),
        (one({"frame": 0, "mask": {"file": "all.png", "index": 4}}), "objects[0].prompts[0].mask", "it has 3, 7"),
        (one({"frame": 0, "mask": {"file": "colour.png", "index": 4}}), "objects[0].prompts[0].mask", "is a colour"),
        (one(POINT, id=0), "objects[0].id", "0 is not an id"),
        (one(POINT, id="1"), "objects[0].id", 'is a whole number, not "1"'),
        (one(POINT, name=""), "objects[0].name", "needs a name"),
        (one(POINT, name=5), "objects[0].name", "is text, not 5"),
        (one(POINT, category="a\nb"), "objects[0].category", "is one line of text"),
    ],
)
def test_a_fault_is_named_with_its_place(write: Write, pictures: Path, content: Any, place: str, words: str) -> None:
    (fault,) = faults_of(write(content))
    assert fault.startswith(f"{place}: ") and fault.endswith(".") and not fault.endswith("..")
    assert words in fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is not JSON: line 1, column 1"),
        ('{"objects": [\n  {"id": 1,, }]}', "the file is not JSON: line 2, column 12"),
        ("[" * 100_000, "the file is not JSON that can be used"),
        ('{"objects": [{"id": ' + "1" * 5000 + "}]}", "the file is not JSON that can be used"),
        ('{"objects": [{"prompts": [{"frame": 0, "points": [[NaN, 1, 1]]}]}]}', "points[0]: NaN is no number"),
        ('{"objects": [{"prompts": [{"frame": 0, "points": [[1, 1e999, 1]]}]}]}', "points[0]: Infinity is no number"),
        (
            '{"objects": [{"prompts": [{"frame": 0, "frame": 1, "points": [[1, 1, 1]]}]}]}',
            "objects[0].prompts[0]: names “frame” twice",
        ),
    ],
    ids=range(7),
)
def test_what_is_not_json_is_refused_with_line_and_column(write: Write, text: str, words: str) -> None:
    (fault,) = faults_of(write(text))
    assert words in fault


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_bytes('{"objects": "ä"}'.encode("latin-1"))
    assert faults_of(path) == ("the file is not text in UTF-8.",)
    assert faults_of(tmp_path / "gone.json")[0].startswith("the file cannot be read: No such file")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(one(POINT)), encoding="utf-8-sig")
    assert load_prompts(path, CLIP)[0].prompts == {0: Prompt((Point(1, 1),))}


def test_two_objects_with_one_id_and_two_prompts_on_one_frame_are_faults(write: Write) -> None:
    content = {"objects": [{"id": 2, "prompts": [POINT, POINT]}, {"id": 2, "prompts": [POINT]}]}
    first, second = faults_of(write(content))
    assert first == "objects[0].prompts[1].frame: frame 0 has a prompt of this object already; put them in one."
    assert second == "objects[1].id: 2 is the id of objects[0], too."


def test_ten_faults_are_listed_and_the_others_counted(write: Write) -> None:
    content = {"objects": [{"prompts": [{"frame": 0, "points": [[99, 1, 1]] * 14}]}]}
    with pytest.raises(PromptsError) as caught:
        load_prompts(write(content), CLIP)
    lines = str(caught.value).splitlines()
    assert lines[0] == "prompts.json has 14 faults:" and lines[-1] == "… and 4 more faults"
    assert lines[10].startswith("objects[0].prompts[0].points[9]: ") and len(lines) == 12


def test_applied_prompts_are_one_step_to_undo(project: Project) -> None:
    before = dict(project.document.objects)
    box = Prompt(box=Box(1, 1, 9, 9))
    wanted = [
        ObjectPrompts({2: box}, category="bird"),
        ObjectPrompts({3: box, 1: box}, id=3, name="owl", category="bird"),
        ObjectPrompts({0: box}, id=1, name="another name"),
    ]
    made = apply_prompts(project, wanted)
    assert [(thing.id, thing.name) for thing in made] == [(4, "bird 1"), (3, "owl"), (1, "dog")]
    assert dict(project.document.prompts) == {(4, 2): box, (3, 1): box, (3, 3): box, (1, 0): box}
    assert [category.name for category in project.document.categories.values()] == ["bird"]
    assert project.history.undo() == "Load prompts, 3 objects"
    assert dict(project.document.objects) == before and not project.document.prompts and not project.document.categories


def test_an_id_that_was_deleted_is_not_given_again(project: Project) -> None:
    delete_objects(project, [2])
    with pytest.raises(CommandError, match="Object 2 was deleted"):
        apply_prompts(project, [ObjectPrompts({0: Prompt(box=Box(1, 1, 9, 9))}, id=2)])
    assert not project.document.prompts
