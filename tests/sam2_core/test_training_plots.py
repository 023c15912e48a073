"""The curves of a run as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.training.__main__ import main
from sam2_core.training.charts import Series, draw_chart
from sam2_core.training.plots import draw_plots
from sam2_core.training.record import Metrics, StepRecord


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The record of thirty steps, stills and clips by turns, whose loss falls."""
    folder = tmp_path / "run"
    folder.mkdir()
    parts = {"mask": 0.5, "iou": 0.1, "pick": 0.0, "score": 0.1}
    with Metrics(folder / "metrics.csv", 0) as metrics:
        for step in range(30):
            kind = "clip" if step % 3 == 0 else "still"
            metrics.write(StepRecord(step, kind, 3.0 - 0.1 * step, parts, 0.3, 0.5, 1.0))
    return folder


def _inked(path: Path, colour: tuple[int, int, int]) -> np.ndarray:
    with Image.open(path) as image:
        return np.argwhere((np.asarray(image) == colour).all(axis=-1))


def test_a_run_gets_its_curves_drawn(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", str(run)]) == 0
    assert capsys.readouterr().out.split() == [str(run / "plots" / name) for name in ("loss.png", "iou.png")]
    (run / "evaluations.csv").write_text("hours,weights,jf\n1,a,71\n2,b,\n3,c,74\n")
    assert [path.name for path in draw_plots(run)] == ["loss.png", "iou.png", "held_out.png"]
    assert not list((run / "plots").glob(".*"))


def test_a_falling_line_falls(tmp_path: Path) -> None:
    x = np.arange(50.0)
    draw_chart(tmp_path / "chart.png", "Loss", "step", [Series("loss", x, 10 - 0.1 * x)])
    line = _inked(tmp_path / "chart.png", (0, 114, 178))
    line = line[line[:, 0] > 60]
    left, right = line[line[:, 1] < 200], line[line[:, 1] > 800]
    assert left[:, 0].mean() + 200 < right[:, 0].mean()


def test_a_single_step_can_be_drawn(tmp_path: Path) -> None:
    draw_chart(tmp_path / "chart.png", "Loss", "step", [Series("loss", np.array([0.0]), np.array([2.0]))])
    assert len(_inked(tmp_path / "chart.png", (0, 114, 178))) > 20


def test_what_cannot_be_drawn_is_told_in_a_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", str(tmp_path)]) == 1
    assert "train first" in capsys.readouterr().err
    (run / "evaluations.csv").write_text("when,jf\n1,71\n")
    assert main(["plot", str(run)]) == 1
    assert "needs a column `hours` or `step`" in capsys.readouterr().err
    (run / "metrics.csv").write_text("step,kind\n0,still\n")
    assert main(["plot", str(run)]) == 1
    assert "is damaged" in capsys.readouterr().err
