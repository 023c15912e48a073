"""Exit codes, and the faults that only the command line has."""

from __future__ import annotations

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_ENVIRONMENT, EXIT_INTERRUPTED = 0, 1, 2, 3, 130
EXIT_BUG = 1


class UsageError(Exception):
    """The command line is wrong, or names something that cannot be used."""


class EnvironmentMissing(Exception):
    """This machine lacks something that the command needs."""


class WorkFailed(Exception):
    """The work began and did not come to its end; the message says what is kept."""


def exit_code_of(error: Exception) -> int:
    """The exit code of a fault."""
    if isinstance(error, UsageError):
        return EXIT_USAGE
    return EXIT_ENVIRONMENT if isinstance(error, EnvironmentMissing) else EXIT_FAILED
