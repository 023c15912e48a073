"""Documents to plan on, a small clip of real pictures, and a small model with generated weights."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.document.document import Document
from app.document.masks import MaskCode
from app.document.steps import SetMasks, SetObject, SetPrompt, SetReviews
from app.document.values import Clip, FrameMask, Origin, Point, Prompt, Review, TrackedObject
from app.inference.inline_engine import InlineEngine
from sam2_core.checkpoint import save_checkpoint
from sam2_core.model.sam2 import Sam2Model

FRAMES, HEIGHT, WIDTH = 24, 72, 96


class Work:
    """A clip and short words for what a person does to it."""

    def __init__(self, frame_count: int = 100, height: int = 24, width: int = 32) -> None:
        self.document = Document(Clip("park.mp4", "park", frame_count, height, width, 25.0))
        square = np.zeros((height, width), bool)
        square[height // 6 : height // 2, width // 6 : width // 2] = True
        self.seen = MaskCode.from_array(square)
        self.absent = MaskCode.empty(height, width)

    def add(self, object_id: int = 1, name: str = "red ball", *, is_frozen: bool = False) -> None:
        self.document.apply(SetObject(object_id, TrackedObject(object_id, name, is_frozen=is_frozen)))

    def click(self, *frames: int, object_id: int = 1, at: tuple[float, float] = (8.0, 8.0)) -> None:
        for frame in frames:
            self.document.apply(SetPrompt((object_id, frame), Prompt((Point(*at),))))

    def prompt(self, frame: int, prompt: Prompt, *, object_id: int = 1) -> None:
        self.document.apply(SetPrompt((object_id, frame), prompt))

    def mask(self, frames, origin=Origin.PROPAGATED, *, object_id: int = 1, is_absent: bool = False) -> None:
        code = self.absent if is_absent else self.seen
        masks = {(object_id, frame): FrameMask(code, origin=origin) for frame in frames}
        self.document.apply(SetMasks(masks, by_person=origin is Origin.MANUAL))

    def accept(self, *results) -> None:
        """Put answers to prompts into the document."""
        masks = {(one.object_id, one.frame): FrameMask(one.mask, origin=Origin.PROMPTED) for one in results}
        self.document.apply(SetMasks(masks))

    def verify(self, frames, *, object_id: int = 1) -> None:
        self.document.apply(SetReviews({(object_id, frame): Review.VERIFIED for frame in frames}))


@pytest.fixture
def work() -> Work:
    made = Work()
    made.add()
    return made


@pytest.fixture
def work_of() -> type[Work]:
    """For clips of another length: `work_of(frame_count)`."""
    return Work


@pytest.fixture
def small_work() -> Work:
    """Two objects on the small clip."""
    made = Work(FRAMES, HEIGHT, WIDTH)
    made.add(1, "disc")
    made.add(2, "bar")
    return made


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory) -> Path:
    """A folder of 24 pictures: a bright disc goes right and a dark bar goes down over a textured ground."""
    folder = tmp_path_factory.mktemp("small") / "clip"
    folder.mkdir()
    ground = np.random.default_rng(7).integers(60, 150, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    for frame in range(FRAMES):
        picture = ground.copy()
        picture[(rows - 30) ** 2 + (columns - 20 - 2 * frame) ** 2 < 144] = (240, 200, 60)
        picture[20 + frame : 26 + frame, 60:92] = (20, 30, 90)
        Image.fromarray(picture).save(folder / f"{frame:05d}.png")
    return folder


@pytest.fixture(scope="session")
def small_model(narrow_config, tmp_path_factory) -> Path:
    """A model with all parts of the built-in one, narrow enough for milliseconds, with generated weights."""
    torch.manual_seed(35)
    model = Sam2Model(narrow_config).eval()
    with torch.no_grad():
        # Louder than at the start of a training, so that masks differ from frame to frame and from click to click.
        for name, weights in model.named_parameters():
            if name.startswith("sam_mask_decoder") and weights.dim() > 1:
                weights.mul_(1.5)
    path = tmp_path_factory.mktemp("weights") / "narrow.pt"
    save_checkpoint(path, model)
    return path


@pytest.fixture(scope="session")
def loaded_engines(small_model) -> Iterator[tuple[InlineEngine, InlineEngine]]:
    """Two engines with the small model, loaded once."""
    pair = InlineEngine(), InlineEngine()
    for made in pair:
        made.load(small_model, "cpu")
    yield pair
    for made in pair:
        made.close()


@pytest.fixture
def engine(loaded_engines, small_clip) -> InlineEngine:
    """An engine that looks at the small clip for the first time."""
    loaded_engines[0].open_clip(small_clip)
    return loaded_engines[0]


@pytest.fixture
def fresh(loaded_engines, small_clip) -> Callable[[], InlineEngine]:
    """Gives another engine; whatever it was told before is forgotten each time."""

    def make() -> InlineEngine:
        loaded_engines[1].open_clip(small_clip)
        return loaded_engines[1]

    return make
