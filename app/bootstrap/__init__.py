"""What is missing on this machine, and how it gets here: standard library only, since nothing else may be there yet.

`start` is what `main.py` calls. Without `--setup` or `--self-test` it installs nothing: it starts the program where
everything is at hand (this interpreter, or the `.venv` beside `main.py`), and otherwise says what is missing and which
command mends it.
"""

from __future__ import annotations

import os
import sys

# Nothing more than a second start needs: what sets up is imported where it begins.
from app.bootstrap import environment, system
from app.bootstrap.failure import Failed

OLDEST_PYTHON = (3, 11)
MAIN = str(environment.CHECKOUT / "main.py")
EXIT_ENVIRONMENT = 3
EXIT_INTERRUPTED = 130


class Request:
    """What the command line asks of the set-up, and the words that are left for the program."""

    def __init__(self, words: list[str]) -> None:
        self.setup = False
        self.self_test = False
        self.torch_index: str | None = None
        self.words = words


def start(arguments: list[str]) -> int:
    """Start the program, setting this machine up first where `arguments` ask for it; gives the exit code.

    Exit code 3: something is missing here, and the last line printed says what to do.
    """
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise Failed(
                f"Masklet Studio needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
                "Start it with a newer python3."
            )
        request = parse(arguments)
        if request.self_test:
            return _self_test(request)
        if request.setup:
            _set_up(request, extras=())
            return _go_on([MAIN, *request.words])
        return _start_without_installing(request.words)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("\nStopped. What is installed so far stays; the same command goes on from there.", file=sys.stderr)
        return EXIT_INTERRUPTED


def parse(arguments: list[str]) -> Request:
    """Split `arguments` into the set-up's own options, which come first, and the program's words."""
    request = Request(list(arguments))
    while request.words and request.words[0] in ("--setup", "--self-test", "--torch-index"):
        option = request.words.pop(0)
        if option == "--setup":
            request.setup = True
        elif option == "--self-test":
            request.self_test = True
        elif request.words:
            request.torch_index = request.words.pop(0)
        else:
            raise Failed("--torch-index wants the address of a package index, as PyTorch's install page shows it.")
    return request


def _start_without_installing(words: list[str]) -> int:
    missing = environment.missing_packages()
    if missing and not environment.is_running() and environment.is_sound(extras=()):
        return _go_on([MAIN, *words])
    if missing:
        few = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise Failed(
            f"Not set up yet: {few}. `python3 main.py --setup` installs what is missing into .venv beside main.py, "
            "and starts the program."
        )
    from app.cli import main

    try:
        return main(words)
    except ImportError as error:
        if not environment.is_running():
            raise
        # The next set-up finds no stamp and makes the environment anew.
        environment.STAMP.unlink(missing_ok=True)
        raise Failed(
            f"The environment in .venv is damaged ({error}). `python3 main.py --setup` makes it anew."
        ) from error


def _set_up(request: Request, extras: tuple[str, ...]) -> None:
    """Bring what is missing; prints nothing where nothing is missing."""
    libraries = system.missing_packages(for_tests=bool(extras))
    if not libraries and environment.is_sound(extras):
        return
    from app.bootstrap.narrator import Narrator

    narrator = Narrator(steps=("System libraries", "Python environment", "PyTorch", "Packages", "Masklet Studio"))
    narrator.step()
    system.provide(libraries, narrator)
    environment.provide(extras, request.torch_index, narrator)
    narrator.done()


def _self_test(request: Request) -> int:
    _set_up(request, extras=environment.TEST_EXTRAS)
    return _go_on(
        [
            "-m",
            "pytest",
            "--rootdir",
            str(environment.CHECKOUT),
            *(request.words or ["-n", "2", str(environment.CHECKOUT / "tests")]),
        ]
    )


def _go_on(words: list[str]) -> int:
    """Go on in the environment's interpreter; on POSIX this very process becomes the program."""
    command = [str(environment.interpreter()), *words]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    import subprocess

    return subprocess.call(command)
