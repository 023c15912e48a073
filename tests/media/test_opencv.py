"""OpenCV is imported without leaving its own Qt in the environment of programs that are started later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os
from app.media.opencv import cv2
print(os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH"), os.environ.get("QT_QPA_FONTDIR"), cv2.getNumThreads())
"""


@pytest.mark.parametrize("plugins", [None, "/somewhere/plugins"])
def test_importing_opencv_restores_the_environment_and_takes_one_thread(plugins: str | None) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_QPA_")}
    if plugins is not None:
        environment["QT_QPA_PLATFORM_PLUGIN_PATH"] = plugins
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == [str(plugins), "None", "1"]


def test_the_room_needs_neither_qt_nor_torch() -> None:
    forbidden = "{'torch', 'PySide6', 'app.document'}"
    program = f"import sys, app.media.clip, app.media.writer\nprint({forbidden} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "set()"
