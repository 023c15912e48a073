"""`python -m sam2_core.evaluation <what>`: measure this implementation."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence

COMMANDS = {
    "parity": ("sam2_core.evaluation.parity", "compare with a collection of reference numbers"),
    "davis": ("sam2_core.evaluation.davis", "J and F of objects followed from their first mask"),
    "interactive": ("sam2_core.evaluation.interactive", "what clicks and boxes give, by a simulated person"),
    "speed": ("sam2_core.evaluation.speed", "time of every part on a device"),
}
"""Sub-command to its module, which has `add_arguments(parser)` and `run(arguments) -> int`, and what it is for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sub-command; gives the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m sam2_core.evaluation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    wanted = next((word for word in (sys.argv[1:] if arguments is None else arguments) if word in COMMANDS), None)
    for name, (module, purpose) in COMMANDS.items():
        if importlib.util.find_spec(module) is None:
            continue
        command = commands.add_parser(name, help=purpose, description=purpose)
        # Only the module that is asked for is imported: each brings its own libraries.
        if name == wanted:
            importlib.import_module(module).add_arguments(command)
    given = parser.parse_args(arguments)
    status: int = importlib.import_module(COMMANDS[given.command][0]).run(given)
    return status


if __name__ == "__main__":
    sys.exit(main())
