"""What the README shows works."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.commands.prompts_file import load_prompts
from app.document.values import Clip

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_prompts_file_of_the_readme_is_one(tmp_path: Path) -> None:
    text = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert text is not None
    (tmp_path / "walk.json").write_text(text.group(1))
    mask = np.zeros((300, 400), np.uint8)
    mask[50:90, 60:120] = 255
    Image.fromarray(mask).save(tmp_path / "ball.png")
    prompts = load_prompts(tmp_path / "walk.json", Clip("walk.mp4", "walk", 100, 300, 400, 25.0))
    assert [item.name for item in prompts] == ["dog", "ball"]


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--help"}))
def test_every_option_of_the_readme_exists(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    if option in ("--setup", "--self-test", "--torch-index"):
        assert option in (ROOT / "app" / "bootstrap" / "__init__.py").read_text(encoding="utf-8")
        return
    with pytest.raises(SystemExit):
        main(["propagate", "--help"])
    assert option in capsys.readouterr().out


def test_every_file_that_the_readme_names_is_there() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).exists(), name
