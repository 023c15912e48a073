"""An export appears whole or not at all, and what was there before is safe."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporters import staging
from exporters.dataset import Dataset, Marker, StoredClip, Track
from exporters.errors import ExportError
from exporters.formats.coco_options import CocoOptions
from exporters.registry import FORMATS, export

ROOT = Path(__file__).resolve().parents[2]
Contents = Callable[[Path], Mapping[str, bytes]]

BESIDE = {"report.json", "report.md", "frame_map.csv", "object_map.csv", "markers.csv", "SHA256SUMS"}


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_finished_export_leaves_the_data_set_and_its_papers_and_nothing_else(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path, format_name: str
) -> None:
    report = exported(dataset, format_name, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", *(f"out.{ending}" for ending in BESIDE)}
    assert {path.name for path in (tmp_path / "out").iterdir()} == FORMATS[format_name].contents
    assert report.target == tmp_path / "out"
    stored = json.loads((tmp_path / "out.report.json").read_bytes())
    assert stored["verdict"] == report.verdict and stored["counts"] == report.counts
    assert stored["format_options"]["split"] == "train"
    assert "18 of 18 masks written" in (tmp_path / "out.report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_name", FORMATS)
def test_markers_stand_in_the_report_and_in_a_table_with_clip_frame_time_and_note(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    table: Callable[[Path], list[list[str]]],
    tmp_path: Path,
    format_name: str,
) -> None:
    frames = tuple(range(0, 20, 2))
    markers = (Marker(4, 0.16, '=leash "torn"\nsecond line'), Marker(7, 0.28), Marker(1900, 76.0, "after the bus"))
    clip = make_clip("walk", source_frames=frames, markers=markers)
    exported(make_dataset(clip, make_clip("still")), format_name, tmp_path / "out")
    assert table(tmp_path / "out.markers.csv") == [
        ["clip", "source_frame", "pts_seconds", "exported", "note"],
        ["walk", "4", "0.160000", "yes", '\'=leash "torn"\nsecond line'],
        ["walk", "7", "0.280000", "no", ""],
        ["walk", "1900", "76.000000", "no", "after the bus"],
    ]
    stored = json.loads((tmp_path / "out.report.json").read_bytes())["markers"]
    assert [(one["clip"], one["frame"], one["pts_seconds"], one["exported"]) for one in stored] == [
        ("walk", 4, 0.16, True),
        ("walk", 7, 0.28, False),
        ("walk", 1900, 76.0, False),
    ]
    assert stored[0]["note"] == markers[0].note
    told = (tmp_path / "out.report.md").read_text(encoding="utf-8")
    assert '- walk, frame 4 (0:00.160): =leash "torn" second line\n' in told
    assert "- walk, frame 1900 (1:16.000): after the bus (frame not in this data set)\n" in told


@pytest.mark.parametrize("format_name", FORMATS)
def test_two_exports_of_one_snapshot_are_the_same_bytes(
    odd_names: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path, format_name: str
) -> None:
    exported(odd_names, format_name, tmp_path / "one")
    shuffled = Dataset(
        tuple(
            StoredClip(
                **{name: getattr(clip, name) for name in StoredClip.__slots__ if name != "masks"},
                masks=dict(reversed(clip.masks.items())),
            )
            for clip in odd_names.clips
            if isinstance(clip, StoredClip)
        ),
        odd_names.categories,
        odd_names.info,
    )
    exported(shuffled, format_name, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    for ending in ("frame_map.csv", "object_map.csv", "SHA256SUMS"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


def test_the_list_of_checksums_is_right(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    import hashlib

    exported(dataset, "davis", tmp_path / "out")
    lines = (tmp_path / "out.SHA256SUMS").read_text(encoding="utf-8").splitlines()
    found = {name: hashlib.sha256(data).hexdigest() for name, data in contents(tmp_path / "out").items()}
    assert dict(line.split("  ", 1)[::-1] for line in lines) == found


@pytest.mark.parametrize("format_name", FORMATS)
def test_progress_rises_to_its_end(dataset: Dataset, tmp_path: Path, format_name: str) -> None:
    steps = list(export(dataset, format_name, tmp_path / "out"))
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 20
    assert {step.what for step in steps} == {"Checking masks", "Writing walk", "Reading back"}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 12])
def test_a_cancelled_export_leaves_nothing(dataset: Dataset, tmp_path: Path, format_name: str, steps: int) -> None:
    work = export(dataset, format_name, tmp_path / "out")
    for _ in range(steps):
        next(work)
    assert bool(list(tmp_path.iterdir())) == bool(steps)
    work.close()
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_export_leaves_the_earlier_one_as_it_was(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    before = contents(tmp_path)
    work = export(dataset, "davis", tmp_path / "out", overwrite=True)
    for _ in range(9):
        next(work)
    assert {f"out/{name}" for name in contents(tmp_path / "out")} <= set(before)
    work.close()
    assert contents(tmp_path) == before


def test_an_earlier_export_is_replaced_only_when_asked(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    before = contents(tmp_path)
    with pytest.raises(ExportError, match=r"exists already\. Choose another folder or allow it to be replaced"):
        exported(dataset, "davis", tmp_path / "out")
    assert contents(tmp_path) == before
    exported(dataset, "davis", tmp_path / "out", overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"out", *(f"out.{ending}" for ending in BESIDE)}
    assert (tmp_path / "out/ImageSets").is_dir() and not (tmp_path / "out/annotations").exists()
    assert json.loads((tmp_path / "out.report.json").read_bytes())["format"] == "davis"


def test_an_empty_folder_is_taken(dataset: Dataset, exported: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    exported(dataset, "coco", tmp_path / "out")
    assert (tmp_path / "out/annotations").is_dir()


def test_a_folder_with_anything_else_in_it_is_never_replaced(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    (tmp_path / "out/my thesis.txt").write_text("years of work")
    before = contents(tmp_path)
    with pytest.raises(ExportError, match=r"holds things that no export has written \(my thesis.txt\)"):
        exported(dataset, "coco", tmp_path / "out", overwrite=True)
    assert contents(tmp_path) == before


def test_a_data_set_that_somebody_else_made_is_never_replaced(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    (tmp_path / "DAVIS/JPEGImages").mkdir(parents=True)
    (tmp_path / "DAVIS/JPEGImages/00000.jpg").write_bytes(b"precious")
    with pytest.raises(ExportError, match=r"DAVIS has no DAVIS.report.json beside it"):
        exported(dataset, "davis", tmp_path / "DAVIS", overwrite=True)
    assert contents(tmp_path) == {"DAVIS/JPEGImages/00000.jpg": b"precious"}


def test_targets_that_cannot_be_are_refused_in_words(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file")
    for target, words in (
        (tmp_path / "file", "is a file, and a data set is a folder"),
        (tmp_path / "missing/out", "missing does not exist. Create it"),
        (tmp_path / "file/out", "file does not exist. Create it"),
        (tmp_path / ("x" * 230), "Choose a folder with a shorter name"),
        (Path("/"), "cannot be the name of a data set"),
    ):
        with pytest.raises(ExportError, match=words):
            exported(dataset, "coco", target, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_target_with_a_strange_name_works(dataset: Dataset, exported: Callable[..., Any], tmp_path: Path) -> None:
    exported(dataset, "coco", tmp_path / "[é] 100% *?+ (x)")
    exported(dataset, "coco", tmp_path / "[é] 100% *?+ (x)", overwrite=True)
    assert (tmp_path / "[é] 100% *?+ (x)/annotations").is_dir()


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of somebody without any special rights, whom this process then is."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such rights on folders")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "mine").mkdir()
        was_root = os.geteuid() == 0
        if was_root:
            os.chown(folder / "mine", 65534, -1)
            os.seteuid(65534)
        try:
            yield folder / "mine"
        finally:
            (folder / "mine").chmod(0o755)
            if was_root:
                os.seteuid(0)


def test_a_place_that_may_not_be_written_is_named(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, as_nobody: Path
) -> None:
    exported(dataset, "coco", as_nobody / "out")
    before = contents(as_nobody)
    as_nobody.chmod(0o555)
    for target in ("out", "new"):
        with pytest.raises(ExportError, match=f"You may not write to {as_nobody}. Change its permissions") as caught:
            exported(dataset, "coco", as_nobody / target, overwrite=True)
        assert "Nothing was left behind" in str(caught.value)
    assert contents(as_nobody) == before


def plant(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize(
    ("format_name", "file"),
    [("coco", "images/train/walk/00005.jpg"), ("davis", "ImageSets/2017/train.txt"), ("davis", "LICENSE.txt")],
)
def test_a_full_disk_is_told_and_leaves_the_earlier_export(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    contents: Contents,
    tmp_path: Path,
    format_name: str,
    file: str,
) -> None:
    plain = make_clip()

    def picture(position: int) -> np.ndarray:
        if position == 4:  # half-way the disk fills up
            [folder] = tmp_path.glob("out.partial-*")
            plant(folder / "tree" / file, "/dev/full")
        return plain.image(position)

    exported(make_dataset(plain), format_name, tmp_path / "out")
    before = contents(tmp_path)
    with pytest.raises(ExportError, match=f"The disk that holds {tmp_path} is full. Free some space"):
        exported(make_dataset(make_clip(pictures=picture)), format_name, tmp_path / "out", overwrite=True)
    assert contents(tmp_path) == before


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
import numpy as np
from exporters import rle
from exporters.dataset import Dataset, MaskRecord, StoredClip, Track
from exporters.errors import ExportError
from exporters.registry import export

noise = np.random.default_rng(0).random((200, 200)) < 0.5
clip = StoredClip("walk", 30, 200, 200, 25.0, tuple(range(30)), (0.0,) * 30, (Track(1, "dog"),),
                  masks={{(1, frame): MaskRecord(rle.encode(noise)) for frame in range(30)}},
                  pictures=lambda _: np.zeros((200, 200, 3), np.uint8))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    list(export(Dataset((clip,)), "coco", Path(sys.argv[1]), overwrite=True))
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_file_that_the_system_lets_grow_no_further_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED.format(root=str(ROOT)), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"A file grew larger than the disk that holds {tmp_path} allows.")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_cannot_fit_stops_before_the_disk_is_full(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = type("Usage", (), {"free": 30_000})
    monkeypatch.setattr("exporters.tree.shutil.disk_usage", lambda folder: usage)
    shown: list[int] = []

    def picture(position: int) -> np.ndarray:
        shown.append(position)
        return np.random.default_rng(position).integers(0, 255, (48, 64, 3)).astype(np.uint8)

    with pytest.raises(ExportError, match="The disk is too small: about 1 MB are still to be written"):
        exported(make_dataset(make_clip(frame_count=200, pictures=picture)), "coco", tmp_path / "out")
    assert len(shown) < 40
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refused", [1, 2, 3, 5, 9])
def test_a_rename_that_fails_is_taken_back(
    dataset: Dataset,
    exported: Callable[..., Any],
    contents: Contents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: int,
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    before = contents(tmp_path)
    real, calls = Path.rename, 0

    def rename(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == refused:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(ExportError, match="reports an error"):
        exported(dataset, "davis", tmp_path / "out", overwrite=True)
    assert calls > refused or refused == 1
    assert contents(tmp_path) == before


def test_what_a_killed_export_left_is_cleared_away(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    dead = tmp_path / "out.partial-0123abcd"
    (dead / "tree").mkdir(parents=True)
    (dead / "lock").write_bytes(b"1 then\n")
    other = tmp_path / "out.partial-copy"
    other.mkdir()
    exported(dataset, "coco", tmp_path / "out")
    assert not dead.exists()
    assert other.exists()


def test_an_export_that_was_killed_between_two_renames_gives_the_earlier_one_back(
    dataset: Dataset, exported: Callable[..., Any], contents: Contents, tmp_path: Path
) -> None:
    exported(dataset, "coco", tmp_path / "out")
    before = contents(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "out.old-0123abcd")
    with pytest.raises(ExportError, match="exists already"):
        exported(dataset, "davis", tmp_path / "out")
    assert contents(tmp_path / "out") == before
    (tmp_path / "out.old-89abcdef").mkdir()
    exported(dataset, "davis", tmp_path / "out", overwrite=True)
    assert not list(tmp_path.glob("out.old-*"))


def test_two_exports_to_one_place_at_once_are_refused(dataset: Dataset, tmp_path: Path) -> None:
    first = export(dataset, "coco", tmp_path / "out")
    next(first)
    with pytest.raises(ExportError, match=r"Another export to .*out is running"):
        next(export(dataset, "coco", tmp_path / "out"))
    first.close()
    assert list(tmp_path.iterdir()) == []


def test_a_staging_folder_that_has_no_lock_yet_is_not_taken_for_dead(tmp_path: Path) -> None:
    young = tmp_path / "out.partial-0123abcd"
    young.mkdir()
    with (
        pytest.raises(ExportError, match="is running"),
        staging.Staging(tmp_path / "out", overwrite=False, contents=frozenset()),
    ):
        raise AssertionError("it was entered")
    os.utime(young, (0, 0))
    with staging.Staging(tmp_path / "out", overwrite=False, contents=frozenset()):
        assert not young.exists()


def test_an_unknown_format_is_answered_with_the_nearest_one(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=r"no export format called 'cocoo'. Did you mean coco\? The formats are coco"):
        exported(dataset, "cocoo", tmp_path / "out")
    with pytest.raises(ExportError, match="DAVIS 2017 takes DavisOptions, not CocoOptions"):
        exported(dataset, "davis", tmp_path / "out", CocoOptions())
    exported(dataset, " COCO ", tmp_path / "out")


def test_a_symbolic_link_leads_to_the_folder_that_it_names(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    report = exported(dataset, "coco", tmp_path / "link")
    assert report.target == tmp_path / "real"
    assert (tmp_path / "link").is_symlink() and (tmp_path / "link/annotations").is_dir()


@pytest.mark.parametrize("format_name", FORMATS)
def test_names_that_cannot_be_decoded_stop_nothing(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
    format_name: str,
) -> None:
    clip = make_clip("caf\udce9", tracks=(Track(1, "dog \ud800", 1), Track(2, "two\nlines", 2)))
    report = exported(make_dataset(clip), format_name, tmp_path / "out")
    assert [(rename.before, rename.after) for rename in report.renames] == [("caf\udce9", "caf_")]
    assert report.readback.masks_identical == 16
