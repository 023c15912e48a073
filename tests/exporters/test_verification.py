"""The check finds every kind of damage, and what it finds is not published."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from exporters import registry, rle
from exporters.dataset import Dataset, MaskRecord, StoredClip
from exporters.errors import VerificationFailed
from exporters.format import Progress, Written
from exporters.formats.coco_options import CocoOptions
from exporters.formats.davis import palette
from exporters.tree import StagedTree
from exporters.verification.json_stream import members
from exporters.verification.palette_png import read_palette_png

Damage = Callable[[Path], None]
REAL = dict(registry.FORMATS)


def damaged(name: str, damage: Damage) -> Any:
    """The format with a writer that does `damage` to the data set at its end."""
    real = REAL[name]

    def write(dataset: Dataset, tree: StagedTree, options: Any) -> Generator[Progress, None, Written]:
        written = yield from real.write(dataset, tree, options)
        damage(tree.root)
        return written

    return dataclasses.replace(real, write=write)


@pytest.fixture
def fail(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Exports with damage and gives the report of the failure, after a look that nothing was published."""

    def go(name: str, damage: Damage, options: Any = None, format_: Any = None) -> Any:
        monkeypatch.setitem(registry.FORMATS, name, format_ or damaged(name, damage))
        with pytest.raises(VerificationFailed, match="out was not exported, because it does not read back") as caught:
            exported(dataset, name, tmp_path / "out", options)
        assert list(tmp_path.iterdir()) == []
        assert caught.value.report.verdict == "fail"
        return caught.value.report

    return go


