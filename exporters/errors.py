"""What an export or a reading can tell a person: each message says what happened, where, and what to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exporters.report import Report


class ExportError(Exception):
    """An export that cannot be made. The message is a sentence or two that a person can act on."""


class VerificationFailed(ExportError):
    """What was written does not read back as it should; nothing has been published. `report` tells the differences."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


class ReadError(Exception):
    """A data set that cannot be read. The message names the file and the place in it."""
