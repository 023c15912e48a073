"""`masklet-studio …`: one function per sub-command. Heavy imports stand inside the functions that need them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from app.cli.display import display_obstacle
from app.cli.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EnvironmentMissing, UsageError, exit_code_of
from app.cli.finetune import FINETUNE_HELP, add_finetune_options

PROGRAM = "masklet-studio"
COMMANDS = ("open", "propagate", "finetune", "demo", "info")

DESCRIPTION = "Label objects in video with Segment Anything 2, on your own machine."
OVERVIEW = f"""\
commands:
  {PROGRAM} [CLIP or PROJECT]        open the window; `open` in front of the path does the same
  {PROGRAM} propagate CLIP …         follow prompted objects through a clip and export, without a window
  {PROGRAM} finetune PROJECT …       let a model learn from the masks that you verified
  {PROGRAM} demo                     watch it at work on the clip that comes with the program
  {PROGRAM} info                     versions, devices and models of this machine
"""
EXIT_CODES = """\
exit codes:
  0  done
  1  the work failed; the message says what is kept
  2  a wrong command line, or something in it cannot be used: clip, prompts, range, target, model
  3  this machine lacks something: a device, a display, the built-in model, a package
  130  stopped with Ctrl-C
"""
PROMPTS_HELP = """\
the prompts file is JSON; frames count from 0, points and boxes are in pixels of the picture:
  {"objects": [
    {"name": "dog", "category": "animal",
     "prompts": [{"frame": 0, "points": [[210, 180, 1], [40, 30, 0]]},
                 {"frame": 48, "box": [120, 90, 330, 260]}]}]}
  a point is x, y and 1 (on the object) or 0 (not on it)

examples:
  masklet-studio propagate walk.mp4 --prompts walk.json --export coco:walk-coco --export davis:walk-davis
  masklet-studio propagate walk.mp4 --prompts walk.json --range 0:99 --project walk.masklet --overlay walk-masks.mp4
"""


def main(argv: Sequence[str]) -> int:
    """Run one command line (without the program's name); gives the exit code. Faults are a sentence on stderr."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        arguments = _parsed(list(argv))
        command: Callable[[argparse.Namespace], int] = arguments.run
        return command(arguments)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever reads our output has gone (`| head`); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BUG
    except ImportError:
        raise
    except Exception as error:
        return _told(error)


def run_open(arguments: argparse.Namespace) -> int:
    """Open the window, on a clip or a project if one is named."""
    path = None if arguments.path is None else _existing(arguments.path)
    _check_display()
    from app.ui.start import run_window

    return run_window(path)


def run_propagate(arguments: argparse.Namespace) -> int:
    """Follow objects through a clip without a window."""
    from app.cli.propagate import Request, propagate

    return propagate(
        Request(
            clip=arguments.clip,
            prompts=arguments.prompts,
            exports=tuple(arguments.export),
            options=tuple(arguments.option),
            overlay=arguments.overlay,
            color_by=arguments.color_by,
            project=arguments.project,
            checkpoint=arguments.checkpoint,
            device=arguments.device,
            frames=arguments.range,
            direction=arguments.direction,
            draft=arguments.draft,
            again=arguments.again,
            overwrite=arguments.overwrite,
        )
    )


def run_finetune(arguments: argparse.Namespace) -> int:
    """Let a model learn from verified masks, and tell whether it got better."""
    from app.cli.finetune import Request, finetune

    return finetune(Request.of(arguments))


def run_demo(arguments: argparse.Namespace) -> int:
    """Show the program at work on the bundled clip: in the window, or without a display as files in a folder."""
    from app.cli.demo import demo_files, make_demo

    clip, prompts = demo_files()
    if not arguments.no_window and arguments.out is None:
        obstacle = display_obstacle()
        if obstacle is None:
            from app.ui.start import run_window

            return run_window(clip, prompts, propagate=True)
        print(f"{obstacle} Here is the same without a window.")
    return make_demo(clip, prompts, arguments.out)


def run_info(arguments: argparse.Namespace) -> int:
    """Tell versions, devices and models."""
    from app.cli.info import print_info

    print_info()
    return EXIT_OK


def _check_display() -> None:
    obstacle = display_obstacle()
    if obstacle is not None:
        raise EnvironmentMissing(
            f"{obstacle} The window needs one; `{PROGRAM} propagate --help` tells how to work without it."
        )


def _existing(path: Path) -> Path:
    if not path.exists():
        near = f" For the commands see `{PROGRAM} --help`." if not path.suffix else ""
        raise UsageError(f"{path} does not exist.{near}")
    return path


def _told(error: Exception) -> int:
    """Print the sentence about a fault; gives the exit code."""
    from app.errors import record_bug, sentence_of

    said = sentence_of(error)
    if said is None:
        print(record_bug(error, PROGRAM), file=sys.stderr)
        return EXIT_BUG
    print(f"{PROGRAM}: {said}", file=sys.stderr)
    return exit_code_of(error)


# The command line


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without repeating the whole usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"Masklet Studio {_version()}")
        parser.exit()