def rewrite(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Damage to the JSON file of a COCO export."""

    def damage(root: Path) -> None:
        [path] = (root / "annotations").iterdir()
        content = json.loads(path.read_bytes())
        change(content)
        path.write_text(json.dumps(content))

    return damage


def first(content: dict[str, Any], **changes: Any) -> None:
    content["annotations"][0].update(changes)


def shrink_first_mask(content: dict[str, Any]) -> None:
    code = content["annotations"][0]["segmentation"]
    mask = rle.decode(code)
    mask[np.nonzero(mask)[0][0], np.nonzero(mask)[1][0]] = False
    code["counts"] = rle.encode(mask)["counts"]


COCO_DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a mask lost a pixel": (shrink_first_mask, "1 of 18 masks read back differently"),
    "a mask is missing": (lambda c: c["annotations"].pop(), "object 3 on frame 9 of walk is missing"),
    "a mask is there twice": (lambda c: c["annotations"].append(c["annotations"][0]), "has two masks"),
    "a mask nobody made": (lambda c: first(c, track_id=3), "a mask that nobody made"),
    "runs too short": (lambda c: c["annotations"][0]["segmentation"].update(counts="52"), "the runs add up to 7"),
    "another size": (lambda c: c["annotations"][0]["segmentation"].update(size=[64, 48]), "a mask of size"),
    "another area": (lambda c: first(c, area=5), "area or box"),
    "another box": (lambda c: first(c, bbox=[0, 0, 1, 1]), "area or box"),
    "an id of zero": (lambda c: first(c, id=0), "has the id 0"),
    "a crowd": (lambda c: first(c, iscrowd=1), "marked as a crowd"),
    "a strange crowd": (lambda c: first(c, iscrowd=2), "marked as a crowd"),
    "another category": (lambda c: first(c, category_id=2), "has the category 2"),
    "a category that is none": (lambda c: first(c, category_id=9), "has the category 9"),
    "a renamed category": (lambda c: c["categories"][0].update(name="x"), "category 1 is called 'x'"),
    "an unknown object": (lambda c: first(c, track_id=99), "cannot be read: KeyError"),
    "another frame": (lambda c: c["images"][2].update(source_frame=7), "image 3 does not describe frame 2"),
    "images swapped": (lambda c: c["images"].reverse(), "does not describe frame"),
    "an image too few": (lambda c: c["images"].pop(), "cannot be read: IndexError"),
    "another video": (lambda c: c["videos"][0].update(length=9), "is not walk"),
    "a false claim": (lambda c: c["images"][0].update(exhaustive=True), "claims to be looked at"),
    "a name that leads elsewhere": (lambda c: c["images"][0].update(file_name="a\\b.jpg"), "is not usable"),
    "an unknown part": (lambda c: c.update(extra=1), "unknown part 'extra'"),
    "no mask at all": (lambda c: first(c, segmentation=None), "cannot be read: TypeError"),
}


@pytest.mark.parametrize("damage", COCO_DAMAGE)
def test_damage_to_a_coco_file_is_found(fail: Callable[..., Any], damage: str) -> None:
    change, words = COCO_DAMAGE[damage]
    report = fail("coco", rewrite(change))
    assert any(words in error for error in report.errors), report.errors


def test_a_lost_pixel_is_named_with_its_place(fail: Callable[..., Any]) -> None:
    report = fail("coco", rewrite(shrink_first_mask))
    assert report.readback.pixels_different == 1
    [worst] = report.readback.worst
    assert (worst["clip"], worst["object"], worst["frame"], worst["pixels"]) == ("walk", 1, 0, 1)
    assert 0.99 < report.readback.min_iou < 1
    assert worst["iou"] == pytest.approx(report.readback.min_iou, abs=1e-6)
    assert "not exported" in report.to_markdown()


@pytest.mark.parametrize("polygon", [[0, 0, 9, 0, 9, 9, 0, 9], [0, 0, 9, 9, 0, 9], [0.5, 0, 9, 0, 9, 9, 0.5, 9]])
def test_damaged_polygons_are_found(fail: Callable[..., Any], polygon: list[float]) -> None:
    change = rewrite(lambda content: first(content, segmentation=[polygon]))
    fail("coco", change, CocoOptions(segmentation="polygons"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda root: (root / "images/train/walk/00003.jpg").unlink(), "00003.jpg cannot be read"),
        (lambda root: (root / "images/train/walk/00003.jpg").write_bytes(b"\xff\xd8"), "ends early"),
        (lambda root: (root / "images/train/walk/stray.jpg").write_bytes(b""), "are not the ones that are listed"),
        (
            lambda root: (root / "images/train/walk/00003.jpg").write_bytes(small_jpeg()),
            "8 x 8 pixels, its masks are not",
        ),
        (lambda root: cut(root / "annotations/instances_train.json"), "cannot be read"),
    ],
)
def test_damage_to_other_files_of_a_coco_export_is_found(fail: Callable[..., Any], damage: Damage, words: str) -> None:
    report = fail("coco", damage)
    assert any(words in error for error in report.errors), report.errors


def small_jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return file.getvalue()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def repaint(change: Callable[[np.ndarray], object], colours: bytes | None = None, **saving: Any) -> Damage:
    """Damage to the numbers of frame 9 of a DAVIS export."""

    def damage(root: Path) -> None:
        path = root / "Annotations/Full-Resolution/walk/00009.png"
        with Image.open(path) as picture:
            numbers = np.array(picture)
        change(numbers)
        changed = Image.fromarray(numbers)
        changed.putpalette(palette() if colours is None else colours)
        changed.save(path, **saving)

    return damage


def paint(numbers: np.ndarray, value: int) -> None:
    numbers[0, 0] = value


def swap(numbers: np.ndarray) -> None:
    numbers[:] = np.array([0, 2, 1, 3], np.uint8)[numbers]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (repaint(lambda numbers: paint(numbers, 2)), "1 of 18 masks read back differently"),
        (repaint(lambda numbers: paint(numbers, 4)), "has the value 4, which is nobody's number"),
        (repaint(lambda numbers: paint(numbers, 255)), "has the value 255"),
        (repaint(swap), "2 of 18 masks read back differently"),
        (repaint(lambda numbers: numbers.fill(0)), "3 of 18 masks read back differently"),
        (repaint(lambda numbers: None, bytes(768)), "other colours than those of DAVIS"),
        (repaint(lambda numbers: None, palette()[:48]), "cannot be read"),
        (repaint(lambda numbers: None, transparency=0), "cannot be read"),
        (lambda root: cut(root / "Annotations/Full-Resolution/walk/00000.png"), "frame 0 of walk cannot be read"),
        (
            lambda root: (root / "Annotations/Full-Resolution/walk/00000.png").unlink(),
            "does not hold one file per frame",
        ),
        (
            lambda root: (root / "Annotations/Full-Resolution/walk/x.txt").write_text(""),
            "does not hold one file per frame",
        ),
        (lambda root: (root / "Annotations/Full-Resolution/x").mkdir(), "Annotations holds the clips"),
        (
            lambda root: (root / "JPEGImages/Full-Resolution/walk/00002.jpg").write_bytes(small_jpeg()),
            "does not have 64 x 48",
        ),
        (lambda root: (root / "ImageSets/2017/train.txt").write_text("walk"), "list of clips in ImageSets"),
    ],
)
def test_damage_to_a_davis_export_is_found(fail: Callable[..., Any], damage: Damage, words: str) -> None:
    report = fail("davis", damage)
    assert any(words in error for error in report.errors), report.errors


def test_masks_that_a_writer_forgets_to_account_for_fail_the_export(fail: Callable[..., Any]) -> None:
    def forget(dataset: Dataset, tree: StagedTree, options: Any) -> Generator[Progress, None, Written]:
        written = yield from REAL["coco"].write(dataset, tree, options)
        written.masks -= 1
        return written

    report = fail("coco", lambda root: None, format_=dataclasses.replace(REAL["coco"], write=forget))
    assert any("1 are unaccounted for" in error for error in report.errors)
    assert any("17 masks were written and 18 read back" in error for error in report.errors)


def test_many_differences_are_told_shortly(fail: Callable[..., Any]) -> None:
    report = fail(
        "coco", rewrite(lambda content: [item.update(source_frame=99, license=2) for item in content["images"]])
    )
    assert len(report.errors) <= 21
    report = fail("coco", rewrite(lambda content: [item.update(area=0, iscrowd=2) for item in content["annotations"]]))
    assert report.errors[20] == "and 16 more"


# The pieces that the check is made of.


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(
            st.integers(),
            st.text(max_size=9),
            st.floats(allow_nan=False),
            st.lists(
                st.one_of(st.integers(), st.text(max_size=5), st.dictionaries(st.text(max_size=2), st.booleans())),
                max_size=4,
            ),
        ),
        max_size=5,
    ),
    st.sampled_from([None, 1]),
)
def test_a_stream_reads_what_json_reads(tmp_path_factory: Any, content: dict[str, Any], indent: int | None) -> None:
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_text(json.dumps(content, indent=indent), encoding="utf-8")
    expected = [
        (key, element) for key, value in content.items() for element in (value if isinstance(value, list) else [value])
    ]
    assert list(members(path)) == expected


@pytest.mark.parametrize("piece", [1, 2, 7])
def test_a_stream_is_read_alike_in_pieces_of_any_size(
    dataset: Dataset, exported: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    exported(dataset, "coco", tmp_path / "out", CocoOptions(with_images=False))
    path = tmp_path / "out/annotations/instances_train.json"
    whole = list(members(path))
    assert len(whole) == 1 + 1 + 1 + 3 + 10 + 18
    monkeypatch.setattr("exporters.verification.json_stream.PIECE", piece)
    assert list(members(path)) == whole


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", '{"a": 1', '{"a": [1, 2}', '{"a": 1} x', '{"a": [1 2]}', "{1: 2}", '{"a" 1}']
)
def test_a_stream_refuses_what_is_no_object(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ValueError):
        list(members(path))


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_png_filter_is_undone(kind: int) -> None:
    values = np.random.default_rng(kind).integers(0, 255, (12, 17)).astype(np.uint8)
    data = png_with_filter(values, kind)
    with Image.open(io.BytesIO(data)) as picture:
        assert np.array_equal(np.asarray(picture), values)  # Pillow agrees that the file holds these values
    found = read_palette_png(data)
    assert np.array_equal(found.values, values) and found.palette == palette()


def png_with_filter(values: np.ndarray, kind: int) -> bytes:
    """A palette PNG whose lines all use one filter."""
    height, width = values.shape
    padded = np.pad(values.astype(int), ((1, 0), (1, 0)))
    left, up, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    distances = np.stack([abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)])
    paeth = np.choose(distances.argmin(axis=0), [left, up, corner])
    guess = [np.zeros_like(left), left, up, (left + up) // 2, paeth][kind]
    lines = np.concatenate([np.full((height, 1), kind), (values - guess) % 256], axis=1).astype(np.uint8)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 3, 0, 0, 0))
    chunks = [(b"IHDR", header), (b"PLTE", palette()), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big") for name, body in chunks
    )


def test_a_flipped_bit_in_a_png_is_found() -> None:
    data = bytearray(png_with_filter(np.zeros((5, 5), np.uint8), 0))
    for place in (20, 60, len(data) - 14):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(ValueError, match="damaged"):
            read_palette_png(bytes(changed))


def test_an_empty_record_with_a_code_is_no_mask(
    make_dataset: Callable[..., Dataset],
    make_clip: Callable[..., StoredClip],
    exported: Callable[..., Any],
    tmp_path: Path,
) -> None:
    clip = make_clip()
    clip.masks[1, 4] = MaskRecord(rle.encode(np.zeros((48, 64), bool)), "visible")  # type: ignore[index]
    for name in ("coco", "davis"):
        report = exported(make_dataset(clip), name, tmp_path / name)
        assert report.counts["masks_source"] == report.counts["masks_written"] == 17


def test_the_check_shares_nothing_with_the_writers() -> None:
    folder = Path(registry.__file__).with_name("verification")
    allowed = {"exporters.dataset", "exporters.format", "exporters.report"}
    for path in folder.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:  # what only type checkers import is not in here
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("exporters"):
                assert node.module in allowed or node.module.startswith("exporters.verification."), path.name
            assert not isinstance(node, ast.Import) or "pycocotools" not in [alias.name for alias in node.names]
