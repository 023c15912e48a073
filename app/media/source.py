"""What every clip looks like from outside, and what its kinds have in common."""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""uint8 RGB, height x width x 3."""

DEFAULT_CACHE_BYTES = 256 * 1024 * 1024
_DIGEST_BYTES = 1024 * 1024


class ClipError(Exception):
    """A clip, or one frame of it, cannot be read. The message is a sentence for the person."""


class FrameSource(Protocol):
    """A clip opened for reading: frame 0 to frame_count - 1, always the same picture for the same number.

    All methods may be called from any thread; reads wait for each other. For reading in two places at once
    (what is shown, what is tracked) call `reopen` and give each thread its own source.
    """

    @property
    def path(self) -> Path: ...
    @property
    def name(self) -> str: ...
    @property
    def frame_count(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def times(self) -> Sequence[float]: ...
    @property
    def frame_names(self) -> Sequence[str] | None: ...
    @property
    def remarks(self) -> Sequence[str]: ...
    @property
    def digest(self) -> str: ...
    @property
    def cached_bytes(self) -> int: ...
    def read(self, frame: int) -> Picture: ...
    def preview(self, frame: int) -> tuple[int, Picture]: ...
    def thumbnail(self, frame: int, height: int, *, exact: bool = False) -> Picture: ...
    def cached(self, frame: int) -> bool: ...
    def reopen(self, cache_bytes: int | None = None) -> "FrameSource": ...
    def close(self) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, frame: int) -> Picture: ...
    def __iter__(self) -> Iterator[Picture]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: Any, error: Any, trace: Any) -> None: ...


class OpenedClip(ABC):
    """The common half of all sources: numbers, the lock, closing. A kind of clip adds how a frame is made.

    Attributes: `path`; `name` (without suffix); `height` and `width` in pixels as shown, rotation applied;
    `fps`, the average rate; `times`, seconds from the first frame, one per frame, never falling;
    `frame_names`, the file names of an image folder, else None; `remarks`, sentences about what is unusual.
    """

    def __init__(
        self,
        path: Path,
        *,
        height: int,
        width: int,
        times: Sequence[float],
        fps: float,
        cache_bytes: int,
        frame_names: Sequence[str] | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.name = path.stem if path.is_file() else path.name
        self.height = height
        self.width = width
        self.times = times
        self.fps = fps
        self.frame_names = frame_names
        self.remarks = remarks
        self.cache_bytes = cache_bytes
        self._lock = threading.RLock()
        self._is_closed = False
        self._digest: str | None = None

    @property
    def frame_count(self) -> int:
        return len(self.times)

    @property
    def digest(self) -> str:
        """A fingerprint of the file's content that survives moving and renaming it."""
        if self._digest is None:
            self._digest = clip_digest(self.path)
        return self._digest

    def read(self, frame: int) -> Picture:
        """The picture of `frame` as a read-only uint8 RGB array, height x width x 3.

        Raises IndexError outside 0 .. frame_count - 1, ClipError if this frame cannot be decoded or the clip is
        closed.
        """
        with self._ready(frame):
            return self._read(frame)

    def preview(self, frame: int) -> tuple[int, Picture]:
        """A picture near `frame` that is quick to get, and the number of the frame it really shows.

        For dragging: the frame itself if it is decoded already, else what the source reaches in one step.
        """
        with self._ready(frame):
            return self._preview(frame)

    def thumbnail(self, frame: int, height: int, *, exact: bool = False) -> Picture:
        """A small RGB picture, `height` pixels high and as wide as the clip's shape asks for.

        Unless `exact`, the nearest earlier key frame may stand in for `frame`. Reading thumbnails moves the
        decoder, so a filmstrip should have a source of its own (`reopen`).
        """
        if height < 1:
            raise ValueError(f"a thumbnail needs a height of at least 1 pixel, not {height}")
        width = max(1, round(height * self.width / self.height))
        with self._ready(frame):
            return self._thumbnail(frame, height, width, exact)

    def _ready(self, frame: int) -> "_Reading":
        if not 0 <= frame < self.frame_count:
            raise IndexError(f"{self.path.name} has the frames 0 to {self.frame_count - 1}, not {frame}")
        return _Reading(self)

    @abstractmethod
    def _read(self, frame: int) -> Picture: ...
    @abstractmethod
    def _preview(self, frame: int) -> tuple[int, Picture]: ...
    @abstractmethod
    def _thumbnail(self, frame: int, height: int, width: int, exact: bool) -> Picture: ...
    @abstractmethod
    def _close(self) -> None: ...
    @abstractmethod
    def cached(self, frame: int) -> bool:
        """Whether `read(frame)` would need no decoding. Never waits for a read that is under way."""

    @property
    @abstractmethod
    def cached_bytes(self) -> int:
        """Bytes of frames held now; at most the `cache_bytes` that the clip was opened with."""

    @abstractmethod
    def reopen(self, cache_bytes: int | None = None) -> FrameSource:
        """The same clip once more, with a decoder and a cache of its own; cheap, as nothing is indexed again."""

    def close(self) -> None:
        """Let go of files and frames. May be called again."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                self._close()

    def __len__(self) -> int:
        return self.frame_count

    def __getitem__(self, frame: int) -> Picture:
        return self.read(frame)

    def __iter__(self) -> Iterator[Picture]:
        for frame in range(self.frame_count):
            yield self.read(frame)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Reading:
    """Holds a clip's lock for one read, and refuses when the clip is closed."""

    def __init__(self, clip: OpenedClip) -> None:
        self._clip = clip

    def __enter__(self) -> None:
        self._clip._lock.acquire()
        if self._clip._is_closed:
            self._clip._lock.release()
            raise ClipError(f"{self._clip.path.name} has been closed; open it again to read frames from it.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clip._lock.release()


def read_only(picture: Picture) -> Picture:
    """The same array with writing switched off, since it may be shared through a cache."""
    picture.flags.writeable = False
    return picture


def clip_digest(path: Path) -> str:
    """A fingerprint of a clip: of a file its size, head and tail; of a folder those of its files' names, sizes
    and first and last file. The same for a copy anywhere; quick for files of any size. ClipError if unreadable.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        if path.is_dir():
            files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
            for file in files:
                digest.update(f"{file.name}\0{file.stat().st_size}\0".encode("utf-8", "surrogateescape"))
            contents = [files[0], files[-1]] if files else []
        else:
            contents = [path]
        for file in contents:
            size = file.stat().st_size
            digest.update(str(size).encode())
            with file.open("rb") as stream:
                digest.update(stream.read(_DIGEST_BYTES))
                stream.seek(max(0, size - _DIGEST_BYTES))
                digest.update(stream.read(_DIGEST_BYTES))
    except OSError as error:
        raise ClipError(f"{path.name} could not be read from {path.parent}: {error.strerror or error}.") from error
    return digest.hexdigest()
