"""What is said of an object beside its category: attributes, for the whole clip or for stretches of its frames."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

AttributeValue = str | float | bool
"""Text and choices are str, numbers float, yes or no bool."""
TagKey = tuple[int, int]
"""One attribute of one object: (object id, attribute id)."""


class AttributeKind(StrEnum):
    """What the values of an attribute are."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that can be said of every object; `choices` are the values of a choice, in their order."""

    id: int
    name: str
    kind: AttributeKind
    choices: tuple[str, ...] = ()

    def fits(self, value: object) -> bool:
        """Whether a value is one of this attribute's."""
        if self.kind is AttributeKind.YES_NO:
            return isinstance(value, bool)
        if self.kind is AttributeKind.NUMBER:
            return isinstance(value, float) and math.isfinite(value)
        return isinstance(value, str) and (self.kind is AttributeKind.TEXT or value in self.choices)


CROWD, DIFFICULT, TRUNCATED = -1, -2, -3
FLAGS: Mapping[int, Attribute] = MappingProxyType(
    {
        CROWD: Attribute(CROWD, "crowd", AttributeKind.YES_NO),
        DIFFICULT: Attribute(DIFFICULT, "difficult", AttributeKind.YES_NO),
        TRUNCATED: Attribute(TRUNCATED, "truncated", AttributeKind.YES_NO),
    }
)
"""Attributes that every project has: a group that is labelled as one thing; hard to see; cut off by the picture."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames first to last, both included, and the value there."""

    first: int
    last: int
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Tag:
    """What one attribute says of one object: `everywhere`, but on the stretches something else.

    Stretches rise, do not overlap, and say something else than `everywhere`.
    """

    everywhere: AttributeValue | None = None
    stretches: tuple[Stretch, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said on any frame: such a tag is stored as none."""
        return self.everywhere is None and not self.stretches

    def at(self, frame: int) -> AttributeValue | None:
        """What is said on a frame."""
        for stretch in self.stretches:
            if stretch.first <= frame <= stretch.last:
                return stretch.value
        return self.everywhere

    def said(self, value: AttributeValue | None, first: int, last: int) -> Tag:
        """The tag with this value on frames first to last; None says there again what is said everywhere."""
        kept = [stretch for old in self.stretches for stretch in _outside(old, first, last)]
        if value is not None and value != self.everywhere:
            kept.append(Stretch(first, last, value))
        return Tag(self.everywhere, tuple(_merged(sorted(kept, key=lambda stretch: stretch.first))))

    def part(self, first: int, last: int) -> Iterator[Stretch]:
        """The stretches, cut to frames first to last."""
        for old in self.stretches:
            if old.first <= last and old.last >= first:
                yield Stretch(max(old.first, first), min(old.last, last), old.value)


def _outside(old: Stretch, first: int, last: int) -> Iterator[Stretch]:
    """What is left of a stretch before and after frames first to last."""
    if old.first < first:
        yield Stretch(old.first, min(old.last, first - 1), old.value)
    if old.last > last:
        yield Stretch(max(old.first, last + 1), old.last, old.value)


def _merged(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Neighbours that say the same as one."""
    open_one: Stretch | None = None
    for stretch in stretches:
        if open_one is not None and open_one.last + 1 == stretch.first and open_one.value == stretch.value:
            open_one = Stretch(open_one.first, stretch.last, stretch.value)
        else:
            if open_one is not None:
                yield open_one
            open_one = stretch
    if open_one is not None:
        yield open_one
