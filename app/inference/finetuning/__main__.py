"""`python -m app.inference.finetuning PROJECT FOLDER`: a project as a data folder; training calls this for `--data`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.errors import sentence_of
from app.inference.finetuning.data_folder import LARGEST_SIDE, write_data_folder
from app.inference.finetuning.truth import read_truth


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the folder; gives the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m app.inference.finetuning", description=__doc__)
    parser.add_argument("project", type=Path, help="project file")
    parser.add_argument("folder", type=Path, help="where to; empty or absent")
    parser.add_argument("--unverified", action="store_true", help="also masks that nobody verified")
    given = parser.parse_args(arguments)
    try:
        truth = read_truth(given.project, only_verified=not given.unverified)
        for _ in write_data_folder(given.folder, [truth], {truth.project: truth.frames}, LARGEST_SIDE):
            pass
    except Exception as error:
        said = sentence_of(error)
        if said is None:
            raise
        print(said, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
