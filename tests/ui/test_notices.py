"""Notices that stand together are all whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.ui import theme
from app.ui.notices import Notice, NoticeStack


@pytest.fixture
def stack(qtbot: Any) -> Iterator[NoticeStack]:
    """No notices yet, on a ground that is seen."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(700, 500)
    stack = NoticeStack(ground)
    ground.show()
    yield stack


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_line_of_every_notice_is_seen(qtbot: Any, stack: NoticeStack, count: int) -> None:
    for number in range(count):
        stack.say(f"{number}: " + "something happened that takes more than one line to tell to the end. " * 2, "error")
    qtbot.waitUntil(lambda: all(label.height() > 0 for label in stack.findChildren(QLabel)))
    labels = [label for label in stack.findChildren(QLabel) if label.text()]
    assert len(labels) == count
    notices = stack.findChildren(Notice)
    assert all(
        notice.height() <= label.heightForWidth(label.width()) + 2 * theme.SPACE_3
        for notice, label in zip(notices, labels, strict=True)
    )
    assert all(label.height() >= label.heightForWidth(label.width()) for label in labels)


def test_a_notice_said_again_grows_with_the_line_that_its_count_needs(qtbot: Any, stack: NoticeStack) -> None:
    text = ""
    stack.say("w", "error")
    (label,) = [label for label in stack.findChildren(QLabel) if label.text()]
    qtbot.waitUntil(lambda: label.width() > 100)
    one_line = label.heightForWidth(label.width())
    while label.fontMetrics().horizontalAdvance(text + "wide ") < label.width() - 8:
        text += "wide "
    stack.clear()
    stack.say(text, "error")
    stack.say(text, "error")
    (again,) = [label for label in stack.findChildren(QLabel) if "×" in label.text()]
    qtbot.waitUntil(lambda: again.height() >= again.heightForWidth(again.width()) > one_line)


def test_an_error_stays_until_it_is_closed_whatever_else_is_said(stack: NoticeStack) -> None:
    stack.say("The disk is full.", "error")
    for number in range(3):
        stack.say(f"Something smaller, {number}.", "warning")
    assert stack.texts == ["The disk is full.", "Something smaller, 1.", "Something smaller, 2."]
    for number in range(3):
        stack.say(f"Something grave, {number}.", "error")
    assert stack.texts == [f"Something grave, {number}." for number in range(3)]


@pytest.mark.parametrize("kind", ["info", "good", "warning", "error"])
def test_notices_stand_for_ten_seconds_and_errors_until_they_are_closed(stack: NoticeStack, kind: str) -> None:
    stack.say("Something happened.", kind)
    (notice,) = stack.findChildren(Notice)
    assert notice.timer.isActive() == (kind != "error")
    assert kind == "error" or notice.timer.interval() == 10_000
    notice.close_button.click()
    assert not stack.texts
