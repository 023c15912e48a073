"""About: what this is, its version, whose work it stands on."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

STANDS_ON = ("PySide6", "torch", "numpy", "opencv-python", "av", "pycocotools", "pyqtgraph", "imageio-ffmpeg")


def version() -> str:
    """The program's version, as installed or as its project file says."""
    try:
        return metadata.version("masklet-studio")
    except metadata.PackageNotFoundError:
        import tomllib

        with (Path(__file__).resolve().parents[3] / "pyproject.toml").open("rb") as file:
            found: str = tomllib.load(file)["project"]["version"]
        return found


class AboutDialog(QDialog):
    """A few lines, to be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Masklet Studio")
        lines = [
            f"<h3>Masklet Studio {version()}</h3>",
            "<p>Label objects in video with Segment Anything 2, on your own machine.<br>"
            "Nothing leaves this computer.</p>",
            "<p>Free software under the Apache License 2.0. SAM 2 is by Ravi et al., Meta FAIR, 2024 "
            "(arXiv 2408.00714); the model here is written anew from a specification. "
            "The built-in model's trunk is EfficientNet-Lite0 (Google, Apache-2.0).</p>",
            f"<p>Stands on {', '.join(_named(name) for name in STANDS_ON)}.</p>",
        ]
        text = QLabel("".join(lines))
        text.setTextFormat(Qt.TextFormat.RichText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setWordWrap(True)
        text.setMinimumWidth(480)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.addWidget(text)
        layout.addWidget(buttons)


def _named(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name
