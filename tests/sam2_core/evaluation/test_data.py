"""What `--data` may name, and what is said about anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.evaluation.data import choose_clips, find_clips, find_stills, spread
from sam2_core.evaluation.labelled import open_index_map, open_labelled
from sam2_core.training.sources import DataError

Write = Callable[..., Path]


def _tree(tmp_path: Path, write_pairs: Write, *names: str, resolution: str = "480p") -> Path:
    tree = tmp_path / "Tree"
    for name in names:
        maps = tree / "Annotations" / resolution / name
        write_pairs(tree / "JPEGImages" / resolution / name, [0, 0, 0], beside=maps)
    return tree


def _list(tree: Path, place: str, *lines: str) -> None:
    path = tree / "ImageSets" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


def test_a_davis_tree_gives_the_sequences_of_its_list(tmp_path: Path, write_pairs: Write) -> None:
    tree = _tree(tmp_path, write_pairs, "bear", "swan")
    _list(tree, "2017/val.txt", "swan")
    (clip,) = find_clips([tree])
    assert (clip.source, clip.name, len(clip), clip.object_ids, clip.files.is_davis) == (
        "Tree",
        "swan",
        3,
        [1, 2],
        True,
    )
    assert [clip.name for clip in find_clips([tree], "all")] == ["bear", "swan"]


def test_lists_of_the_first_release_name_files(tmp_path: Path, write_pairs: Write) -> None:
    tree = _tree(tmp_path, write_pairs, "bear", "swan")
    _list(tree, "480p/val.txt", "/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/00000.png")
    assert [clip.name for clip in find_clips([tree])] == ["bear"]


def test_a_tree_without_lists_or_resolutions_is_read_too(tmp_path: Path, write_pairs: Write) -> None:
    tree = _tree(tmp_path, write_pairs, "bear", resolution=".")
    assert [clip.name for clip in find_clips([tree])] == ["bear"]


def test_of_several_resolutions_the_benchmark_s_is_used(tmp_path: Path, write_pairs: Write) -> None:
    _tree(tmp_path, write_pairs, "bear", resolution="1080p")
    tree = _tree(tmp_path, write_pairs, "bear")
    (clip,) = find_clips([tree])
    assert clip.files.frames[0].parent.parent.name == "480p"


def test_a_tree_that_lacks_what_its_list_names_is_refused(tmp_path: Path, write_pairs: Write) -> None:
    tree = _tree(tmp_path, write_pairs, "bear")
    _list(tree, "2017/val.txt", "bear", "swan")
    with pytest.raises(DataError, match=r"lacks 1 of the 2 sequences .* swan; .* --split all"):
        find_clips([tree])
    with pytest.raises(DataError, match=r"has no list test-dev\.txt; there are: val"):
        find_clips([tree], "test-dev")


def test_clips_come_from_a_folder_of_them_or_from_one(clips: Path) -> None:
    for folder in (clips, clips / "films__jump"):
        (clip,) = find_clips([folder])
        assert (clip.source, clip.name, clip.annotated) == ("films", "films__jump", [0, 1, 2])


def test_sources_of_one_name_are_told_apart_unless_the_clips_say_that_they_are_one(
    tmp_path: Path, write_pairs: Write
) -> None:
    for place in ("a/walks/dog", "b/walks/dog", "a/walks/films__cat", "b/walks/films__owl"):
        write_pairs(tmp_path / place, [0, 0])
    found = find_clips([tmp_path / "a/walks", tmp_path / "b/walks"])
    assert [clip.source for clip in found] == ["a/walks", "films", "b/walks", "films"]


def test_a_clip_begins_where_its_first_mask_is(tmp_path: Path, write_pairs: Write) -> None:
    write_pairs(tmp_path / "mine" / "late", [None, None, 0, None, 5])
    (clip,) = find_clips([tmp_path / "mine"])
    assert (clip.source, len(clip), clip.annotated) == ("mine", 3, [0, 2])
    assert clip.files.frames[0].stem == "00002"
    assert clip[0].shape == (64, 96, 3)


def test_frames_that_are_known_to_show_nothing_yet_are_left_out(tmp_path: Path, write_pairs: Write) -> None:
    nothing = np.zeros((64, 96), np.uint8)
    write_pairs(tmp_path / "mine" / "late", [nothing, nothing, 0, nothing])
    write_pairs(tmp_path / "mine" / "never", [nothing] * 3)
    (clip,) = find_clips([tmp_path / "mine"])
    assert (clip.name, clip.files.frames[0].stem, clip.annotated) == ("late", "00002", [0, 1])
    assert clip.object_ids == [1, 2]


def test_of_a_data_folder_only_the_held_out_part_is_measured(tmp_path: Path, write_pairs: Write) -> None:
    for name in ("pumavos__chair", "pumavos__caps"):
        write_pairs(tmp_path / "train" / "videos" / name, [0, 0])
    write_pairs(tmp_path / "validation" / "davis2016__dog", [0, 0])
    write_pairs(tmp_path / "train" / "stills" / "fingernails", [0, 0], digits=4)
    write_pairs(tmp_path / "train" / "stills" / "oxford_pets", [0, 0], digits=4)
    assert [clip.name for clip in find_clips([tmp_path])] == ["pumavos__chair", "davis2016__dog"]
    assert {source: len(items) for source, items in find_stills([tmp_path]).items()} == {"fingernails": 2}
    # A source that is named is meant as it is.
    assert list(find_stills([tmp_path / "train" / "stills" / "oxford_pets"])) == ["oxford_pets"]


def test_stills_come_from_sources_and_folders_of_sources(tmp_path: Path, write_pairs: Write) -> None:
    for place in ("a/coins", "a/mugs", "b/coins"):
        write_pairs(tmp_path / place, [0, 0, None], digits=4)
    found = find_stills([tmp_path / "a", tmp_path / "b" / "coins", tmp_path / "a"])
    assert {source: len(items) for source, items in found.items()} == {"a/coins": 2, "mugs": 2, "b/coins": 2}


def test_sources_of_one_name_in_two_data_folders_both_count(tmp_path: Path, write_pairs: Write, monkeypatch) -> None:
    for place in ("a/train/stills/potholes", "b/train/stills/potholes"):
        write_pairs(tmp_path / place, [0], digits=4)
    found = find_stills([tmp_path / "a", tmp_path / "b"])
    assert list(found) == ["a/train/stills/potholes", "b/train/stills/potholes"]
    monkeypatch.chdir(tmp_path / "a/train/stills/potholes")
    assert list(find_stills([Path()])) == ["potholes"]


def test_of_a_clip_the_first_annotated_frame_is_the_still(tmp_path: Path, clips: Path, write_pairs: Write) -> None:
    (clips / "films__jump" / "meta.json").write_text("{}")
    assert {source: len(items) for source, items in find_stills([clips]).items()} == {"films__jump": 1}
    assert {source: len(items) for source, items in find_stills([clips / "films__jump"]).items()} == {"films__jump": 1}
    tree = _tree(tmp_path, write_pairs, "bear", "swan")
    assert [item.name for item in find_stills([tree])["Tree"]] == ["bear", "swan"]


def test_void_is_nobody_s_but_a_lone_255_is_an_object(tmp_path: Path, write_pairs: Write) -> None:
    with_void = np.zeros((64, 96), np.uint8)
    with_void[:20], with_void[30:40] = 3, 255
    write_pairs(tmp_path / "a" / "one", [with_void, with_void])
    write_pairs(tmp_path / "a" / "two", [np.where(with_void == 3, 255, 0).astype(np.uint8)] * 2)
    assert [clip.object_ids for clip in find_clips([tmp_path / "a"])] == [[3], [255]]


@pytest.mark.parametrize("find", [find_clips, find_stills])
def test_a_folder_with_nothing_to_measure_is_refused(find: Callable[..., object], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no folder .*nowhere; give a DAVIS tree"):
        find([tmp_path / "nowhere"])
    with pytest.raises(DataError, match=r"There is no .* in .*; give a DAVIS tree"):
        find([tmp_path])


def test_single_pictures_are_no_clip(tmp_path: Path, write_pairs: Write) -> None:
    (write_pairs(tmp_path / "coins", [0, 0], digits=4) / "index.json").write_text("{}")
    with pytest.raises(DataError, match="single pictures, not a clip; measure them with the command interactive"):
        find_clips([tmp_path / "coins"])


def test_maps_are_indices_as_large_as_their_pictures(tmp_path: Path, write_pairs: Write) -> None:
    folder = write_pairs(tmp_path / "coins", [0], digits=4)
    (still,) = find_stills([folder])["coins"]
    Image.new("L", (10, 20)).save(still.index_map)
    with pytest.raises(DataError, match="is 10 x 20 pixels and its picture 96 x 64"):
        open_labelled(still)
    Image.new("RGB", (96, 64)).save(still.index_map)
    with pytest.raises(DataError, match=r"is a colour picture \(RGB\); an index map is"):
        open_labelled(still)
    still.image.write_bytes(b"not a picture")
    with pytest.raises(DataError, match="cannot be read as a picture"):
        open_labelled(still)


def test_maps_of_sixteen_bits_keep_their_numbers(tmp_path: Path) -> None:
    numbers = np.arange(600, dtype=np.uint16).reshape(20, 30)
    Image.fromarray(numbers).save(tmp_path / "map.png")
    assert np.array_equal(open_index_map(tmp_path / "map.png"), numbers)


def test_a_quick_look_is_spread_evenly_and_always_the_same(clips: Path, write_pairs: Write) -> None:
    assert spread(range(10), 3) == [0, 4, 9]
    assert spread(range(3), 0) == [0, 1, 2]
    write_pairs(clips / "films__long", [0] * 5)
    assert [len(clip) for clip in choose_clips([clips], "val", count=0, frames=2)] == [2, 2]
    assert [clip.name for clip in choose_clips([clips], "val", count=1, frames=0)] == ["films__jump"]
    with pytest.raises(DataError, match=r"first 1 frames of films__jump hold one mask alone"):
        choose_clips([clips], "val", count=0, frames=1)
