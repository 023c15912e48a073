"""What is known about one object on one frame, in the words that the whole program uses."""

from __future__ import annotations

import itertools

from app.document.document import DocumentView
from app.document.values import DRAFT_STEPS, Origin, Review


def object_name(document: DocumentView, object_id: int) -> str:
    """The object's name, or "object 7" while it has none."""
    return document.objects[object_id].name or f"object {object_id}"


def tag_words(document: DocumentView, object_id: int) -> str:
    """Number in the list, which is the key that selects it, and name: "3 · ball"."""
    return f"{list(document.objects).index(object_id) + 1} · {object_name(document, object_id)}"


def counted(count: int, noun: str) -> str:
    """ "1 prompt", "3 prompts", "1,204 masks"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def span_words(first: int, last: int) -> str:
    """ "frame 4", "frames 12–96"; `last` is one of them."""
    return f"frame {first:,}" if first == last else f"frames {first:,}–{last:,}"


def prompt_count(document: DocumentView, object_id: int, frame: int) -> int:
    """Points, box and painted mask given on this frame, each counted as one."""
    prompt = document.prompts.get((object_id, frame))
    if prompt is None:
        return 0
    return len(prompt.points) + (prompt.box is not None) + (prompt.mask is not None)


def state_words(document: DocumentView, object_id: int, frame: int) -> str:
    """The state of a cell: "verified", "absent, not looked at", "made by hand", "not computed" …"""
    cell = (object_id, frame)
    mask = document.masks.get(cell)
    if mask is None:
        return "not computed"
    words = ["absent"] if mask.is_absent else []
    if document.is_verified(cell):
        words.append("verified")
    elif mask.origin is Origin.MANUAL:
        words.append("made by hand")
    elif mask.origin is Origin.IMPORTED:
        words.append("imported, not looked at")
    elif mask.origin is Origin.DRAFT:
        words.append("draft, not looked at")
    elif mask.origin is Origin.PROPAGATED:
        words.append("not looked at")
    return ", ".join(words)


def cell_note(document: DocumentView, object_id: int, frame: int) -> str:
    """The note in the canvas's corner: "Dog: 3 prompts here · verified"."""
    count = prompt_count(document, object_id, frame)
    parts = [f"{counted(count, 'prompt')} here"] if count else []
    state = state_words(document, object_id, frame)
    if state and not (count and state == "not computed"):
        parts.append(state)
    return f"{object_name(document, object_id)}: {' · '.join(parts)}" if parts else ""


def frame_words(document: DocumentView | None, selected: int | None, frame: int) -> tuple[str, str]:
    """The note in the canvas's corner, and the whole picture in words for those who do not see it."""
    if document is None:
        return "", "No clip is open"
    words = f"Frame {frame}"
    if selected is None:
        return "" if document.objects else "Click the thing to follow", words
    state = state_words(document, selected, frame)
    said = [word for word in (state, counted(prompt_count(document, selected, frame), "prompt")) if word]
    return cell_note(document, selected, frame), f"{words}, {object_name(document, selected)}: {', '.join(said)}"


def frames_words(document: DocumentView, object_id: int) -> str:
    """On which frames an object is seen: "frames 12–96, 2 gaps, draft"; nothing while it is seen on none.

    What a draft leaves out is no gap for as long as nobody has verified its masks, and no run has replaced them.
    """
    masks, reviews = document.masks_of(object_id), document.reviews_of(object_id)
    frames = sorted(frame for frame, mask in masks.items() if not mask.is_absent)
    if not frames:
        return ""
    is_open = {frame for frame in frames if reviews.get(frame) is not Review.VERIFIED}
    drafted = {frame for frame in is_open if masks[frame].origin is Origin.DRAFT}

    def is_left_out(earlier: int, later: int) -> bool:
        is_beside = later - earlier <= DRAFT_STEPS and (earlier in drafted or later in drafted)
        return is_beside and not any(frame in masks for frame in range(earlier + 1, later))

    pairs = ((earlier, later) for earlier, later in itertools.pairwise(frames) if later - earlier > 1)
    gaps = sum(not is_left_out(*pair) for pair in pairs)
    return ", ".join(
        [span_words(frames[0], frames[-1]), *([counted(gaps, "gap")] if gaps else []), *(["draft"] if drafted else [])]
    )
