"""Data sets of a project: what goes in, what is refused in words, and what stays out of it."""

from __future__ import annotations

import io
import json
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from app.commands.errors import CommandError
from app.commands.export import ExportRequest, dataset_of, export, make_options, parse_export
from app.commands.marks import set_marker
from app.commands.masklets import join_masklets
from app.commands.masks import set_mask
from app.commands.objects import new_category, new_object, reorder_objects, set_object_category, set_object_visible
from app.commands.review import mark_absent, verify_cells
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Clip
from app.media.clip import FrameSource, open_clip
from exporters import rle
from exporters.dataset import Category, Info
from exporters.errors import ExportError
from exporters.formats.coco_options import CocoOptions
from exporters.formats.davis_options import DavisOptions
from exporters.registry import FORMATS
from exporters.report import Report

HEIGHT, WIDTH, FRAMES = 24, 32, 30
Propagated = Callable[..., None]


def picture(frame: int) -> np.ndarray:
    """A picture whose red tells its frame."""
    return np.full((HEIGHT, WIDTH, 3), (8 * frame, 90, 30), np.uint8)


def folder_of(path: Path, suffix: str) -> Path:
    path.mkdir()
    for frame in range(FRAMES):
        exif = Image.Exif()
        exif[0x010E] = "SECRET"
        Image.fromarray(picture(frame)).save(path / f"{frame:03d}{suffix}", exif=exif)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FrameSource]:
    """The project's clip as a folder of PNG files."""
    with open_clip(folder_of(tmp_path / "park", ".png")) as opened:
        yield opened


def finish(work: Generator[Any, None, Report]) -> Report:
    while True:
        try:
            next(work)
        except StopIteration as end:
            report: Report = end.value
            return report


def coco_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "annotations/instances_train.json").read_bytes())
    return content


def test_a_project_is_exported_as_it_is(
    project: Project, propagated: Propagated, square: Callable[..., MaskCode], source: FrameSource, tmp_path: Path
) -> None:
    dog = new_category(project, "dog", "animal")
    set_object_category(project, 1, dog.id)
    propagated(1, range(5, 12))
    propagated(2, range(30), x=20)
    verify_cells(project, [(1, 6)])
    report = finish(export(project, source, "coco", tmp_path / "out"))
    assert report.verdict == "pass"
    assert report.counts["masks_written"] == report.readback.masks_identical == 37
    assert report.warnings == ['1 object without a category put into the category "object": cat']
    content = coco_of(tmp_path / "out")
    assert content["videos"][0]["name"] == "park" and len(content["images"]) == 30
    first = next(item for item in content["annotations"] if item["track_id"] == 1)
    assert first["image_id"] == 6 and first["category_id"] == dog.id
    assert first["segmentation"] == square(3, 4).to_rle()
    assert first["attributes"]["origin"] == "propagated" and not first["attributes"]["is_verified"]
    verified = [item for item in content["annotations"] if item["attributes"]["is_verified"]]
    assert [(item["track_id"], item["image_id"]) for item in verified] == [(1, 7)]
    with Image.open(tmp_path / "out/images/train/park/00007.jpg") as shown:
        assert abs(np.asarray(shown)[..., 0].mean() - 56) < 4


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_takes_a_project_as_it_is(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path, format_name: str
) -> None:
    propagated(1, range(30))
    report = finish(export(project, source, format_name, tmp_path / "out"))
    assert report.verdict == "pass" and report.counts["masks_written"] == 30


def test_what_changes_after_the_start_is_not_in_the_export(
    project: Project, propagated: Propagated, square: Callable[..., MaskCode], source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(10))
    work = export(project, source, "coco", tmp_path / "out")
    propagated(2, range(10))
    set_mask(project, 1, 3, square(0, 0, 2))
    next(work)
    new_object(project, "late")
    report = finish(work)
    assert report.counts["masks_written"] == 10
    assert {tuple(item["bbox"]) for item in coco_of(tmp_path / "out")["annotations"]} == {(3, 4, 6, 6)}


