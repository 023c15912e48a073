"""Decoded frames, bounded in bytes."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Item = TypeVar("Item")


class FrameCache(Generic[Item]):
    """Keeps what was used last, by frame number, as far as `limit` bytes reach. Safe to use from any thread.

    An item larger than the limit is not kept at all, so `used` never exceeds `limit`.
    """

    def __init__(self, limit: int) -> None:
        self.limit = max(0, limit)
        self._used = 0
        self._items: OrderedDict[int, tuple[Item, int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes held now."""
        return self._used

    def get(self, frame: int) -> Item | None:
        """The item of `frame`, which then counts as just used, or None."""
        with self._lock:
            entry = self._items.get(frame)
            if entry is None:
                return None
            self._items.move_to_end(frame)
            return entry[0]

    def put(self, frame: int, item: Item, size: int) -> None:
        """Keep `item` of `size` bytes and drop the longest unused ones until all fits."""
        with self._lock:
            old = self._items.pop(frame, None)
            if old is not None:
                self._used -= old[1]
            if size > self.limit:
                return
            while self._items and self._used + size > self.limit:
                _, (_, freed) = self._items.popitem(last=False)
                self._used -= freed
            self._items[frame] = (item, size)
            self._used += size

    def frames(self) -> tuple[int, ...]:
        """The numbers held now, longest unused first."""
        with self._lock:
            return tuple(self._items)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._items.clear()
            self._used = 0

    def __contains__(self, frame: object) -> bool:
        with self._lock:
            return frame in self._items

    def __len__(self) -> int:
        with self._lock:
            return len(self._items)
