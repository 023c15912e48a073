"""Says what the set-up does: a line per step, and what the tool that it waits for is busy with."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from app.bootstrap.failure import Failed

# A tool that is silent for this long gets a sign of life of ours.
SILENCE_SECONDS = 5.0
KEPT_LINES = 15
# Where every line stays, only some of what a tool says is worth one.
SECONDS_BETWEEN_LINES = 2.0
TOLD_ALWAYS = ("Downloading", "Installing")
TELLING = ("Collecting", "Downloading", "Installing", "Unpacking", "Setting up", "Get:", "Building")


class Narrator:
    """Prints the steps of a set-up as they come, and runs the tools of a step under its eye."""

    def __init__(self, steps: Sequence[str]) -> None:
        self._steps = list(steps)
        self._number = 0
        self._started = time.monotonic()
        self._on_terminal = sys.stdout.isatty()
        self._width = 0
        self._told_at = 0.0

    def step(self) -> None:
        """Announce the next step."""
        self._clear()
        self._number += 1
        print(f"[{self._number}/{len(self._steps)}] {self._steps[self._number - 1]}", flush=True)

    def say(self, text: str) -> None:
        """Print a line below the current step."""
        self._clear()
        print(f"      {text}", flush=True)

    def done(self) -> None:
        """Say that all steps are behind us, and how long they took."""
        self._clear()
        print(f"Set up in {time.monotonic() - self._started:.0f} s.\n", flush=True)

    def watch(self, command: Sequence[str], failure: str, variables: Mapping[str, str] | None = None) -> None:
        """Run `command` with extra environment `variables`, showing what it is busy with.

        Raises Failed with the sentence `failure` and the command's last lines if it cannot be started or fails.
        """
        try:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                env={**os.environ, **(variables or {})},
            )
        except OSError as error:
            raise Failed(f"{failure}: {command[0]} cannot be started ({error.strerror}).") from error
        kept: list[str] = []
        try:
            for line in _lines(process):
                if line.startswith(TELLING) or line.startswith("…"):
                    self._show(line)
                if not line.startswith("…"):
                    kept = [*kept[-KEPT_LINES:], line]
        except BaseException:
            process.terminate()
            process.wait()
            raise
        self._clear()
        if code := process.wait():
            details = "\n".join(f"      {line}" for line in kept)
            raise Failed(
                f"{failure} (exit {code}):\n{details}\nMend what these lines name and start the same command again."
            )

    def _show(self, text: str) -> None:
        """Show what goes on: on a terminal in one line that is written over, elsewhere only what is worth a line."""
        if self._on_terminal:
            text = text[: shutil.get_terminal_size().columns - 8]
            print(f"\r      {text.ljust(self._width)}", end="", flush=True)
            self._width = len(text)
        elif text.startswith(TOLD_ALWAYS) or time.monotonic() - self._told_at > SECONDS_BETWEEN_LINES:
            print(f"      {text[:200]}", flush=True)
            self._told_at = time.monotonic()

    def _clear(self) -> None:
        if self._width:
            print(f"\r      {' ' * self._width}\r", end="", flush=True)
            self._width = 0


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """The output of `process`, stripped, line by line; whenever it is silent for long, a line that starts with `…`."""
    output: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                output.put(line.strip())
        output.put(None)

    threading.Thread(target=read, name="set-up output", daemon=True).start()
    started = time.monotonic()
    while True:
        try:
            line = output.get(timeout=SILENCE_SECONDS)
        except queue.Empty:
            yield f"… {time.monotonic() - started:.0f} s"
            continue
        if line is None:
            return
        yield line