def test_the_markers_of_the_moment_it_began_go_into_the_report(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(10))
    set_marker(project, 6, "leash tears")
    work = export(project, source, "davis", tmp_path / "out", frames=range(5))
    set_marker(project, 8, "later")
    (marker,) = finish(work).markers
    assert (marker.clip, marker.frame, marker.note, marker.is_exported) == ("park", 6, "leash tears", False)
    assert marker.time == pytest.approx(source.times[6])


def test_an_export_runs_on_another_thread_and_leaves_the_clip_open(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(30))
    work = export(project, source, "davis", tmp_path / "out")
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.append(finish(work)))
    thread.start()
    thread.join(60)
    assert reports[0].verdict == "pass"
    assert np.array_equal(source.read(29), picture(29))


def test_a_cancelled_export_leaves_nothing(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(30))
    work = export(project, source, "coco", tmp_path / "out")
    for _ in range(12):
        next(work)
    assert list(tmp_path.glob("out*"))
    work.close()
    assert not list(tmp_path.glob("out*"))
    export(project, source, "coco", tmp_path / "out").close()  # one that never began


def test_chosen_frames_and_objects_are_all_that_is_exported(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(30))
    propagated(2, range(30))
    work = export(project, source, "coco", tmp_path / "out", frames=range(21, 2, -6), object_ids=[2])
    assert finish(work).counts["masks_written"] == 4
    content = coco_of(tmp_path / "out")
    assert [image["source_frame"] for image in content["images"]] == [3, 9, 15, 21]
    assert {item["track_id"] for item in content["annotations"]} == {2}
    rows = (tmp_path / "out.frame_map.csv").read_text(encoding="utf-8").splitlines()
    assert rows[2] == f"park/00009.jpg,9,{9 / 24:.6f}"


def test_only_verified_masks_are_exported_when_asked(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(10))
    verify_cells(project, [(1, 2), (1, 4)])
    report = finish(export(project, source, "coco", tmp_path / "out", only_verified=True))
    assert report.counts["masks_written"] == report.counts["masks_verified"] == 2
    known = [image["frame_id"] for image in coco_of(tmp_path / "out")["images"] if image["exhaustive"]]
    assert known == []  # the cat was looked at nowhere


def test_absent_and_unknown_are_told_apart(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3))
    mark_absent(project, [(1, 4)])
    [clip] = dataset_of(project, None).clips
    states = [None if record is None else record.state for record in (clip.mask(1, frame) for frame in range(6))]
    assert states == ["visible", "visible", "visible", None, "absent", None]
    absent = clip.mask(1, 4)
    assert absent is not None and absent.rle is not None and rle.area(absent.rle) == 0


def test_the_order_of_the_list_decides_who_is_in_front(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(1))
    propagated(2, range(1))
    for order, front in (((1, 2), 2), ((2, 1), 1)):
        reorder_objects(project, order)
        finish(export(project, source, "davis", tmp_path / f"out{front}", frames=[0]))
        with Image.open(tmp_path / f"out{front}/Annotations/Full-Resolution/park/00000.png") as mask:
            assert set(np.unique(np.asarray(mask))) == {0, front}


def test_hidden_objects_are_exported_too(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3))
    set_object_visible(project, 1, False)
    [clip] = dataset_of(project, None).clips
    assert [track.id for track in clip.tracks] == [1, 2]


def test_a_folder_of_jpeg_files_keeps_its_pixels_and_loses_its_stories(
    project: Project, propagated: Propagated, tmp_path: Path
) -> None:
    propagated(1, range(30))
    with open_clip(folder_of(tmp_path / "park", ".jpg")) as source:
        finish(export(project, source, "coco", tmp_path / "out", CocoOptions(jpeg_quality=1)))
        written = (tmp_path / "out/images/train/park/00011.jpg").read_bytes()
        original = (tmp_path / "park/011.jpg").read_bytes()
        assert b"SECRET" in original and b"SECRET" not in written
        with Image.open(io.BytesIO(written)) as picture:
            assert np.array_equal(np.asarray(picture), source.read(11))


