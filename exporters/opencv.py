"""OpenCV without its side effects: the wheel points Qt at its own old plug-ins and takes every core."""

from __future__ import annotations

import os


def _quiet_import() -> None:
    kept = {name: os.environ.get(name) for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")}
    import cv2

    for name, value in kept.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    cv2.setNumThreads(1)


_quiet_import()

import cv2 as cv2  # noqa: E402 - only after the variables are safe
