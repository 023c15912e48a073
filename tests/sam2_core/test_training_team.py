"""Two processes train one model through torchrun: other samples, the same weights, exactly on where they stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = '''
"""What torchrun starts: the command itself, with a look at each process's weights and samples."""

import dataclasses, hashlib, json, os, sys
from pathlib import Path

from sam2_core.training import __main__ as program
from sam2_core.training.paper_recipes import ALL_RECIPES
from sam2_core.training.recipes import StageRecipe

data, out = Path(sys.argv[1]), Path(sys.argv[2])
ordinary = program.run_training


def digest(tensors):
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in tensors)).hexdigest()


def watched(training, **options):
    said = ordinary(training, **options)
    kept = training._samples._stills._kept
    seen = {
        "weights": digest(value for _, value in sorted(training.averaged_state().items())),
        "samples": digest(kept[number].pixels for number in sorted(kept)),
        "step": training.step,
        "size": training.team.size,
    }
    (out / f"{training.run_folder.name}_{training.step}_{training.team.rank}.json").write_text(json.dumps(seen))
    return said


program.run_training = watched
# A process joins a team once; here it runs three commands.
team = program.join_team("cpu")
program.join_team, leave_team, program.leave_team = lambda device: team, program.leave_team, lambda: None
stage = StageRecipe(steps=4, learning_rate=2e-3, warmup=2, pictures=2, objects=2, frames=2, clip_share=0.5)
recipe = dataclasses.replace(ALL_RECIPES["tiny_trial"], stages=(stage,))
for name, steps in (("whole", 4), ("parts", 2), ("parts", 4)):
    ALL_RECIPES["tiny_trial"] = recipe
    words = ["--config", "tiny_trial", "--data", str(data), "--run", str(out / name), "--threads", "1"]
    ordinary_steps = program.Training.steps
    program.Training.steps = lambda self, until=None: ordinary_steps(self, steps)
    status = program.main([*words, "--device", "cpu", "--start", str(out / "start.pt")])
    program.Training.steps = ordinary_steps
    if status:
        sys.exit(status)
leave_team()
'''


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_see_other_samples_and_keep_the_same_weights(tmp_path: Path) -> None:
    import torch

    from sam2_core.checkpoint import save_checkpoint
    from sam2_core.model.sam2 import Sam2Model
    from sam2_core.training.recipes import RECIPES

    folder = tmp_path / "data" / "stills" / "shapes"
    folder.mkdir(parents=True)
    for number in range(4):
        picture = np.random.default_rng(number).integers(0, 120, (128, 128, 3), dtype=np.uint8)
        index_map = np.zeros((128, 128), np.uint8)
        picture[20:80, 10 + 10 * number : 70] = (220, 60 * number, 40)
        index_map[20:80, 10 + 10 * number : 70] = 1
        Image.fromarray(picture).save(folder / f"{number:04}.jpg")
        Image.fromarray(index_map).save(folder / f"{number:04}.png")
    torch.manual_seed(1)
    save_checkpoint(tmp_path / "start.pt", Sam2Model(RECIPES["tiny_trial"].model))
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run(
        [*command, str(tmp_path / "program.py"), str(tmp_path / "data"), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    seen = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*_*_?.json")}
    assert sorted(seen) == ["parts_2_0", "parts_2_1", "parts_4_0", "parts_4_1", "whole_4_0", "whole_4_1"]
    assert all(one["size"] == 2 for one in seen.values())
    assert seen["whole_4_0"]["weights"] == seen["whole_4_1"]["weights"]
    assert seen["whole_4_0"]["samples"] != seen["whole_4_1"]["samples"]
    assert seen["parts_2_0"]["weights"] != seen["parts_4_0"]["weights"]
    assert seen["parts_4_0"]["weights"] == seen["parts_4_1"]["weights"] == seen["whole_4_0"]["weights"]
    rows = (tmp_path / "parts" / "metrics.csv").read_text().splitlines()
    assert len(rows) == 5, "one process writes the record"
    assert ended.stdout.count("2 processes") == 3, "one process speaks"
    config = json.loads((tmp_path / "whole" / "config.json").read_text())
    assert config["processes"] == 2