def test_a_video_is_exported_frame_by_frame(project: Project, propagated: Propagated, tmp_path: Path) -> None:
    propagated(1, range(30))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += [
        "-s",
        f"{WIDTH}x{HEIGHT}",
        "-r",
        "25",
        "-i",
        "-",
        "-c:v",
        "libx264",
        "-crf",
        "5",
        str(tmp_path / "park.mp4"),
    ]
    subprocess.run(command, input=b"".join(picture(frame).tobytes() for frame in range(FRAMES)), check=True)
    with open_clip(tmp_path / "park.mp4") as source:
        report = finish(export(project, source, "davis", tmp_path / "out"))
        assert report.counts["frames"] == 30
        for frame in (0, 13, 29):
            with Image.open(tmp_path / f"out/JPEGImages/Full-Resolution/park/{frame:05d}.jpg") as shown:
                assert abs(np.asarray(shown)[..., 0].mean() - 8 * frame) < 6


def test_who_made_it_and_when_is_in_the_data_set(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(3))
    info = Info(contributor="Ada", licence_name="CC0", date="2026/02/03", model="2.1_tiny")
    finish(export(project, source, "coco", tmp_path / "out", info=info))
    found = coco_of(tmp_path / "out")["info"]
    assert (found["contributor"], found["date_created"], found["model"]) == ("Ada", "2026/02/03", "2.1_tiny")
    assert dataset_of(project, None).info.date.count("/") == 2


def test_categories_travel_in_the_order_of_their_numbers(project: Project, propagated: Propagated) -> None:
    propagated(1, range(3))
    for name in ("zebra", "ant"):
        new_category(project, name)
    assert list(dataset_of(project, None).categories) == [Category(1, "zebra"), Category(2, "ant")]


# What is refused, in words.


def test_a_project_without_objects_or_masks_says_what_to_do(
    project: Project, source: FrameSource, tmp_path: Path
) -> None:
    empty = Project.new(Clip("park", "park", FRAMES, HEIGHT, WIDTH, 24.0))
    with pytest.raises(CommandError, match=r"nothing to export yet. Make an object and give it a click"):
        export(empty, source, "coco", tmp_path / "out")
    with pytest.raises(CommandError, match=r"no masks on frames 0 to 29. Click on an object and propagate"):
        export(project, source, "coco", tmp_path / "out")


def test_a_choice_without_masks_is_refused(project: Project, propagated: Propagated, tmp_path: Path) -> None:
    propagated(1, range(3))
    mark_absent(project, [(1, 9)])
    for choice, words in (
        ({"frames": range(3, 30)}, "no masks on frames 3 to 29"),
        ({"frames": [7]}, "no masks on frame 7"),
        ({"frames": [9]}, "no masks on frame 9"),
        ({"frames": []}, "Nothing was chosen"),
        ({"object_ids": []}, "Nothing was chosen"),
        ({"object_ids": [2]}, "no masks on frames 0 to 29"),
        ({"object_ids": [5]}, "no object 5"),
        ({"frames": [30]}, "no frame 30. The clip has frames 0 to 29"),
        ({"only_verified": True}, "No mask on frames 0 to 29 is verified"),
    ):
        with pytest.raises(CommandError, match=words):
            export(project, None, "coco", tmp_path / "out", CocoOptions(with_images=False), **choice)  # type: ignore[arg-type]


def test_another_clip_than_the_project_s_is_refused(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(3))
    (source.path / "029.png").unlink()
    with (
        open_clip(source.path) as shorter,
        pytest.raises(
            CommandError, match="park has 29 frames of 32 x 24 pixels, but this project was made on 30 frames"
        ),
    ):
        export(project, shorter, "coco", tmp_path / "out")


