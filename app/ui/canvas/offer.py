"""A chip at the foot of the picture: after an edit by hand it offers to carry it on to the frames around."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.document.values import Cell, Origin
from app.ui import theme
from app.ui.desk import Desk


class EditOffer(QPushButton):
    """Stands while the mask in view is the one that was just edited. Nothing runs by itself."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__("Propagate this edit", parent)
        self._desk = desk
        self._edited: Cell | None = None
        self.setProperty("role", "primary")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setToolTip("Compute the frames around again, up to the next prompts, edits and verified masks")
        self.clicked.connect(self._accept)
        self.hide()

    def take_edit(self, cell: Cell | None) -> None:
        """This cell's mask was just edited by hand; None: it is not in view any more."""
        self._edited = cell
        self.refresh(cell)

    def refresh(self, cell: Cell | None) -> None:
        """Stand or go, now that this cell is in view and the document may have changed."""
        document, tracking = self._desk.document, self._desk.tracking
        mask = None if document is None or cell is None else document.masks.get(cell)
        is_by_hand = mask is not None and mask.origin is Origin.MANUAL
        is_idle = tracking is not None and not tracking.is_running
        self.setVisible(cell is not None and cell == self._edited and is_by_hand and is_idle)

    def arrange(self, picture: QRectF) -> None:
        """Stand at the foot of the picture, as far as it is seen."""
        parent = self.parentWidget()
        assert parent is not None
        seen = picture.intersected(QRectF(parent.rect())).toRect()
        self.adjustSize()
        self.move(seen.center().x() - self.width() // 2, seen.bottom() - self.height() - theme.SPACE_2)

    def _accept(self) -> None:
        self.take_edit(None)
        self._desk.actions["propagate_edit"].trigger()
