"""What every test starts with, and what none may leave behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

# Before anything imports Qt or torch.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_SCALE_FACTOR", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import psutil
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from sam2_core.config import ModelConfig

settings.register_profile("suite", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("suite")

SECONDS_TO_END = 10.0


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder of the run's own, so that no test reads or writes what belongs to the person."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"):
            patch.setenv(variable, str(home))
        for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DOCUMENTS_DIR"):
            patch.setenv(variable, str(home / variable.lower()))
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        yield


@pytest.fixture(scope="session")
def narrow_config() -> ModelConfig:
    """All parts of the built-in model, narrow enough to answer in milliseconds."""
    from sam2_core.config import EfficientNetConfig, ModelConfig

    return ModelConfig(
        name="narrow",
        version="2.1",
        trunk=EfficientNetConfig(),
        image_size=128,
        hidden=32,
        memory_dim=8,
        decoder_mlp=64,
        decoder_heads=2,
        iou_hidden=32,
        attention_layers=1,
        attention_ffn=64,
    )


@pytest.fixture(scope="session")
def weights(narrow_config: ModelConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrow model with generated weights, as a file: it answers nonsense."""
    # Imported where it is used, because most tests need no torch.
    import torch

    from sam2_core.checkpoint import save_checkpoint
    from sam2_core.model.sam2 import Sam2Model

    torch.manual_seed(11)
    path = tmp_path_factory.mktemp("weights") / "narrow.pt"
    save_checkpoint(path, Sam2Model(narrow_config).eval())
    return path


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process, a top-level widget or a shared-memory block behind."""
    threads = set(threading.enumerate())
    children = set(psutil.Process().children(recursive=True))
    blocks = _shared_memory()
    yield
    deadline = time.monotonic() + SECONDS_TO_END
    while (left := _left(threads, children, blocks)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"left behind: {left}"


def _left(threads: set[threading.Thread], children: set[psutil.Process], blocks: set[str]) -> list[str]:
    left = [
        f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads and not _is_known(thread)
    ]
    for child in psutil.Process().children(recursive=True):
        if child not in children and not _is_resource_tracker(child):
            left.append(f"process {child.pid}")
    left += [f"shared memory {name}" for name in _shared_memory() - blocks]
    return left + _visible_widgets()


def _is_known(thread: threading.Thread) -> bool:
    # hypothesis and pytest-timeout keep threads of their own; torch's autograd has one for the whole process.
    return thread.name.startswith(("pytest", "hypothesis", "tqdm_monitor"))


def _is_resource_tracker(process: psutil.Process) -> bool:
    try:
        return "resource_tracker" in " ".join(process.cmdline()) or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.glob("psm_*")} if folder.is_dir() else set()


def _visible_widgets() -> list[str]:
    import sys

    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    application = widgets.QApplication.instance()
    application.processEvents()
    return [f"window {type(widget).__name__}" for widget in application.topLevelWidgets() if widget.isVisible()]
