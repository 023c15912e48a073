"""The index against a slow and plain model of the same thing."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.index import (
    FrameIndex,
    PacketTimes,
    UnusableTimes,
    build_index,
    index_of_decoded,
    is_one_picture_per_packet,
)

TICK = Fraction(1, 1000)
PACKETS = st.lists(
    st.builds(PacketTimes, pts=st.integers(-50, 50), dts=st.none(), is_key=st.booleans(), is_discard=st.booleans()),
    min_size=1,
    max_size=40,
)


def indexed(*times: int, keys: tuple[int, ...] = (), tick: Fraction = TICK) -> FrameIndex:
    return build_index([PacketTimes(time, time, time in keys) for time in times], tick)


@given(PACKETS)
def test_frames_are_the_shown_packets_by_time(packets: list[PacketTimes]) -> None:
    index = build_index(packets, TICK)
    shown = sorted(packet.pts for packet in packets if not packet.is_discard and packet.pts is not None)
    assert index.pts.tolist() == shown
    assert index.times() == pytest.approx([(pts - shown[0]) / 1000 for pts in shown])


@given(PACKETS)
def test_time_and_occurrence_lead_back_to_the_frame(packets: list[PacketTimes]) -> None:
    index = build_index(packets, TICK)
    for frame in range(index.frame_count):
        pts = int(index.pts[frame])
        assert index.occurrence(frame) == index.pts[:frame].tolist().count(pts)
        assert index.frame_at(pts, index.occurrence(frame)) == frame
        assert index.shares_its_time(frame) == (index.pts.tolist().count(pts) > 1)
        assert index.frame_at(pts, index.pts.tolist().count(pts)) is None


@given(PACKETS)
def test_decoding_starts_at_the_last_key_that_is_not_shown_later(packets: list[PacketTimes]) -> None:
    index = build_index(packets, TICK)
    keys = sorted(packet.pts for packet in packets if packet.is_key and packet.pts is not None)
    for frame in range(index.frame_count):
        pts = int(index.pts[frame])
        shared = index.pts.tolist().count(pts) > 1
        earlier = [key for key in keys if (key < pts if shared else key <= pts)]
        start = index.start_key(frame)
        assert start == len(earlier) - 1
        nearest = index.nearest_key_frame(frame)
        visible = [key for key in keys if key <= pts and key in index.pts.tolist()]
        assert (None if nearest is None else int(index.pts[nearest])) == (visible[-1] if visible else None)


def test_packets_before_an_edit_are_keys_to_start_from_but_no_frames() -> None:
    index = build_index(
        [PacketTimes(0, 0, True, True), PacketTimes(10, 10, False, True), PacketTimes(20, 20, False)], TICK
    )
    assert index.frame_count == 1
    assert index.key_pts[index.start_key(0)] == 0


@pytest.mark.parametrize(
    "packets",
    [
        [PacketTimes(None, 0, True)],
        [PacketTimes(0, 0, True), PacketTimes(None, None, False)],
        [PacketTimes(5000, 5000, True), PacketTimes(0, 0, True)],
    ],
)
def test_times_that_are_missing_or_start_over_are_unusable(packets: list[PacketTimes]) -> None:
    with pytest.raises(UnusableTimes):
        build_index(packets, TICK)


def test_average_rate_counts_intervals() -> None:
    assert indexed(0, 40, 80, 120).average_rate() == pytest.approx(25)
    assert indexed(0).average_rate() is None
    assert indexed(7, 7).average_rate() is None


def test_an_uneven_rate_is_told_from_a_rounded_one() -> None:
    assert not indexed(0, 33, 67, 100, 133).is_uneven()
    assert indexed(0, 33, 67, 133, 166).is_uneven()
    assert not indexed(0, 500).is_uneven()


def test_fields_in_packets_of_their_own_are_noticed_and_decoding_decides() -> None:
    packets = indexed(*range(0, 400, 20), keys=(0, 200))
    decoded = list(range(0, 320, 40))
    assert not is_one_picture_per_packet(packets, decoded)
    index = index_of_decoded(packets, range(0, 400, 40))
    assert index.pts.tolist() == list(range(0, 400, 40))
    assert index.start_key(6) == 1


def test_single_gaps_are_damage_and_not_fields() -> None:
    packets = indexed(*range(0, 400, 20))
    assert is_one_picture_per_packet(packets, [0, 20, 40, 80, 100, 120, 140, 160])
    assert is_one_picture_per_packet(packets, [60, 80, 100])
    assert is_one_picture_per_packet(packets, [0])


@pytest.mark.parametrize("decoded", [[0, 40, 20, 60], [0, 20, 41]])
def test_decoded_times_that_disagree_with_the_packets_are_unusable(decoded: list[int]) -> None:
    with pytest.raises(UnusableTimes):
        is_one_picture_per_packet(indexed(*range(0, 400, 20)), decoded)


def test_an_index_keeps_decoding_times_beside_their_keys() -> None:
    index = build_index([PacketTimes(80, 0, True), PacketTimes(40, 10, True), PacketTimes(60, None, True)], TICK)
    assert index.key_pts.tolist() == [40, 60, 80]
    assert index.key_dts.tolist() == [10, 60, 0]
    assert index.pts.dtype == np.int64
