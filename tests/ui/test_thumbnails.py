"""Small pictures for the filmstrip: made beside the window, the right frame each, never more than their room."""

from __future__ import annotations

import pytest

from app.ui import thumbnails
from app.ui.desk import Desk
from app.ui.thumbnails import Thumbnails


@pytest.fixture
def small(desk: Desk) -> Thumbnails:
    return Thumbnails(desk, 24)


def test_a_picture_is_made_in_the_background_and_shows_its_own_frame(qtbot, small: Thumbnails) -> None:
    assert small.picture(7) is None
    with qtbot.waitSignal(small.ready, check_params_cb=lambda frame: frame == 7):
        pass
    picture = small.picture(7)
    assert picture is not None and picture.height() == 24
    # The square stands at 7 to 27 of 64 columns.
    image = picture.toImage()
    bright = [image.pixelColor(column, 10).red() > 130 for column in range(picture.width())]
    middle = picture.width() * 17 // 64
    assert bright[middle] and not bright[1] and not bright[-1]


def test_pictures_take_no_more_than_their_room_and_the_oldest_go(
    qtbot, small: Thumbnails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "KEPT_BYTES", 5 * 4 * 24 * 32)
    made: list[int] = []
    small.ready.connect(made.append)
    for frame in range(12):
        small.picture(frame)
    qtbot.waitUntil(lambda: len(made) == 12)
    assert len(small._pictures) == 5 and set(small._pictures) == set(made[-5:])
