"""Which exceptions are sentences for a person, and what becomes of the others: those are bugs, kept in a log file."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from pathlib import Path

OUR_PACKAGES = ("app", "exporters", "sam2_core")


def sentence_of(error: BaseException) -> str | None:
    """What to tell the person, or None where `error` is a bug.

    An exception class of our own packages carries a message that a person can act on, unless it derives from one of
    Python's own (a ValueError, say): those tell programmers of a wrong call. Errors of the operating system and a lack
    of memory are nobody's mistake either.
    """
    is_ours = type(error).__module__.partition(".")[0] in OUR_PACKAGES
    if is_ours and not isinstance(error, (ValueError, RuntimeError, LookupError, TypeError)):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    if isinstance(error, MemoryError):
        return "This computer's memory ran out: close other programs, or work on fewer objects or a smaller range."
    return None


def record_bug(error: BaseException, what: str) -> str:
    """Write the details of a bug into the log file; gives the sentence that names it."""
    details = "".join(traceback.format_exception(error))
    heading = (
        f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {what}\n"
        f"Masklet Studio on {platform.platform()}, Python {sys.version.split()[0]}\n"
    )
    message = next(iter(str(error).splitlines()), "")
    said = f"{what} stopped because of a bug in Masklet Studio ({type(error).__name__}: {message})."
    try:
        path = log_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(heading + details + "\n")
    except OSError as failure:
        return f"{said} The details could not be kept ({failure.strerror}):\n{details}"
    return f"{said} The details are in {path}."


def log_path() -> Path:
    """The log file; it is made when the first bug is recorded."""
    from platformdirs import user_log_path

    return user_log_path("masklet-studio", appauthor=False) / "bugs.log"