def test_without_the_clip_masks_alone_can_be_exported(project: Project, propagated: Propagated, tmp_path: Path) -> None:
    propagated(1, range(3))
    with pytest.raises(CommandError, match="The clip is not open, so its pictures cannot be exported"):
        export(project, None, "davis", tmp_path / "out")
    report = finish(export(project, None, "davis", tmp_path / "out", DavisOptions(with_images=False)))
    assert report.counts["masks_written"] == 3


def test_a_frame_that_cannot_be_read_any_more_is_told_and_leaves_nothing(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    propagated(1, range(30))
    (source.path / "004.png").write_bytes(b"gone")
    with pytest.raises(ExportError, match=r"004\.png .*Or export without pictures"):
        finish(export(project, source, "coco", tmp_path / "out"))
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("format_name", ["cocoo", "davi", "coco2017"])
def test_an_unknown_format_is_answered_with_the_nearest(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path, format_name: str
) -> None:
    propagated(1, range(3))
    with pytest.raises(ExportError, match=f"Did you mean {format_name[:2]}"):
        export(project, source, format_name, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "format_name", "target"),
    [
        ("coco:out", "coco", "out"),
        ("davis:/tmp/x/y z", "davis", "/tmp/x/y z"),
        ("COCO:C:\\data\\out", "coco", "C:\\data\\out"),
        ("davis:D:/out", "davis", "D:/out"),
        ("coco::odd:", "coco", ":odd:"),
    ],
)
def test_an_export_is_asked_for_as_format_and_folder(text: str, format_name: str, target: str) -> None:
    assert parse_export(text) == ExportRequest(format_name, Path(target))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "C:\\data\\out",
            "names no format. Write FORMAT:FOLDER, such as coco:C:\\data\\out. The formats: coco, davis",
        ),
        ("out", "'out' names no format"),
        ("", "names no format"),
        (":out", "names no format"),
        ("coco:", "names no folder. Write FORMAT:FOLDER, such as coco:labels"),
        ("coco: ", "names no folder"),
        ("cocoo:out", "Did you mean coco?"),
    ],
)
def test_a_request_that_is_none_is_answered_with_an_example(text: str, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_export(text)
    assert words in str(caught.value)


def test_options_are_made_from_words(project: Project) -> None:
    made = make_options("coco", {"with-images": "no", "jpeg_quality": "80", "segmentation": "Polygons", "split": "val"})
    assert made == CocoOptions(split="val", with_images=False, jpeg_quality=80, segmentation="polygons")
    assert make_options("davis", {"resolution": "480P", "with_images": False}) == DavisOptions(
        resolution="480p", with_images=False
    )
    for values, words in (
        ({"jpeg_qualty": "80"}, r"coco has no option 'jpeg_qualty'. Did you mean jpeg_quality\?"),
        ({"jpeg_quality": "best"}, "jpeg_quality is a whole number, not 'best'"),
        ({"with_images": "perhaps"}, "with_images is yes or no, not 'perhaps'"),
        ({"segmentation": "svg"}, "segmentation is one of rle, uncompressed, polygons, not 'svg'"),
    ):
        with pytest.raises(CommandError, match=words):
            make_options("coco", values)
    with pytest.raises(ExportError, match="JPEG quality cannot be 200"):
        make_options("coco", {"jpeg_quality": "200"})


def test_no_object_gets_another_number_by_joining_ordering_and_exporting(
    project: Project, propagated: Propagated, source: FrameSource, tmp_path: Path
) -> None:
    third = new_object(project, "bird")
    for object_id, x in ((1, 3), (2, 12), (third.id, 22)):
        propagated(object_id, range(4), x=x)
    join_masklets(project, 2, 1)
    last = new_object(project, "fish")
    propagated(last.id, range(2), x=3)
    reorder_objects(project, [last.id, third.id, 2])
    assert (third.id, last.id) == (3, 4)
    finish(export(project, source, "coco", tmp_path / "out"))
    tracks = [item["track_id"] for item in coco_of(tmp_path / "out")["annotations"]]
    assert {track: tracks.count(track) for track in tracks} == {2: 4, 3: 4, 4: 2}
