"""The program's start, in a process of its own: shown before anything heavy, and nothing left after it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

SHOWN = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
heavy = []
def look():
    heavy.extend(name for name in ("torch", "sam2_core", "av", "imageio_ffmpeg") if name in sys.modules)
    [window for window in app.topLevelWidgets() if window.isVisible() and window.inherits("QMainWindow")][0].close()
QTimer.singleShot(500, look)
from app.ui.start import run_window
status = run_window()
print("heavy:", heavy, "status:", status)
"""

WORKED = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
if __name__ == "__main__":
    app = QApplication([])
    seen = []
    def look():
        window = next(w for w in app.topLevelWidgets() if w.isVisible() and w.inherits("QMainWindow"))
        tracking = window.desk.tracking
        state = "none" if tracking is None else tracking.status.state
        if state in ("ready", "failed"):
            seen.extend([state, "torch" in sys.modules])
            timer.stop()
            window.close()
    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(50)
    from app.ui.start import run_window
    from app.ui.places import Places
    Places().choose_model(sys.argv[2], "cpu")
    status = run_window(sys.argv[1])
    import multiprocessing, threading
    threads = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
    print("seen:", seen, "status:", status, "children:", multiprocessing.active_children(), "threads:", threads)
"""


def run(script: Path, *args: str, home: Path) -> str:
    environment = {**os.environ, "HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DOCUMENTS_DIR"):
        environment[variable] = str(home / variable.lower())
    done = subprocess.run(
        [sys.executable, str(script), *args], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_window_is_shown_without_torch(tmp_path: Path) -> None:
    script = tmp_path / "shown.py"
    script.write_text(SHOWN)
    assert "heavy: [] status: 0" in run(script, home=tmp_path)


@pytest.mark.slow
def test_the_models_process_starts_after_the_window_and_ends_with_it(tmp_path: Path) -> None:
    import torch

    from sam2_core.checkpoint import save_checkpoint
    from sam2_core.config import EfficientNetConfig, ModelConfig
    from sam2_core.model.sam2 import Sam2Model

    narrow = {"hidden": 32, "memory_dim": 8, "decoder_mlp": 64, "decoder_heads": 2, "iou_hidden": 32}
    config = ModelConfig(
        "narrow", "2.1", EfficientNetConfig(), image_size=128, attention_layers=1, attention_ffn=64, **narrow
    )
    torch.manual_seed(1)
    save_checkpoint(tmp_path / "narrow.pt", Sam2Model(config).eval())
    clip = tmp_path / "clip"
    clip.mkdir()
    for frame in range(3):
        Image.fromarray(np.full((48, 64, 3), 40 * frame, np.uint8)).save(clip / f"{frame}.png")
    script = tmp_path / "worked.py"
    script.write_text(WORKED)
    said = run(script, str(clip), str(tmp_path / "narrow.pt"), home=tmp_path)
    assert "seen: ['ready', False] status: 0 children: [] threads: []" in said
