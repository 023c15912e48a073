"""Going through the clip: steps, edges, prompt frames, halves, the range."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.document.values import Review
from app.ui.action_table import JUMP, SPEEDS
from app.ui.canvas.words import counted
from app.ui.desk import Desk
from app.ui.dialogs.question import ask_number, ask_text
from app.ui.keys import KeyWatch
from app.ui.places import Places
from app.ui.playback import Playback
from app.ui.verbs import Verbs

if TYPE_CHECKING:
    from app.document.document import DocumentView

LARGEST_JUMP, LARGEST_STRIDE = 10_000, 1000


class Going:
    """Moves the desk's frame; changes nothing."""

    def __init__(self, desk: Desk, playback: Playback, keys: KeyWatch, places: Places, window: QWidget) -> None:
        self._desk, self._playback, self._keys = desk, playback, keys
        self._places, self._window = places, window
        playback.speed_chosen.connect(self.show_settings)

    def verbs(self) -> Verbs:
        desk, playback, keys = self._desk, self._playback, self._keys
        return {
            "play": playback.toggle,
            "play_backward": lambda: playback.backward(is_slow=keys.is_stop_held),
            "play_stop": playback.stop,
            "play_forward": lambda: playback.forward(is_slow=keys.is_stop_held),
            "loop_range": playback.loop_range,
            "play_around": playback.play_around,
            "step_back": lambda: self.step(-1),
            "step_forward": lambda: self.step(1),
            "jump_back": lambda: self.step(-self._jump),
            "jump_forward": lambda: self.step(self._jump),
            "choose_jump": self._ask_jump,
            "choose_stride": self._ask_stride,
            **{f"speed_{speed}": partial(playback.choose_speed, speed) for speed in SPEEDS},
            "first_frame": lambda: self.go(0),
            "last_frame": lambda: self.go(desk.frame_count - 1),
            "previous_edge": lambda: self._go_to_edge(-1),
            "next_edge": lambda: self._go_to_edge(1),
            "previous_marker": lambda: self.go_to_nearest(self._markers(), -1),
            "next_marker": lambda: self.go_to_nearest(self._markers(), 1),
            "previous_prompt": lambda: self.go_to_nearest(self._prompt_frames(), -1),
            "next_prompt": lambda: self.go_to_nearest(self._prompt_frames(), 1),
            "halfway_back": lambda: self._go_halfway(-1),
            "halfway_forward": lambda: self._go_halfway(1),
            "go_to_frame": self._ask_frame,
            "range_in": lambda: desk.set_range(desk.frame, desk.range_out),
            "range_out": lambda: desk.set_range(desk.range_in, desk.frame),
            "choose_range": self._ask_range,
            "go_range_in": lambda: self.go(desk.range[0]),
            "go_range_out": lambda: self.go(desk.range[1]),
            "clear_range_in": lambda: desk.set_range(None, desk.range_out),
            "clear_range_out": lambda: desk.set_range(desk.range_in, None),
            "clear_range": lambda: desk.set_range(None, None),
        }

    @property
    def _jump(self) -> int:
        return self._places.jump or JUMP

    def show_settings(self) -> None:
        """Let the actions say how far a big step goes and which speed is chosen."""
        actions = self._desk.actions
        if not actions:
            return
        actions["jump_back"].setText(f"{counted(self._jump, 'frame')} back")
        actions["jump_forward"].setText(f"{counted(self._jump, 'frame')} forward")
        actions[f"speed_{self._playback.chosen_speed}"].setChecked(True)

    def _ask_jump(self) -> None:
        question = "Frames of a big step (Shift+Left, Shift+Right)"
        frames = ask_number(self._window, "Big steps", question, "Use", self._jump, LARGEST_JUMP, least=2)
        if frames is not None:
            self._places.choose_jump(frames)
            self.show_settings()

    def go(self, frame: int) -> None:
        """Stop playing and go to a frame."""
        self._desk.set_playing(False)
        self._desk.set_frame(frame)

    def step(self, frames: int) -> None:
        """So many frames on, or back; where only every n-th is worked on, so many of those."""
        here, stride = self._desk.frame, self._desk.stride
        if stride == 1:
            self.go(here + frames)
            return
        start = here // stride if frames > 0 else -(-here // stride)
        last = (self._desk.frame_count - 1) // stride
        self.go(max(0, min(start + frames, last)) * stride)

    def _ask_stride(self) -> None:
        question = "Work on one frame in so many; 1 is every frame.\nRuns compute all of them."
        title = "Work on every n-th frame"
        stride = ask_number(self._window, title, question, "Use", self._desk.stride, LARGEST_STRIDE)
        if stride is not None:
            self._desk.set_stride(stride)

    def go_to_nearest(self, frames: Iterable[int], direction: int) -> None:
        """Go to the nearest of these frames before (-1) or after (1) the one in view; nowhere if there is none."""
        found, here = sorted(set(frames)), self._desk.frame
        place = bisect_left(found, here) - 1 if direction < 0 else bisect_right(found, here)
        if 0 <= place < len(found):
            self.go(found[place])

    def _prompt_frames(self) -> list[int]:
        document, selected = self._desk.document, self._desk.selected_object
        return [] if document is None or selected is None else document.frames_with_prompts(selected)

    def _markers(self) -> list[int]:
        document = self._desk.document
        return [] if document is None else list(document.markers)

    def _go_to_edge(self, direction: int) -> None:
        """To the nearest frame where a visible object or its lock begins or ends, or a shot begins."""
        document, here, last = self._desk.document, self._desk.frame, self._desk.frame_count - 1
        if document is None:
            return
        place = bisect_left(document.cuts, here) - 1 if direction < 0 else bisect_right(document.cuts, here)
        cut = document.cuts[place] if 0 <= place < len(document.cuts) else None
        limit = cut if cut is not None else (-1 if direction < 0 else last + 1)
        for item in document.objects.values():
            if item.is_visible:
                found = _nearest_edge(document, item.id, range(here + direction, limit, direction))
                limit = limit if found is None else found
        if 0 <= limit <= last:
            self.go(limit)

    def _go_halfway(self, direction: int) -> None:
        """To the middle between here and the nearest frame that a person looked at, or the end of the clip."""
        document, selected, here = self._desk.document, self._desk.selected_object, self._desk.frame
        if document is None:
            return
        ids = list(document.objects) if selected is None else [selected]
        looked_at = {0, self._desk.frame_count - 1}
        for object_id in ids:
            looked_at.update(document.prompts_of(object_id), document.reviews_of(object_id))
        others = [frame for frame in looked_at if (frame - here) * direction > 1]
        if others:
            nearest = min(others, key=lambda frame: abs(frame - here))
            self.go((here + nearest) // 2)

    def _ask_frame(self) -> None:
        last = self._desk.frame_count - 1
        question = f"Frame 0–{last:,}, +30, 00:04.5 or 40 %"
        text = ask_text(self._window, "Go to", question, "Go there", text=str(self._desk.frame))
        if text is not None:
            self.go_to_words(text)

    def _ask_range(self) -> None:
        first, last = self._desk.range
        question = "First and last frame, such as 12–96"
        text = ask_text(self._window, "Range", question, "Use", text=f"{first}–{last}")
        if text is None:
            return
        end = self._desk.frame_count - 1
        given = re.fullmatch(r"(\d+)\s*(?:[–-]|to)\s*(\d+)", text.strip().replace(",", ""))
        first, last = sorted(int(frame) for frame in given.groups()) if given is not None else (end + 1, end)
        if first > end:
            self._desk.notice.emit(f"“{text}” is no range of this clip. Give two frames from 0–{end:,}.", "warning")
        else:
            self._desk.set_range(first, min(last, end))

    def go_to_words(self, text: str) -> None:
        """Go to what a person typed: 120, +30, -5, 00:04.5 or 40 %; anything else becomes a notice."""
        frame = self._frame_of(text.strip())
        if frame is None:
            self._desk.notice.emit(
                f"“{text}” is not a frame or time of this clip. Give 120, +30, 00:04.5 or 40 %.", "warning"
            )
        else:
            self.go(frame)

    def _frame_of(self, text: str) -> int | None:
        source = self._desk.source
        if source is None:
            return None
        last = source.frame_count - 1
        if re.fullmatch(r"\d+", text):
            return int(text)
        if re.fullmatch(r"[+-]\d+", text):
            return self._desk.frame + int(text)
        if share := re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text):
            return round(float(share[1]) / 100 * last)
        if re.fullmatch(r"(\d+:){1,2}\d+(\.\d+)?", text):
            seconds = 0.0
            for part in text.split(":"):
                seconds = seconds * 60 + float(part)
            return max(bisect_right(source.times, seconds + 1e-6) - 1, 0)
        return None


def _nearest_edge(document: DocumentView, object_id: int, frames: range) -> int | None:
    """The first of these frames on which the object's masks or its locks begin or end, as far as it is looked for."""
    masks, reviews = document.masks_of(object_id), document.reviews_of(object_id)
    if not masks:
        return None

    def state(frame: int) -> tuple[bool, bool]:
        mask = masks.get(frame)
        return mask is not None and not mask.is_absent, mask is not None and reviews.get(frame) is Review.VERIFIED

    for frame in frames:
        here = state(frame)
        if here != (False, False) and any(
            is_so and not (before and after)
            for is_so, before, after in zip(here, state(frame - 1), state(frame + 1), strict=True)
        ):
            return frame
    return None
