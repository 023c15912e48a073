"""Frames whose mask does not come from a run: where runs start, where they end, and what conditions them."""

from __future__ import annotations

from dataclasses import dataclass

from app.document.document import DocumentView
from app.document.values import Origin, Review

_WORDS = {
    "verified": ("verified frame", "verified"),
    "prompted": ("prompt on frame", "prompted"),
    "hand-made": ("hand-made mask on frame", "hand-made"),
    "imported": ("imported mask on frame", "imported"),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """One such frame of one object. `kind`: "verified" (outranks the others), "prompted", "hand-made" or "imported"."""

    frame: int
    kind: str
    is_visible: bool
    """Whether runs learn from it: the object is there (a mask not computed yet counts as that) and not excluded."""

    @property
    def is_lock(self) -> bool:
        """Whether a run "up to the next lock" ends here."""
        return self.kind != "prompted"

    @property
    def words(self) -> str:
        """As it stands in a sentence: "the prompt on frame 12"."""
        return f"the {_WORDS[self.kind][0]} {self.frame}"


def anchors_of(document: DocumentView, object_id: int) -> list[Anchor]:
    """The anchors of an object, in the order of their frames."""
    masks = document.masks_of(object_id)
    kinds = {frame: "imported" for frame, mask in masks.items() if mask.origin is Origin.IMPORTED}
    kinds |= {frame: "hand-made" for frame, mask in masks.items() if mask.origin is Origin.MANUAL}
    kinds |= {frame: "prompted" for frame, prompt in document.prompts_of(object_id).items() if not prompt.is_empty}
    kinds |= {
        frame: "verified" for frame in {*masks, *kinds} if document.reviews.get((object_id, frame)) is Review.VERIFIED
    }
    excluded = document.excluded_of(object_id)
    return [
        Anchor(
            frame,
            kinds[frame],
            is_visible=frame not in excluded and (frame not in masks or not masks[frame].code.is_empty),
        )
        for frame in sorted(kinds)
    ]


def name_of(document: DocumentView, object_id: int) -> str:
    """The object's name as sentences use it: its own, or "object 7"."""
    return document.objects[object_id].name or f"object {object_id}"
