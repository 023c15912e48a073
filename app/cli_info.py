"""`masklet-studio info`: what is here. Nothing heavy is imported for it."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from app.inference.checkpoints import OFFICIAL, catalogue, checkpoint_folder
from app.inference.devices import visible_devices

PACKAGES = ("masklet-studio", "torch", "PySide6", "av", "opencv-python", "numpy", "pycocotools")


def print_info() -> None:
    """Print versions, devices and models."""
    print("Versions")
    _print_rows([("Python", f"{platform.python_version()} on {platform.platform()}")])
    _print_rows([(package, _version(package)) for package in PACKAGES])
    print("\nDevices (the first one is taken by itself)")
    devices = [(one.name, f"{one.label}: {one.obstacle}" if one.obstacle else one.label) for one in visible_devices()]
    _print_rows(devices)
    print("\nModels")
    here = catalogue()
    _print_rows([(one.name, f"{one.title}, {_size(one.path)}, {one.path}") for one in here])
    if not here:
        print("  none; the built-in one is missing, so this installation is incomplete")
    names = {checkpoint.name for checkpoint in here}
    absent = [official for official in OFFICIAL if official.name not in names]
    if absent:
        print(f"\nMore models: put any of these files into {checkpoint_folder()}")
        _print_rows([(official.name, f"{official.file}, {official.bytes / 1e6:.0f} MB") for official in absent])
        print(f"  from {absent[0].address.rpartition('/')[0]}/ (2.1) and …/072824/ (2.0)")


def _print_rows(rows: list[tuple[str, str]]) -> None:
    for name, text in rows:
        print(f"  {name:<16}{text}")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB"
