"""A process killed at any moment loses no step that was acknowledged and leaves no broken file."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.document.project import Project

ROOT = Path(__file__).resolve().parents[2]

WORK = """
import sys
from pathlib import Path
import numpy as np
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks, SetObject, SetPrompt
from app.document.values import Clip, FrameMask, Point, Prompt, TrackedObject

folder, copies = Path(sys.argv[1]), sys.argv[2] == "copies"
path = folder / "work.masklet"
project = Project.open(path) if path.exists() else Project.create(path, Clip("a", "a", 100_000, 40, 50, 25.0))
if not project.document.objects:
    with project.history.transaction("Objects") as transaction:
        for object_id in (1, 2):
            transaction.apply(SetObject(object_id, TrackedObject(object_id, str(object_id))))
pixels = np.random.default_rng(1).random((40, 50)) < 0.5
start = len(project.document.masks_of(1))
print("ready", flush=True)
for frame in range(start, 100_000):
    pixels = np.roll(pixels, 7)
    mask = FrameMask(MaskCode.from_array(pixels), iou=frame / 100_000)
    with project.history.transaction("Both") as transaction:
        transaction.apply(SetPrompt((1, frame), Prompt((Point(frame % 50, 1),))))
        transaction.apply(SetMasks({(1, frame): mask}))
        transaction.apply(SetMasks({(2, frame): mask}))
    if frame % 3 == 0:
        project.flush()
        print("flushed", frame, flush=True)
    if copies and frame % 4 == 0:
        project.save_copy(folder / "copy.masklet")
        print("copied", frame, flush=True)
"""


def work_until_killed(folder: Path, seconds: float, mode: str) -> dict[str, int]:
    """Let a process work, kill it after that many seconds of work; gives the last frame of each acknowledgement."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder), mode], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    process.kill()
    said, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    return {words[0]: int(words[1]) for line in said.splitlines() if len(words := line.split()) == 2}


def check_whole(path: Path, last: int) -> None:
    """The file is sound, holds all frames up to the last acknowledged one, and no half of a step."""
    project = Project.open(path)
    document = project.document
    frames = document.frames_with_masks(1)
    assert frames == list(range(len(frames))) and len(frames) > last
    assert document.frames_with_masks(2) == frames and document.frames_with_prompts(1) == frames
    for frame in frames[:: max(1, len(frames) // 20)] + frames[-1:]:
        assert document.masks_of(1)[frame].iou == frame / 100_000
        assert document.masks_of(1)[frame].code == document.masks_of(2)[frame].code
    project.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_killed_process_loses_no_acknowledged_step(tmp_path: Path) -> None:
    chance, last = random.Random(7), -1
    for _ in range(5):
        said = work_until_killed(tmp_path, chance.uniform(0.05, 0.5), "steps")
        last = max(last, said.get("flushed", -1))
        check_whole(tmp_path / "work.masklet", last)
    assert last > 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_process_killed_while_copying_leaves_a_whole_copy(tmp_path: Path) -> None:
    chance, copied = random.Random(8), -1
    for _ in range(5):
        said = work_until_killed(tmp_path, chance.uniform(0.05, 0.5), "copies")
        check_whole(tmp_path / "work.masklet", said.get("flushed", -1))
        copied = max(copied, said.get("copied", -1))
        if copied >= 0:
            check_whole(tmp_path / "copy.masklet", copied)
    assert copied > 0
    project = Project.open(tmp_path / "work.masklet")
    project.save_copy(tmp_path / "copy.masklet")
    project.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.masklet", "work.masklet"]


FULL = """
import resource, signal, sys
from app.document.project import Project
from app.document.steps import SetMasks, SetObject
from app.document.store import ProjectError
from app.document.values import Clip, FrameMask, TrackedObject
import numpy as np
from app.document.masks import MaskCode

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
project = Project.create(sys.argv[1], Clip("a", "a", 1000, 60, 70, 25.0))
with project.history.transaction("Object") as transaction:
    transaction.apply(SetObject(1, TrackedObject(1, "noise")))
project.flush()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
rng, sentence = np.random.default_rng(0), ""
for frame in range(1000):
    with project.history.transaction("Draw") as transaction:
        mask = FrameMask(MaskCode.from_array(rng.random((60, 70)) < 0.5))
        transaction.apply(SetMasks({(1, frame): mask}))
    if sentence:
        break
    try:
        project.flush()
    except ProjectError as error:
        sentence = str(error)
print(sentence)
print(project.store.unsaved_steps, len(project.document.masks))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
project.flush()
print(repr(project.store.problem), project.store.unsaved_steps)
project.close()
print(len(Project.open(sys.argv[1], read_only=True).document.masks))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_loses_nothing_and_all_is_written_when_there_is_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "full.masklet")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    sentence, kept, mended, masks = done.stdout.splitlines()
    assert sentence.startswith("The disk of full.masklet is full or gone") and "1 step is not saved yet" in sentence
    unsaved, in_memory = kept.split()
    assert unsaved == "2" and int(in_memory) > 20
    assert mended == "'' 0"
    assert masks == in_memory
