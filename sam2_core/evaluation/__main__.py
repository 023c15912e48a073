"""`python -m sam2_core.evaluation <what>`: measure a model."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from sam2_core.device import keep_freed_memory
from sam2_core.errors import Sam2Error

COMMANDS = {
    "parity": ("sam2_core.evaluation.parity", "compare with a collection of reference numbers"),
    "davis": (
        "sam2_core.evaluation.davis",
        "video object segmentation: J and F of objects followed from a prompt on the first frame",
    ),
    "interactive": (
        "sam2_core.evaluation.interactive",
        "what a simulated person's clicks and boxes give on pictures, and with --video rounds of corrections on clips",
    ),
    "run": (
        "sam2_core.evaluation.training_run",
        "what a training run has come to so far, as a point of its curve",
    ),
    "speed": ("sam2_core.evaluation.speed", "time of every part on a device"),
}
"""Sub-command to its module, which has `add_arguments(parser)` and `run(arguments) -> int`, and what it is for."""

BAD_INPUT, STOPPED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; gives the process's exit status: 2 with one sentence on standard error for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m sam2_core.evaluation",
        description="Measure a model.",
        epilog="COMMAND --help tells what a command takes and what its figures mean.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in (sys.argv[1:] if arguments is None else arguments) if word in COMMANDS), None)
    for name, (module, purpose) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        # Only the module that is asked for is imported: each brings its own libraries.
        if name == wanted:
            importlib.import_module(module).add_arguments(command)
    given = parser.parse_args(arguments)
    keep_freed_memory()
    try:
        status: int = importlib.import_module(COMMANDS[given.command][0]).run(given)
    except Sam2Error as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"{error.filename or 'A file'} could not be read or written: {error.strerror}.", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("Stopped; nothing more was written.", file=sys.stderr)
        return STOPPED
    return status


if __name__ == "__main__":
    sys.exit(main())
