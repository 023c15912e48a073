"""The sheet of the worst cases: which ones, and that everything is drawn where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam2_core.evaluation.__main__ import COMMANDS, main
from sam2_core.evaluation.contact_sheet import (
    ANSWER,
    BOX,
    NEGATIVE,
    POSITIVE,
    TRUTH,
    Case,
    Panel,
    WorstCases,
    draw_panel,
    draw_sheet,
)


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    """A picture as wide as three panels and as high as three, so that nine pixels become one."""
    Image.new("RGB", (900, 675), (100, 100, 100)).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


def _rectangle(y0: int, x0: int, y1: int, x1: int) -> np.ndarray:
    mask = np.zeros((675, 900), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def test_the_worst_are_kept_in_order_and_of_equals_the_first() -> None:
    worst = WorstCases(3)
    for iou, name in [(0.9, "a"), (0.2, "b"), (0.5, "c"), (0.2, "d"), (0.2, "e")]:
        worst.add(Case(iou, name, "box", ()))
    assert [case.name for case in worst.cases] == ["b", "d", "e"]


def test_truth_answer_and_prompts_lie_where_they_are_in_the_picture(grey: Path) -> None:
    panel = Panel(
        grey,
        truth=_rectangle(90, 120, 600, 450),
        answer=_rectangle(90, 450, 600, 840),
        points=[(150.0, 150.0), (750.0, 450.0)],
        labels=[1, 0],
        box=(60.0, 30.0, 870.0, 660.0),
    )
    drawn = np.asarray(draw_panel(panel)).astype(int)

    def colour(x: float, y: float) -> tuple[int, ...]:
        return tuple(drawn[round(y / 3), round(x / 3)])

    assert colour(121, 300) == TRUTH
    assert colour(300, 300) == (100, 100, 100)
    assert np.abs(np.array(colour(600, 300)) - (np.array(ANSWER) + 100) / 2).max() <= 1
    assert colour(150 - 15, 150 - 9) == POSITIVE
    assert colour(750 - 9, 450 - 12) == NEGATIVE
    assert colour(60, 300) == BOX


def test_a_small_object_is_shown_larger_but_not_without_its_surroundings(grey: Path) -> None:
    drawn = np.asarray(draw_panel(Panel(grey, truth=_rectangle(300, 400, 330, 430), answer=None)))
    rows, columns = np.nonzero((drawn == TRUTH).all(axis=-1))
    # 0.15 of the picture is shown, so that one of its pixels becomes 2.2 of the panel's, not a third of one.
    assert 62 <= np.ptp(rows) <= 72
    assert 62 <= np.ptp(columns) <= 72


def test_a_sheet_has_room_for_all_cases(grey: Path) -> None:
    single = Case(0.5, "coins, 0001, object 3", "box", (Panel(grey, box=(0.0, 0.0, 90.0, 90.0)),))
    double = Case(0.5, "films, pan, object 1", "mask", (Panel(grey), Panel(grey, note="worst frame: 00007")))
    heights = [
        draw_sheet("A title", cases).height for cases in ([single] * 5, [single] * 8, [double] * 4, [single] * 9)
    ]
    assert heights[0] == heights[1] == heights[2] < heights[3]
    assert draw_sheet("Nothing was measured", []).height < 100


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"usage: python -m sam2_core.evaluation {command}" in capsys.readouterr().out
