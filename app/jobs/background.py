"""Everything that takes long and is not the model: imports, exports, proxies."""

from __future__ import annotations

import atexit
import itertools
from collections.abc import Callable, Generator
from typing import Any

from PySide6.QtCore import QTimer

from app.jobs.job import Job

_running: dict[int, Job] = {}
_numbers = itertools.count()


def run_in_background(make: Callable[[], Generator[Any, None, Any]], name: str = "The work") -> Job:
    """Start a job around the generator that `make` gives; its signals come on the calling thread.

    Connect to the job before the event loop goes on. The job is kept until it ends, and cancelled at exit.
    """
    job = Job(make, name)
    number = next(_numbers)
    _running[number] = job
    # By number, since what is connected to a job is never let go while it holds the job; and not before all have been
    # told of the end.
    job.ended.connect(lambda: QTimer.singleShot(0, lambda: _running.pop(number, None)))
    job.start()
    return job


def close_background() -> None:
    """Cancel what is running and wait for it; for the end of the program."""
    for job in _running.values():
        job.cancel()
    for job in _running.values():
        job.wait()
    _running.clear()


atexit.register(close_background)
