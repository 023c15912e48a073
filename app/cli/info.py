"""`masklet-studio info`: what is here. Nothing heavy is imported for it."""

from __future__ import annotations

import importlib.metadata
import platform
import tomllib
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from app.inference.checkpoints import OFFICIAL, catalogue, checkpoint_folder
from app.inference.devices import visible_devices
from exporters.registry import FORMATS

PACKAGES = ("torch", "PySide6", "av", "opencv-python", "numpy", "pycocotools")


def print_info() -> None:
    """Print versions, devices and models."""
    print("Versions")
    _print_rows(
        [("masklet-studio", program_version()), ("Python", f"{platform.python_version()} on {platform.platform()}")]
    )
    _print_rows([(package, _version(package)) for package in PACKAGES])
    print("\nDevices (the first one is taken by itself)")
    devices = [(one.name, f"{one.label}: {one.obstacle}" if one.obstacle else one.label) for one in visible_devices()]
    _print_rows(devices)
    print("\nModels")
    here = catalogue()
    _print_rows([(one.name, f"{one.title}, {_size(one.path)}, {one.path}") for one in here])
    if not here:
        print("  none; the built-in one is missing, so this installation is incomplete")
    print("\nExport formats, and their options")
    for chosen in FORMATS.values():
        _print_rows([(chosen.name, chosen.title)])
        _print_rows([(f"  {one.name}={_plain(one.default)}", _help(one)) for one in fields(chosen.options)], width=32)
    names = {checkpoint.name for checkpoint in here}
    absent = [official for official in OFFICIAL if official.name not in names]
    if absent:
        print(f"\nMore models: put any of these files into {checkpoint_folder()}")
        _print_rows([(official.name, f"{official.file}, {official.bytes / 1e6:.0f} MB") for official in absent])
        print(f"  from {absent[0].address.rpartition('/')[0]}/ (2.1) and …/072824/ (2.0)")


def program_version() -> str:
    """The version of this program, also where it runs from its folder without being installed."""
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    try:
        return importlib.metadata.version("masklet-studio")
    except importlib.metadata.PackageNotFoundError:
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def _print_rows(rows: list[tuple[str, str]], width: int = 16) -> None:
    for name, text in rows:
        print(f"  {name:<{width}}{text}")


def _help(option: Field[Any]) -> str:
    choices = option.metadata.get("choices")
    said = str(option.metadata.get("help", option.metadata.get("title", "")))
    return f"{said} ({', '.join(map(str, choices))})" if choices else said


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB"
