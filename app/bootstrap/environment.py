"""The Python environment in `.venv` beside `main.py`: is it sound, and how it is made.

A stamp in it holds what it was made from, so that a later start looks at a few files only.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.bootstrap.narrator import Narrator

CHECKOUT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = CHECKOUT / ".venv"
STAMP = ENVIRONMENT / "masklet-studio.json"
TEST_EXTRAS = ("test", "dev")

# import name -> distribution, for everything without which the program does not start
PACKAGES = {
    "torch": "torch",
    "numpy": "numpy",
    "PySide6": "PySide6",
    "cv2": "opencv-python",
    "pyqtgraph": "pyqtgraph",
    "imageio_ffmpeg": "imageio-ffmpeg",
    "pycocotools": "pycocotools",
    "platformdirs": "platformdirs",
    "av": "av",
    "psygnal": "psygnal",
    "PIL": "pillow",
    "tqdm": "tqdm",
}


def interpreter() -> Path:
    """The environment's Python, whether or not it is there."""
    return ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_running() -> bool:
    """Whether this very process runs in the environment."""
    return Path(sys.prefix).resolve() == ENVIRONMENT.resolve()


def missing_packages() -> list[str]:
    """The distributions that this interpreter cannot import, in a fixed order."""
    return [distribution for module, distribution in PACKAGES.items() if importlib.util.find_spec(module) is None]


def is_sound(extras: Iterable[str]) -> bool:
    """Whether the environment is whole, was made from this very lock, and holds `extras`. Takes a few milliseconds."""
    stamp = _read_stamp()
    return (
        stamp is not None
        and stamp["lock"] == _lock()
        and set(extras) <= set(stamp["extras"])
        and interpreter().exists()
        and stamp["packages"] == _fingerprint()
    )


def provide(extras: tuple[str, ...], torch_index: str | None, narrator: Narrator) -> None:
    """Make the environment, or add `extras` to a sound one. Raises Failed with what pip said."""
    narrator.step()
    stamp = _read_stamp() or {"extras": []}
    if is_sound(extras=()):
        narrator.say("there already")
        extras = tuple(sorted({*extras, *stamp["extras"]}))
    else:
        if ENVIRONMENT.exists():
            narrator.say("the one in .venv is damaged or out of date: making it anew")
            shutil.rmtree(ENVIRONMENT)
        # In an environment of its own, this process would make one that points back into it.
        python = getattr(sys, "_base_executable", None) or sys.executable
        narrator.watch([python, "-m", "venv", str(ENVIRONMENT)], "Python could not make an environment in .venv")
    for arguments in _installations(extras, torch_index):
        narrator.step()
        # Nothing outside the checkout is touched: no cache in the home folder.
        pip = [
            str(interpreter()),
            "-m",
            "pip",
            "install",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ]
        narrator.watch([*pip, *arguments], "pip could not install everything")
    write_stamp(extras)


def write_stamp(extras: Iterable[str]) -> None:
    """Note in the environment what it was made from, so that a later start can tell whether it is still that."""
    stamp = {"lock": _lock(), "extras": list(extras), "packages": _fingerprint()}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def _installations(extras: Iterable[str], torch_index: str | None) -> list[list[str]]:
    """What pip is called with, call by call. Torch comes alone and first: what asks for it later finds it there."""
    # Read only here: it costs as much as a whole start.
    import tomllib

    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += [
            name for name in project["optional-dependencies"][extra] if not name.startswith(f"{project['name']}[")
        ]
    pinned = ["-c", str(CHECKOUT / "constraints.txt")]
    index = ["--index-url", torch_index] if torch_index else []
    return [
        [*pinned, *index, *(name for name in wanted if name.startswith("torch"))],
        [*pinned, *(name for name in wanted if not name.startswith("torch"))],
        ["--no-deps", "--editable", str(CHECKOUT)],
    ]


def _read_stamp() -> dict[str, Any] | None:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return {"lock": stamp["lock"], "extras": stamp["extras"], "packages": stamp["packages"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lock() -> str:
    """All that decides what is installed, as text: to compare, a hash would only cost an import."""
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.")[0]
    constraints = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    return f"{CHECKOUT}\n{project}\n{constraints}"


def _fingerprint() -> dict[str, int]:
    """The packages that are there, each with the size of its first file: what is missing or cut short shows."""
    sizes = {}
    for folder in sorted(ENVIRONMENT.glob("Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages")):
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir() and not entry.name.startswith("__"):
                    first = Path(entry.path) / "__init__.py"
                    sizes[entry.name] = first.stat().st_size if first.exists() else -1
    return sizes
