"""The paper's simulated person: where it clicks, and how exactly it draws boxes."""

from __future__ import annotations

import pytest
import torch

from sam2_core.training.person import boxes_around, clicks_on, clicks_on_errors


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _square(count: int = 1, size: int = 64) -> torch.Tensor:
    masks = torch.zeros(count, size, size)
    masks[:, 16:40, 8:48] = 1
    return masks


def test_first_clicks_lie_anywhere_on_the_object_on_whole_pixels() -> None:
    points, labels = clicks_on(_square(400), 1, _generator())
    assert labels.tolist() == [[1]] * 400
    x, y = points[:, 0].unbind(dim=1)
    assert torch.equal(points, points.round())
    assert (int(x.min()), int(x.max()), int(y.min()), int(y.max())) == (8, 47, 16, 39)
    assert float(x.mean()) == pytest.approx(27.5, abs=2)


def test_an_absent_object_is_clicked_away() -> None:
    for points, labels in (
        clicks_on(torch.zeros(3, 32, 32), 2, _generator()),
        boxes_around(torch.zeros(3, 32, 32), 2, _generator(), noise=0.1, reach=20.0),
    ):
        assert labels[:, 0].tolist() == [0, 0, 0]
        assert float(points[:, 0].max()) <= 63
        assert labels.shape[1] == 1 or labels[:, 1].tolist() == [-1, -1, -1]


def test_edges_of_boxes_move_by_a_tenth_and_twenty_pixels_at_most() -> None:
    exact, labels = boxes_around(_square(), 1, _generator(), noise=0.0, reach=20.0)
    assert exact[0].tolist() == [[8, 16], [47, 39]]
    assert labels.tolist() == [[2, 3]]
    moved, _ = boxes_around(_square(500), 1, _generator(), noise=0.1, reach=20.0)
    furthest = (moved - exact).abs().flatten(0, 1).amax(dim=0)
    assert 3.5 < float(furthest[0]) <= 3.9
    assert 2.0 < float(furthest[1]) <= 2.3
    large = torch.zeros(200, 512, 512)
    large[:, 50:460, 50:460] = 1
    moved, _ = boxes_around(large, 1, _generator(), noise=0.1, reach=20.0)
    assert 19 < float((moved[:, 0] - 50).abs().max()) <= 20
    whole, _ = boxes_around(torch.ones(50, 64, 64), 1, _generator(), noise=0.1, reach=20.0)
    assert float(whole.min()) >= 0
    assert float(whole.max()) <= 63


def test_corrections_lie_anywhere_in_what_is_wrong() -> None:
    truth, answer = _square(300), torch.full((300, 64, 64), -5.0)
    answer[:150, 16:40, 8:28] = 5.0
    answer[150:, 16:40, 8:60] = 5.0
    points, labels = clicks_on_errors(truth, answer, 1, _generator())
    assert labels[:, 0].tolist() == [1] * 150 + [0] * 150
    assert (float(points[:150, 0, 0].min()), float(points[:150, 0, 0].max())) == (28, 47)
    assert (float(points[150:, 0, 0].min()), float(points[150:, 0, 0].max())) == (48, 59)


def test_some_corrections_forget_the_answer_and_click_on_the_object() -> None:
    truth = _square(200)
    points, labels = clicks_on_errors(truth, truth * 10 - 5, 1, _generator(), ignores_answer=True)
    assert labels.tolist() == [[1]] * 200
    column, row = points[:, 0].long().unbind(dim=1)
    assert bool(truth[torch.arange(200), row, column].all())
    points, labels = clicks_on_errors(truth, truth * 10 - 5, 1, _generator())
    assert labels.tolist() == [[0]] * 200
