"""Masks are out of date when the frame that their run came from has been changed since."""

from __future__ import annotations

import numpy as np
import pytest

from app.document.staleness import stale_frames

NONE = np.nan


@pytest.mark.parametrize(
    ("made_at", "anchors", "cuts", "stale"),
    [
        pytest.param([1, 2, 3, 4, 5], [0], (), [], id="a run up from the first frame"),
        pytest.param([9, 2, 3, 4, 5], [0], (), [1, 2, 3, 4], id="its prompt was changed since"),
        pytest.param([1, 2, 3, 9, 5, 6], [0, 3], (), [4, 5], id="a correction in the middle of a run up"),
        pytest.param([7, 6, 5, 9, 3, 2, 1], [3, 6], (), [0, 1, 2], id="a correction in the middle of a run down"),
        pytest.param([1, 2, 9, 10, 11, 5, 6], [0, 2], (), [5, 6], id="computed anew as far as frame 4"),
        pytest.param([1, 2, 9, 10, 11, 12, 13], [0, 2], (), [], id="computed anew to the end"),
        pytest.param([1, 5, 5, 9, 5, 5], [0, 3], (), [4, 5], id="masks that came at once"),
        pytest.param([1, 2, 3, 4, 3, 2, 9], [0, 6], (), [4, 5], id="joined from both ends, one of which was changed"),
        pytest.param([9, 2, 3, 4, 5], [0], (3,), [1, 2], id="up to a shot cut"),
        pytest.param([5, 4, 3, 9], [3], (2,), [2], id="down to a shot cut"),
        pytest.param([9, 2, 3], [0], (0,), [1, 2], id="a cut where the shot of the prompt begins"),
        pytest.param([9, NONE, 0, 3], [0], (), [3], id="gaps, and masks that do not know when they were made"),
        pytest.param([NONE, 2, 3], [0], (), [], id="a prompt without a mask"),
        pytest.param([5, 4, 3], [], (), [], id="no prompt at all"),
    ],
)
def test_what_a_run_made_is_as_good_as_the_frame_that_it_came_from(
    made_at: list[float], anchors: list[int], cuts: tuple[int, ...], stale: list[int]
) -> None:
    is_anchor = np.isin(np.arange(len(made_at)), anchors)
    assert np.flatnonzero(stale_frames(np.array(made_at, float), is_anchor, cuts)).tolist() == stale
