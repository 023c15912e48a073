"""Playing by the clock, with a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.ui.desk import Desk
from app.ui.playback import Playback


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def is_shown() -> list[bool]:
    return [True]


@pytest.fixture
def playback(desk: Desk, clock: Clock, is_shown: list[bool]) -> Iterator[Playback]:
    """On a clip of 24 frames; ticks come from the test."""
    made = Playback(desk, lambda: is_shown[0], clock=clock)
    made._timer.setInterval(10_000_000)
    yield made
    made.stop()


def seconds(desk: Desk, frames: float) -> float:
    assert desk.source is not None
    return frames / desk.source.fps


def run(playback: Playback, clock: Clock, frames: float, desk: Desk, steps: int = 50) -> list[int]:
    seen = []
    for _ in range(steps):
        clock.now += seconds(desk, frames) / steps
        playback.tick()
        seen.append(desk.frame)
    return seen


def test_frames_come_when_they_are_due(desk: Desk, playback: Playback, clock: Clock) -> None:
    playback.toggle()
    assert desk.is_playing
    run(playback, clock, 5.5, desk)
    assert desk.frame == 5
    playback.toggle()
    assert not desk.is_playing
    clock.now += 10
    assert desk.frame == 5


def test_l_again_is_faster_and_j_turns_round(desk: Desk, playback: Playback, clock: Clock) -> None:
    desk.set_frame(2)
    playback.forward()
    playback.forward()
    assert playback.speed == 2 and playback.words == "2×"
    run(playback, clock, 4.5, desk)
    assert desk.frame == 11
    playback.backward()
    assert playback.speed == -1
    run(playback, clock, 3.5, desk)
    assert desk.frame == 7
    for _ in range(5):
        playback.backward()
    assert playback.speed == -2
    playback.stop()
    assert not desk.is_playing


def test_held_k_plays_slowly(desk: Desk, playback: Playback, clock: Clock) -> None:
    playback.forward(is_slow=True)
    run(playback, clock, 8.5, desk)
    assert desk.frame == 2


def test_a_slow_decoder_drops_frames_and_never_runs_ahead(
    desk: Desk, playback: Playback, clock: Clock, is_shown: list[bool]
) -> None:
    playback.toggle()
    run(playback, clock, 1.5, desk)
    is_shown[0] = False
    run(playback, clock, 6, desk)
    assert desk.frame == 1
    is_shown[0] = True
    playback.tick()
    assert desk.frame == 7
    assert playback.due_frames == 7 and playback.shown_frames == 2
    assert playback.words == ""
    is_shown[0] = False
    run(playback, clock, 7, desk)
    is_shown[0] = True
    playback.tick()
    assert playback.words == "21% of the frames shown"


def test_playing_stops_at_the_end_of_the_range_and_begins_again_at_its_start(
    desk: Desk, playback: Playback, clock: Clock
) -> None:
    desk.set_range(4, 9)
    desk.set_frame(7)
    playback.toggle()
    run(playback, clock, 20, desk)
    assert desk.frame == 9 and not desk.is_playing
    playback.toggle()
    assert desk.frame == 4


def test_a_loop_goes_round_in_the_range(desk: Desk, playback: Playback, clock: Clock) -> None:
    desk.set_range(4, 9)
    desk.set_frame(4)
    playback.loop_range()
    seen = run(playback, clock, 20, desk, steps=200)
    assert desk.is_playing
    assert set(seen) == set(range(4, 10))
    playback.loop_range()
    assert not desk.is_playing and not playback.is_looping


def test_around_is_a_second_before_and_after(desk: Desk, playback: Playback, clock: Clock) -> None:
    assert desk.source is not None
    desk.set_frame(12)
    playback.play_around()
    first = desk.frame
    assert first == max(0, 12 - round(desk.source.fps))
    run(playback, clock, 200, desk, steps=400)
    assert not desk.is_playing
    assert desk.frame == min(23, 12 + round(desk.source.fps))


def test_a_jump_while_playing_goes_on_from_there(desk: Desk, playback: Playback, clock: Clock) -> None:
    playback.toggle()
    run(playback, clock, 2.5, desk)
    desk.set_frame(15)
    run(playback, clock, 1.5, desk)
    assert desk.frame == 16


def test_a_clip_that_goes_away_stops_playing(desk: Desk, playback: Playback) -> None:
    playback.toggle()
    desk.show_project(None)
    assert not desk.is_playing
    playback.toggle()
    assert not desk.is_playing


def test_the_chosen_speed_is_where_space_and_l_begin(desk: Desk, playback: Playback, clock: Clock) -> None:
    playback.choose_speed(0.5)
    playback.toggle()
    run(playback, clock, 8.5, desk)
    assert desk.frame == 4 and playback.words == "0.5×"
    playback.choose_speed(2.0)
    run(playback, clock, 2.5, desk)
    assert desk.frame == 9 and playback.speed == 2
    playback.forward()
    assert playback.speed == 4
    playback.backward()
    assert playback.speed == -2
    playback.choose_speed(8.0)
    assert playback.speed == -2, "backward it is twice the clip's speed at most"


def test_the_speed_is_kept_with_the_project(desk: Desk, playback: Playback) -> None:
    project, source = desk.project, desk.source
    assert project is not None
    playback.choose_speed(0.25)
    desk.show_project(None)
    assert playback.chosen_speed == 1
    desk.show_project(project, source, None)
    assert playback.chosen_speed == 0.25
    project.remember("speed", "fast")
    desk.show_project(project, source, None)
    assert playback.chosen_speed == 1
