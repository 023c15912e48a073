"""The layout of DAVIS and of those that copied it: JPEGImages, Annotations, ImageSets."""

from __future__ import annotations

from pathlib import Path

from sam2_core.training.sources import DataError

EVERY_SEQUENCE = "all"


def is_davis_tree(folder: Path) -> bool:
    """Whether a folder is laid out like DAVIS."""
    return (folder / "JPEGImages").is_dir()


def davis_sequences(folder: Path, split: str) -> list[tuple[str, Path, Path]]:
    """Name, folder of frames and folder of maps of each sequence.

    Args:
        folder: the tree; 480p is used where there are several resolutions, as the benchmark does.
        split: name of a list in ImageSets, as `val`, or `all`. Trees without lists have no splits.

    Raises:
        DataError: there are no annotations, or no such list, or a listed sequence is missing.
    """
    images, maps = _resolution(folder)
    present = [path.name for path in sorted(images.iterdir()) if path.is_dir()]
    listed = None if split == EVERY_SEQUENCE else _listed(folder, split)
    missing = sorted(set(listed or ()) - set(present))
    if missing:
        raise DataError(
            f"{images} lacks {len(missing)} of the {len(listed or ())} sequences of the list {split}, the first is "
            f"{missing[0]}; get them, or measure what is there with --split {EVERY_SEQUENCE}."
        )
    wanted = [name for name in present if listed is None or name in listed]
    return [(name, images / name, maps / name) for name in wanted if (maps / name).is_dir()]


def _resolution(folder: Path) -> tuple[Path, Path]:
    """The folders of frames and of maps in which the sequences lie."""
    images, maps = folder / "JPEGImages", folder / "Annotations"
    if not maps.is_dir():
        raise DataError(f"{folder} has JPEGImages but no Annotations; without true masks nothing can be measured.")
    names = [path.name for path in sorted(images.iterdir()) if path.is_dir() and (maps / path.name).is_dir()]
    # A resolution holds folders; a sequence, where a tree has no such level, holds pictures.
    levels = [name for name in names if any(path.is_dir() for path in (images / name).iterdir())]
    if not levels:
        return images, maps
    chosen = "480p" if "480p" in levels else levels[0]
    return images / chosen, maps / chosen


def _listed(folder: Path, split: str) -> set[str] | None:
    """Sequences of a list; None if the tree has no lists, or none called `val` and that is what is asked for."""
    lists = sorted((folder / "ImageSets").glob("*/*.txt")) if (folder / "ImageSets").is_dir() else []
    # The newest year wins; lists of the first release stand in folders named by resolution.
    of_name = [path for path in lists if path.stem == split and path.parent.name.isdecimal()]
    of_name = of_name or [path for path in lists if path.stem == split]
    if not of_name:
        if split == "val":
            return None
        raise DataError(
            f"{folder / 'ImageSets'} has no list {split}.txt; there are: "
            f"{', '.join(sorted({path.stem for path in lists})) or 'none'}."
        )
    # The first release lists pairs of files, `/JPEGImages/480p/name/00000.jpg /Annotations/…`, instead of names.
    words = of_name[-1].read_text(encoding="utf-8").split()
    return {Path(word).parent.name if "/" in word else word for word in words}
