"""Playing the clip by the clock: frames are shown when they are due, and dropped evenly where decoding is slower."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.ui.action_table import SPEEDS
from app.ui.desk import Desk

SETTING = "speed"
FASTEST_BACK = 2.0
SLOW = 0.25
_TICK_MS = 8
_AROUND_SECONDS = 1.0
_JUDGED_FROM, _EVERY = 12, 0.95
"""After so many frames it is told if fewer than this share of them was shown."""


class Playback(QObject):
    """Moves the desk's frame while the desk is playing. `is_shown` says whether the desk's frame is on the screen.

    The chosen speed is kept with the project, so each clip comes back at its own.
    """

    speed_chosen = Signal()

    def __init__(
        self,
        desk: Desk,
        is_shown: Callable[[], bool],
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_shown = is_shown
        self._clock = clock
        self._speed = self._chosen = 1.0
        self._is_looping = False
        self._bounds: tuple[int, int] | None = None
        self._start = (0.0, 0.0)  # on the clock, in the clip
        self._is_moving = False
        self.shown_frames = self.due_frames = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        desk.project_changed.connect(self._take_project)
        desk.playing_changed.connect(self._take_playing)
        desk.frame_changed.connect(self._take_frame)

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def chosen_speed(self) -> float:
        """At which Space, J and L begin, one of `SPEEDS`."""
        return self._chosen

    def choose_speed(self, speed: float) -> None:
        """Play at this speed from now on; what is playing goes on with it."""
        self._chosen = speed
        if self._desk.project is not None:
            self._desk.project.remember(SETTING, speed)
        if self._desk.is_playing:
            began, start = self._start
            now = self._clock()
            self._start = (now, start + (now - began) * self._speed)
            self._speed = speed if self._speed > 0 else -min(speed, FASTEST_BACK)
        self.speed_chosen.emit()

    @property
    def words(self) -> str:
        """What a person should know about the speed, "" at the clip's own with every frame shown."""
        parts = [] if self._speed == 1 else [f"{self._speed:g}×"]
        if self.due_frames > _JUDGED_FROM and self.shown_frames < _EVERY * self.due_frames:
            parts.append(f"{self.shown_frames / self.due_frames:.0%} of the frames shown")
        return " · ".join(parts)

    @property
    def is_looping(self) -> bool:
        """Whether the range starts again at its end."""
        return self._is_looping

    def toggle(self) -> None:
        """Space: play at the chosen speed, or pause."""
        self._play(self._chosen) if not self._desk.is_playing else self._desk.set_playing(False)

    def forward(self, *, is_slow: bool = False) -> None:
        """L: play forward; again: faster."""
        self._play(SLOW if is_slow else self._faster(1))

    def backward(self, *, is_slow: bool = False) -> None:
        """J: play backward; again: faster, up to twice the clip's speed."""
        self._play(-SLOW if is_slow else max(self._faster(-1), -FASTEST_BACK))

    def stop(self) -> None:
        """K: stop."""
        self._desk.set_playing(False)

    def loop_range(self) -> None:
        """Shift+Space: play the range over and over, or stop that."""
        is_on = self._desk.is_playing and self._is_looping
        self._desk.set_playing(False)
        if not is_on:
            self._play(self._chosen)
            self._is_looping = self._desk.is_playing

    def play_around(self) -> None:
        """Shift+K: one second before to one second after the frame in view, then stop."""
        source = self._desk.source
        if source is None:
            return
        here = self._desk.time_of(self._desk.frame)
        first = bisect_right(source.times, here - _AROUND_SECONDS) - 1
        last = bisect_right(source.times, here + _AROUND_SECONDS) - 1
        self._desk.set_playing(False)
        self._desk.set_frame(max(first, 0))
        self._play(self._chosen)
        self._bounds = (max(first, 0), last)

    def _faster(self, way: int) -> float:
        """The chosen speed in that direction, 1 or -1; the next one if it plays that way already."""
        if not self._desk.is_playing or self._speed * way <= 0:
            return self._chosen * way
        return next((speed for speed in SPEEDS if speed > abs(self._speed)), SPEEDS[-1]) * way

    def _play(self, speed: float) -> None:
        self._speed = speed
        self._bounds = None
        first, last = self._limits()
        if self._desk.frame_count and speed > 0 and self._desk.frame >= last:
            self._desk.set_frame(first)
        elif self._desk.frame_count and speed < 0 and self._desk.frame <= first:
            self._desk.set_frame(last)
        self._anchor()
        self._desk.set_playing(True)

    def _limits(self) -> tuple[int, int]:
        """The frames that are played: the range if the frame in view lies in it, else the clip."""
        if self._bounds is not None:
            return self._bounds
        first, last = self._desk.range
        if self._is_looping or first <= self._desk.frame <= last:
            return first, last
        return 0, self._desk.frame_count - 1

    def _take_project(self) -> None:
        held = None if self._desk.project is None else self._desk.project.recall(SETTING)
        self._chosen = held if isinstance(held, float) and held in SPEEDS else 1.0
        self.speed_chosen.emit()

    def _take_playing(self, is_playing: bool) -> None:
        if is_playing:
            self.shown_frames = self.due_frames = 0
            self._anchor()
            self._timer.start()
        else:
            self._timer.stop()
            self._is_looping, self._bounds = False, None

    def _take_frame(self, frame: int) -> None:
        if self._timer.isActive() and not self._is_moving:
            self._anchor()

    def _anchor(self) -> None:
        self._start = (self._clock(), self._desk.time_of(self._desk.frame) if self._desk.frame_count else 0.0)

    def tick(self) -> None:
        """Show the frame that is due now, unless the one before it is not on the screen yet."""
        source = self._desk.source
        if source is None or not self._is_shown():
            return
        began, start = self._start
        due = start + (self._clock() - began) * self._speed
        first, last = self._limits()
        frame = max(bisect_right(source.times, due) - 1, 0)
        is_over = frame > last or (frame == last and self._speed > 0 and due >= self._end_of(last))
        is_over = is_over or (self._speed < 0 and due < source.times[first])
        if is_over and self._is_looping:
            self._move(first if self._speed > 0 else last)
            self._anchor()
            return
        before = self._desk.frame
        self._move(min(max(frame, first), last))
        if self._desk.frame != before:
            self.shown_frames += 1
            self.due_frames += abs(self._desk.frame - before)
        if is_over:
            self._desk.set_playing(False)

    def _end_of(self, frame: int) -> float:
        """When a frame's time on the screen is over."""
        source = self._desk.source
        assert source is not None
        if frame + 1 < source.frame_count:
            return float(source.times[frame + 1])
        return float(source.times[frame]) + 1 / max(source.fps, 1e-3)

    def _move(self, frame: int) -> None:
        self._is_moving = True
        self._desk.set_frame(frame)
        self._is_moving = False
