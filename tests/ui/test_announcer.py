"""What is told to a screen reader: at most every so often, and of what happened meanwhile the last."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QApplication, QWidget

from app.ui import theme
from app.ui.announcer import Announcer
from app.ui.notices import NoticeStack


def test_of_what_happens_in_the_pause_only_the_last_is_told(qtbot: Any) -> None:
    widget, heard = QWidget(), []
    qtbot.addWidget(widget)
    announcer = Announcer(widget, pause_ms=50)
    announcer.announced.connect(heard.append)
    for done in range(5):
        announcer.say(f"{done} of 4")
    assert heard == ["0 of 4"]
    qtbot.waitUntil(lambda: heard == ["0 of 4", "4 of 4"])
    qtbot.waitUntil(lambda: not announcer.isActive())
    announcer.say("4 of 4")
    assert len(heard) == 2 and not announcer.isActive()


def test_nothing_is_told_more_often_than_every_two_seconds(qtbot: Any) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    announcer = Announcer(widget)
    announcer.say("12 to look at")
    assert announcer.remainingTime() > 1500
    announcer.stop()


def test_a_notice_is_told(qtbot: Any) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    ground, heard = QWidget(), []
    qtbot.addWidget(ground)
    ground.resize(700, 500)
    stack = NoticeStack(ground)
    ground.show()
    stack.announcer.announced.connect(heard.append)
    stack.say("Propagated 12 frames of dog.", "good")
    assert heard == ["Propagated 12 frames of dog."]
