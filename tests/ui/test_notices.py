"""Notices that stand together are all whole."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.ui import theme
from app.ui.notices import NoticeStack


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_line_of_every_notice_is_seen(qtbot: Any, count: int) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(700, 500)
    stack = NoticeStack(ground)
    ground.show()
    for number in range(count):
        stack.say(f"{number}: " + "something happened that takes more than one line to tell to the end. " * 2, "error")
    qtbot.waitUntil(lambda: all(label.height() > 0 for label in stack.findChildren(QLabel)))
    labels = [label for label in stack.findChildren(QLabel) if label.text()]
    assert len(labels) == count
    assert all(label.height() >= label.heightForWidth(label.width()) for label in labels)
