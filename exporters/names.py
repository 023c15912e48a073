"""Names that every file system takes, made from whatever people call their things."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 100
"""Bytes of UTF-8 in one name; file systems stop at 255, and paths on Windows at 260 characters altogether."""

_RESERVED = {
    "con", "prn", "aux", "nul", "conin$", "conout$",
    *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"),
}  # fmt: skip
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def safe_component(text: str, taken: set[str] | None = None) -> str:
    """A file or folder name like `text` that is valid and unmistakable on Linux, macOS and Windows.

    `taken` holds the names already given in that folder, folded to one case; the new one is added. The same calls
    in the same order give the same names.
    """
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))
    name = "".join("_" if unicodedata.category(letter) in _UNSEEN else letter for letter in name)
    name = name.strip().rstrip(". ")
    if name[:1] in ("-", "~", "."):
        name = "_" + name[1:]
    if not name:
        name = "unnamed"
    stem, dot, rest = name.partition(".")
    if stem.rstrip().casefold() in _RESERVED:
        name = f"{stem.rstrip()}_{dot}{rest}"
    name = _shortened(name, text)
    if taken is None:
        return name
    unique, number = name, 1
    while folded(unique) in taken:
        number += 1
        unique = f"{name}_{number}"
    taken.add(folded(unique))
    return unique


def folded(name: str) -> str:
    """Two names that fold alike may be one file somewhere."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _shortened(name: str, text: str) -> str:
    if len(name.encode("utf-8")) <= LONGEST:
        return name
    mark = "_" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    kept = name.encode("utf-8")[: LONGEST - len(mark)].decode("utf-8", "ignore")
    return kept.rstrip(". ") + mark
