"""A project on a small clip of real pictures, and a small model with generated weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.commands.objects import new_object
from app.document.project import Project
from app.document.values import Clip
from app.inference.checkpoints import Checkpoint
from sam2_core.checkpoint import save_checkpoint
from sam2_core.config import EfficientNetConfig, ModelConfig
from sam2_core.model.sam2 import Sam2Model

FRAMES, HEIGHT, WIDTH = 40, 64, 140


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory) -> Path:
    """Forty pictures of a bright square that goes right."""
    folder = tmp_path_factory.mktemp("jobs") / "clip"
    folder.mkdir()
    ground = np.random.default_rng(3).integers(40, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    for frame in range(FRAMES):
        picture = ground.copy()
        picture[20:40, 8 + 3 * frame : 28 + 3 * frame] = (250, 180, 90)
        Image.fromarray(picture).save(folder / f"{frame:05d}.png")
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Checkpoint:
    narrow = {"hidden": 32, "memory_dim": 8, "decoder_mlp": 64, "decoder_heads": 2, "iou_hidden": 32}
    config = ModelConfig(
        "narrow", "2.1", EfficientNetConfig(), image_size=128, attention_layers=1, attention_ffn=64, **narrow
    )
    torch.manual_seed(35)
    model = Sam2Model(config).eval()
    with torch.no_grad():
        # Louder than at the start of a training, so that masks differ from frame to frame and from click to click.
        for name, weights in model.named_parameters():
            if name.startswith("sam_mask_decoder") and weights.dim() > 1:
                weights.mul_(1.5)
    path = tmp_path_factory.mktemp("weights") / "narrow.pt"
    save_checkpoint(path, model)
    return Checkpoint("narrow", "Narrow model", path, "file")


@pytest.fixture
def project(clip_folder) -> Project:
    """The clip with two objects, nothing clicked yet."""
    made = Project.new(Clip(str(clip_folder), "clip", FRAMES, HEIGHT, WIDTH, 25.0))
    new_object(made, "square")
    new_object(made, "ground")
    return made
