"""Takes the picture of the README from the program itself: the bundled clip with its objects, the run at work.

xvfb-run -a -s "-screen 0 1600x1000x24" python tests/take_screenshot.py resources/screenshot.png
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.cli.demo import demo_files
from app.commands.review import verify_cells
from app.ui import theme
from app.ui.places import Places
from app.ui.start import apply_when_open
from app.ui.window import MainWindow

SHOWN_FRAME = 58
VERIFIED = range(0, 34)
PATIENCE_SECONDS = 900


def wait_for(is_so, what: str) -> None:
    """Let the window live until `is_so()`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"Waited for {what} in vain.")
        loop = QEventLoop()
        QTimer.singleShot(50, loop.quit)
        loop.exec()


def main(target: Path, share: float) -> None:
    """Save the window as a PNG when `share` of the run is done, so that the picture shows it at work."""
    app = QApplication(sys.argv[:1])
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory() as folder:
        clip, prompts = demo_files()
        window = MainWindow(places=Places(Path(folder) / "places.json"), project_folder=Path(folder))
        window.resize(1600, 1000)
        window.show()
        apply_when_open(window, prompts, propagate=True)
        window.projects.open_anything(clip)
        wait_for(lambda: window.desk.project is not None, "the clip")
        desk = window.desk
        total = 2 * desk.frame_count
        wait_for(lambda: len(desk.document.masks) >= share * total, "the run")
        verify_cells(desk.project, [(1, frame) for frame in VERIFIED if (1, frame) in desk.document.masks])
        desk.select(1)
        desk.set_frame(SHOWN_FRAME)
        loop = QEventLoop()
        QTimer.singleShot(2500, loop.quit)
        loop.exec()
        window.grab().save(str(target))
        window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.75)
