"""Progress on the command line: a bar on a terminal, a line now and then elsewhere; and stopping with Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

BAR = "{desc} {percentage:3.0f} % {bar} {n_fmt} of {total_fmt}{unit} · {rate_noinv_fmt} · {remaining} left"
LINE_EVERY_SECONDS, LINE_EVERY_SHARE = 1.0, 0.05
"""Off a terminal a line comes no more often than either."""


class ProgressDisplay:
    """Shows how far one piece of work is; a context manager."""

    def __init__(self, title: str, unit: str = "frames", stream: TextIO | None = None) -> None:
        self._title = title
        self._unit = unit
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._bar: Any = None
        self._began = time.monotonic()
        self._first: int | None = None
        self._told_at, self._told = float("-inf"), -1.0
        self._last: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._last is not None and kind is None and self._told < 1.0:
            self._print(*self._last)

    def show(self, done: int, total: int) -> None:
        """`done` of `total` steps are complete."""
        if self._first is None:
            self._first, self._began = done, time.monotonic()
        self._last = done, total
        if self._is_terminal:
            self._show_bar(done, total)
            return
        share = done / total if total else 1.0
        is_due = time.monotonic() - self._told_at >= LINE_EVERY_SECONDS and share - self._told >= LINE_EVERY_SHARE
        if is_due or (done == total and self._told < 1.0):
            self._print(done, total)

    def say(self, line: str) -> None:
        """Print a line without spoiling the bar."""
        if self._bar is not None:
            self._bar.write(line, file=self._stream)
        else:
            print(line, file=self._stream, flush=True)

    def _show_bar(self, done: int, total: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            tqdm.monitor_interval = 0
            # Terminals without a size exist: in containers, in editors, under `script`.
            has_size = min(os.get_terminal_size(self._stream.fileno())) > 0
            self._bar = tqdm(
                total=total,
                desc=self._title,
                unit=f" {self._unit}",
                file=self._stream,
                dynamic_ncols=has_size,
                ncols=None if has_size else 80,
                nrows=None if has_size else 20,
                bar_format=BAR,
            )
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def _print(self, done: int, total: int) -> None:
        self._told_at, self._told = time.monotonic(), done / total if total else 1.0
        line = f"{self._title}: {done} of {total} {self._unit} ({100 * self._told:.0f} %)"
        worked, seconds = done - (self._first or 0), time.monotonic() - self._began
        if worked > 0 and seconds > 0:
            from app.inference.forecast import duration

            rate = worked / seconds
            line += f", {rate:.1f} {self._unit}/s"
            if done < total:
                line += f", about {duration((total - done) / rate)} left"
        print(line, file=self._stream, flush=True)


class StopRequest:
    """Within this context the first Ctrl-C only sets `is_set`, so that the work can end in order; the second one ends
    it at once (KeyboardInterrupt).
    """

    def __init__(self) -> None:
        self.is_set = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True
        print("\nStopping in a moment; Ctrl-C again stops at once.", file=sys.stderr, flush=True)
