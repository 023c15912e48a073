"""Everything that takes long and is not the model: imports, exports, proxies."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Generator
from typing import Any

from app.jobs.job import Job

_running: set[Job] = set()


def run_in_background(make: Callable[[], Generator[Any, None, Any]], name: str = "The work") -> Job:
    """Start a job around the generator that `make` gives; its signals come on the calling thread.

    Connect to the job before the event loop goes on. The job is kept until it ends, and cancelled at exit.
    """
    job = Job(make, name)
    _running.add(job)
    job.ended.connect(lambda: _running.discard(job))
    job.start()
    return job


def close_background() -> None:
    """Cancel what is running and wait for it; for the end of the program."""
    for job in list(_running):
        job.cancel()
    for job in list(_running):
        job.wait()
    _running.clear()


atexit.register(close_background)
