"""A JSON object read piece by piece, so that a file of any length needs little memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PIECE = 1 << 20
"""Characters read at a time."""


def members(path: Path) -> Iterator[tuple[str, Any]]:
    """The members of the object in a file, in order. A member that is a list comes as one pair per element.

    ValueError where the file is not JSON, or not an object.
    """
    with path.open("r", encoding="utf-8") as file:
        text = _Text(file)
        text.expect("{")
        while text.peek() != "}":
            key = text.value()
            if not isinstance(key, str):
                raise ValueError(f"{path.name} has a member without a name")
            text.expect(":")
            if text.peek() == "[":
                text.expect("[")
                while text.peek() != "]":
                    yield key, text.value()
                    if text.peek() != "]":
                        text.expect(",")
                text.expect("]")
            else:
                yield key, text.value()
            if text.peek() != "}":
                text.expect(",")
        text.expect("}")
        if text.peek():
            raise ValueError(f"{path.name} goes on after its end")


class _Text:
    """A window on the file: `_place` is what comes next in `_text`."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._place = 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is not blank; empty at the end of the file."""
        while True:
            while self._place < len(self._text):
                if not self._text[self._place].isspace():
                    return self._text[self._place]
                self._place += 1
            if not self._more():
                return ""

    def expect(self, character: str) -> None:
        """Step over a character that must come next."""
        found = self.peek()
        if found != character:
            raise ValueError(f"{character!r} was expected and {found!r} found")
        self._place += 1

    def value(self) -> Any:
        """The next whole value.

        At the end of the window it may be cut off, so it counts only if something follows it.
        """
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():
                self._place = end
                return value

    def _more(self) -> bool:
        piece = self._file.read(PIECE)
        self._text = self._text[self._place :] + piece
        self._place = 0
        return bool(piece)
