"""Suspicious masks and shot cuts are looked for behind the work, by jobs that are let go when they have ended."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject

from app.ui import cut_finder, suspicions
from app.ui.cut_finder import CutFinder
from app.ui.desk import Desk
from app.ui.suspicions import Suspicions


@pytest.mark.parametrize(("searcher", "module"), [(Suspicions, suspicions), (CutFinder, cut_finder)])
def test_a_search_that_has_ended_is_let_go(
    qtbot, desk: Desk, searcher: Callable[..., QObject], module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[weakref.ref[QObject]] = []
    begin = module.run_in_background  # type: ignore[attr-defined]

    def watch(*arguments: object) -> QObject:
        job = begin(*arguments)
        jobs.append(weakref.ref(job))
        return job

    monkeypatch.setattr(module, "run_in_background", watch)
    monkeypatch.setattr(module, "REST_MS", 0)
    search = searcher(desk, desk)
    desk.project_changed.emit()
    qtbot.waitUntil(lambda: bool(jobs), timeout=10_000)
    qtbot.waitUntil(lambda: search._job is None and gc.collect() >= 0 and jobs[0]() is None, timeout=10_000)  # type: ignore[attr-defined]