def _parsed(argv: list[str]) -> argparse.Namespace:
    is_path = bool(argv) and not argv[0].startswith("-") and argv[0] not in COMMANDS
    return _parser().parse_args(["open", *argv] if is_path or not argv else argv)


def _parser() -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [command] …",
        description=DESCRIPTION,
        epilog=f"{OVERVIEW}\n{EXIT_CODES}",
        formatter_class=layout,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version")
    commands = parser.add_subparsers(
        dest="command", required=True, prog=PROGRAM, parser_class=_Parser, help=argparse.SUPPRESS
    )

    opening = commands.add_parser("open", help="open the window", description="Open the window.")
    opening.add_argument("path", nargs="?", type=Path, metavar="CLIP or PROJECT", help="what to open in it")
    opening.set_defaults(run=run_open)

    propagating = commands.add_parser(
        "propagate",
        description="Follow prompted objects through a clip, and export their masks.",
        epilog=f"{PROMPTS_HELP}\n{EXIT_CODES}",
        formatter_class=layout,
    )
    _add_propagate_options(propagating)

    learning = commands.add_parser(
        "finetune",
        description="Let a model learn from the masks that you verified. The last quarter of the verified frames of "
        "every clip is kept back; the model is measured there before and after, and goes into the list of models "
        "unless it is no better.",
        epilog=f"{FINETUNE_HELP}\n{EXIT_CODES}",
        formatter_class=layout,
    )
    add_finetune_options(learning)
    learning.set_defaults(run=run_finetune)

    showing = commands.add_parser(
        "demo",
        description="Watch the program at work on the clip that comes with it: in the window, or as files in a folder.",
        epilog=EXIT_CODES,
        formatter_class=layout,
    )
    showing.add_argument("--out", type=Path, metavar="DIR", help="work without a window, and put the files here")
    showing.add_argument("--no-window", action="store_true", help="work without a window, in ./masklet-demo")
    showing.set_defaults(run=run_demo)

    telling = commands.add_parser("info", description="Tell versions, devices and models of this machine.")
    telling.set_defaults(run=run_info)
    return parser


def _add_propagate_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("clip", type=Path, metavar="CLIP", help="a video, a folder of pictures, or a picture")
    add("--prompts", type=Path, metavar="FILE.json", help="what to follow (below); not needed to go on with a project")
    add(
        "--export",
        action="append",
        default=[],
        metavar="FORMAT:DIR",
        help="such as coco:DIR or davis:DIR (`info` lists the formats); may be given several times",
    )
    add(
        "--option",
        action="append",
        default=[],
        metavar="FORMAT.NAME=VALUE",
        help="of an export, such as coco.with_images=no; `info` lists them",
    )
    add("--overlay", type=Path, metavar="FILE.mp4", help="a video with the masks drawn on it")
    add("--color-by", choices=("object", "category"), default="object", help="of the overlay's masks (default: object)")
    add("--project", type=Path, metavar="FILE.masklet", help="keep the work here; the same command goes on from it")
    add("--checkpoint", default="built-in", metavar="NAME|FILE", help="the model: a name from `info`, or a weight file")
    add("--device", default="auto", metavar="NAME", help="auto (the default), cuda, cuda:1, mps or cpu")
    add("--range", metavar="A:B", help="only frames A to B, both included; either may be left out")
    add("--direction", choices=("both", "forward", "backward"), default="both", help="from the prompts (default: both)")
    add("--draft", type=int, metavar="N", help="only every N-th frame (2 to 8) without a mask, to find trouble")
    add("--again", action="store_true", help="compute frames anew that the project has masks for")
    add("--overwrite", action="store_true", help="replace earlier exports and videos at these places")
    parser.set_defaults(run=run_propagate)


def _version() -> str:
    from app.cli.info import program_version

    return program_version()
