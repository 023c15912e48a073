from hypothesis import given
from hypothesis import strategies as st

from app.media.cache import FrameCache


def test_the_longest_unused_goes_first() -> None:
    cache: FrameCache[str] = FrameCache(3)
    for frame, item in enumerate("abc"):
        cache.put(frame, item, 1)
    assert cache.get(0) == "a"
    cache.put(3, "d", 1)
    assert cache.frames() == (2, 0, 3)
    assert cache.get(1) is None


def test_an_item_larger_than_the_limit_is_not_kept_and_pushes_nothing_out() -> None:
    cache: FrameCache[str] = FrameCache(10)
    cache.put(0, "small", 4)
    cache.put(1, "huge", 11)
    assert cache.frames() == (0,)


def test_putting_again_replaces() -> None:
    cache: FrameCache[str] = FrameCache(10)
    cache.put(0, "old", 8)
    cache.put(0, "new", 3)
    assert (cache.get(0), cache.used, len(cache)) == ("new", 3, 1)


def test_clearing_frees_everything() -> None:
    cache: FrameCache[str] = FrameCache(10)
    cache.put(0, "a", 8)
    cache.clear()
    assert (cache.used, len(cache), 0 in cache) == (0, 0, False)


@given(st.integers(0, 50), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60))))
def test_used_is_the_sum_of_what_is_held_and_within_the_limit(limit: int, puts: list[tuple[int, int]]) -> None:
    cache: FrameCache[int] = FrameCache(limit)
    for frame, size in puts:
        cache.put(frame, size, size)
        assert cache.used == sum(cache.get(held) or 0 for held in cache.frames()) <= limit
