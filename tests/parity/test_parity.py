"""SAM 2 number for number."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from sam2_core.config import CONFIGS
from sam2_core.evaluation.__main__ import main
from sam2_core.evaluation.parity import run_case
from sam2_core.evaluation.parity_folder import Case, ParityFolder
from sam2_core.evaluation.parity_weights import draw_weight
from sam2_core.model.sam2 import Sam2Model


def test_every_value_is_within_tolerance(collection: ParityFolder, case: Case) -> None:
    result = run_case(collection, case)
    assert not result.error
    assert [(entry.array, entry.ratio, entry.note) for entry in result.differences if entry.ratio > 1.0] == []
    assert result.passed


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_published_models_have_exactly_the_published_tensors(collection: ParityFolder, name: str) -> None:
    with torch.device("meta"):
        model = Sam2Model(CONFIGS[name])
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    assert shapes == collection.shapes(name)
    assert collection.config(name, {}) == CONFIGS[name]


def test_the_weight_rule_gives_the_published_checksums(collection: ParityFolder) -> None:
    examples = json.loads((collection.root / "weights.json").read_text(encoding="utf-8"))["examples"]
    assert examples
    for example in examples:
        weight = draw_weight(collection.weight_rule, example["seed"], example["name"], example["shape"])
        digest = hashlib.sha256(weight.numpy().astype("<f4").tobytes()).hexdigest()
        assert digest == example["sha256_of_little_endian_float32_bytes"], example["name"]


@pytest.fixture
def small_collection(collection: ParityFolder, tmp_path: Path) -> Path:
    """A copy with a single quick case."""
    root = tmp_path / "collection"
    (root / "cases" / "module").mkdir(parents=True)
    for name in ("weights.json", "configs.json", "cases/state_dict_2.1_narrow.json"):
        shutil.copy(collection.root / name, root / name)
    for suffix in ("json", "npz"):
        shutil.copy(collection.cases_path / "module" / f"m10_prompts_narrow.{suffix}", root / "cases" / "module")
    return root


def test_the_command_prints_a_line_per_case_and_succeeds(
    small_collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    assert main(["parity", str(small_collection), "--json", str(report)]) == 0
    assert "m10_prompts_narrow" in capsys.readouterr().out
    [entry] = json.loads(report.read_text(encoding="utf-8"))
    assert entry["passed"] is True
    assert all(difference["ratio"] <= 1.0 for difference in entry["differences"])
    assert main(["parity", str(small_collection / "cases"), "--case", "m1*"]) == 0


def test_the_command_fails_when_a_value_is_past_its_tolerance(
    small_collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_collection / "cases" / "module" / "m10_prompts_narrow.npz"
    arrays = dict(np.load(path))
    arrays["mixed_sparse"].reshape(-1)[7] += 1e-3
    np.savez(path, **arrays)
    assert main(["parity", str(small_collection)]) == 1
    assert "FAIL  mixed_sparse" in capsys.readouterr().out


def test_a_value_that_is_no_number_never_passes(small_collection: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small_collection / "cases" / "module" / "m10_prompts_narrow.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    description["prompts"]["mixed"]["points"][0][0][0] = float("nan")
    path.write_text(json.dumps(description), encoding="utf-8")
    assert main(["parity", str(small_collection)]) == 1
    assert "mixed_sparse not a number" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("break_it", "phrase"),
    [
        (lambda root: shutil.rmtree(root), "is not a folder"),
        (lambda root: shutil.rmtree(root / "cases"), "has no folder 'cases'"),
        (lambda root: (root / "weights.json").unlink(), "weights.json is missing"),
        (lambda root: (root / "configs.json").write_text("{"), "not valid JSON"),
        (lambda root: (root / "cases" / "module" / "m10_prompts_narrow.npz").unlink(), "npz is missing"),
        (lambda root: (root / "cases" / "module" / "m10_prompts_narrow.npz").write_bytes(b"PK"), "npz is damaged"),
        (lambda root: (root / "cases" / "module" / "m10_prompts_narrow.json").unlink(), "No case"),
    ],
)
def test_a_broken_collection_is_named_in_a_sentence(
    small_collection: Path, capsys: pytest.CaptureFixture[str], break_it, phrase: str
) -> None:
    break_it(small_collection)
    assert main(["parity", str(small_collection)]) == 2
    complaint = capsys.readouterr().err
    assert phrase in complaint
    assert complaint.count("\n") == 1
