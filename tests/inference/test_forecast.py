"""Forecasts: counted from the plan, corrected by what was measured, and told in words."""

import pytest

from app.inference.engine import EngineInfo
from app.inference.forecast import Pace, amount, duration, forecast
from app.inference.plan import make_plan

TINY = EngineInfo("2.1_tiny", "SAM 2.1 tiny", "cpu", "processor", 38_962_498)


def test_the_amount_is_what_the_steps_of_the_plan_come_to(work):
    work.add(2, "dog")
    work.click(10, 60)
    work.click(30, object_id=2)
    for first, last, direction in [(0, 99, "both"), (40, 70, "forward"), (5, 20, "backward"), (0, 9, "both")]:
        plan = make_plan(work.document, [1, 2], first, last, direction)
        steps = list(plan.steps())
        cells = sum(len({stretch.object_id for stretch in step.stretches}) for step in steps)
        assert amount(plan) == (len(steps), cells)


def test_more_frames_and_objects_take_longer_and_more_memory(work):
    work.add(2, "dog")
    work.click(0)
    work.click(0, object_id=2)
    one = forecast(make_plan(work.document, [1], 0, 49), TINY)
    longer = forecast(make_plan(work.document, [1], 0, 99), TINY)
    both = forecast(make_plan(work.document, [1, 2], 0, 99), TINY)
    assert one.seconds < longer.seconds < both.seconds < 2 * longer.seconds
    assert one.bytes == longer.bytes < both.bytes
    assert not one.is_measured


def test_what_was_measured_corrects_the_forecast(work):
    work.click(0)
    plan = make_plan(work.document, [1], 0, 99)
    before = forecast(plan, TINY)
    pace = Pace(TINY)
    frames, _ = amount(plan)
    for _ in range(50):
        pace.note(1, 1, 3 * before.seconds / frames)
    after = forecast(plan, TINY, pace)
    assert after.is_measured and after.seconds == pytest.approx(3 * before.seconds)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (8, "8 s"), (59, "59 s"), (75, "1 min"), (14 * 60, "14 min"), (7200, "2 h"), (12_000, "3 h 20 min")],
)
def test_durations_are_told_in_few_words(seconds, words):
    assert duration(seconds) == words
