"""Whatever is done in whatever order: undo to the start gives the start, redo to the end gives the end."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.commands.masklets import end_track, join_masklets, split_masklet, swap_masklets
from app.commands.masks import accept_masks, accept_prompt_mask, delete_masks, paint_mask
from app.commands.objects import delete_category, delete_objects, new_category, new_object, reorder_objects
from app.commands.prompts import add_point, clear_prompts
from app.commands.review import mark_absent, unverify, verify_cells
from app.document.history import Transaction
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.steps import SetMasks
from app.document.values import Cell, Clip, FrameMask

FRAMES = 3
CLIP = Clip("clip.mp4", "clip.mp4", FRAMES, 4, 5, 25.0)
MASKS = [FrameMask(MaskCode.from_array(np.arange(20).reshape(4, 5) % (n + 2) == 0), iou=n / 9) for n in range(8)]

DEEDS = (
    *("new", "click", "click", "click", "answer", "answer", "answer", "begin", "begin", "run", "run", "run", "run"),
    *("bare run", "bare run", "end run", "drop run", "paint", "clear", "delete masks", "verify", "unverify", "absent"),
    *("delete", "end", "split", "join", "swap", "order", "category", "undo", "undo", "undo", "redo", "redo", "redo"),
)
deeds = st.tuples(st.sampled_from(DEEDS), st.integers(0, 9), st.integers(0, FRAMES - 1), st.sampled_from(MASKS))


def everything(project: Project) -> tuple[Any, ...]:
    """All that undo must bring back. Ids that were given stay given, so the counters are no part of it."""
    document = project.document
    return (
        document.clip,
        list(document.objects.items()),
        list(document.categories.items()),
        dict(document.prompts),
        dict(document.masks),
        dict(document.reviews),
    )


class Desk:
    """A project and all that goes on around it: open runs, and clicks whose answers are on their way."""

    def __init__(self, objects: int) -> None:
        document = Project.new(CLIP).document
        before = Project(document)
        category = new_category(before, "animal")
        for number in range(objects):
            new_object(before, category_id=category.id if number else None)
        self.project = Project(document)
        self.runs: list[tuple[Transaction, dict[Cell, int]]] = []
        self.questions: list[tuple[Cell, int]] = []

    def do(self, deed: str, pick: int, frame: int, mask: FrameMask) -> None:
        project, document, history = self.project, self.project.document, self.project.history
        if deed == "undo":
            history.undo()
        elif deed == "redo":
            history.redo()
        elif deed == "new":
            new_object(project)
        elif deed == "begin":
            cells = [(object_id, place) for object_id in document.objects for place in range(FRAMES)]
            self.runs.append((history.begin("Propagate"), {cell: document.revision(cell) for cell in cells}))
        elif deed == "answer":
            if self.questions:
                accept_prompt_mask(project, *self.question(pick, mask))
        elif deed.endswith("run"):
            if self.runs:
                self.go_on(deed, pick, frame, mask)
        elif deed == "category":
            for category_id in list(document.categories):
                delete_category(project, category_id)
        elif deed == "order":
            reorder_objects(project, sorted(document.objects, key=lambda object_id: object_id * (pick + 2) % 7))
        elif document.objects:
            self.edit(deed, pick, frame, mask)

    def question(self, pick: int, mask: FrameMask) -> tuple[Cell, FrameMask, int]:
        cell, revision = self.questions.pop(pick % len(self.questions))
        return cell, mask, revision

    def go_on(self, deed: str, pick: int, frame: int, mask: FrameMask) -> None:
        place = pick % len(self.runs)
        transaction, revisions = self.runs[place]
        locked = self.locked(revisions)
        results = [(cell, mask, revision) for cell, revision in revisions.items() if cell[1] == frame]
        if deed == "end run":
            transaction.commit()
            del self.runs[place]
        elif deed == "drop run":
            transaction.rollback()
            del self.runs[place]
            return
        elif deed == "run":
            report = accept_masks(self.project, transaction, results)
            assert report.accepted + report.dropped == len(results)
        elif transaction.is_open:
            transaction.apply(SetMasks({cell: mask for cell, mask, _ in results}))
        assert self.locked(revisions) == locked

    def locked(self, revisions: dict[Cell, int]) -> dict[Cell, FrameMask | None]:
        """Masks of cells that a person touched since the run with these revisions began, or verified at any time."""
        document = self.project.document
        touched = {cell for cell, revision in revisions.items() if document.revision(cell) != revision}
        return {cell: document.masks.get(cell) for cell in touched | document.reviews.keys()}

    def edit(self, deed: str, pick: int, frame: int, mask: FrameMask) -> None:
        project, document = self.project, self.project.document
        ids = list(document.objects)
        one, other = ids[pick % len(ids)], ids[(pick + 1) % len(ids)]
        lane = {cell[1] for cell in document.cells_of(one)}
        if deed == "click":
            add_point(project, one, frame, pick / 2, frame)
            self.questions.append(((one, frame), document.revision((one, frame))))
        elif deed == "paint":
            paint_mask(project, one, frame, mask.code, erase=pick > 5)
        elif deed == "clear":
            clear_prompts(project, one, frame)
        elif deed == "delete masks":
            delete_masks(project, [one, other], frame)
        elif deed == "verify" and document.masks:
            verify_cells(project, list(document.masks)[:: 1 + pick % 3])
        elif deed == "unverify":
            unverify(project, list(document.reviews))
        elif deed == "absent":
            mark_absent(project, [(one, frame)], verify=pick > 5)
        elif deed == "delete":
            delete_objects(project, [one])
        elif deed == "end":
            end_track(project, one, frame)
        elif deed == "split" and any(place >= frame for place in lane) and any(place < frame for place in lane):
            split_masklet(project, one, frame)
        elif deed == "join" and one != other:
            join_masklets(project, one, other)
        elif deed == "swap" and one != other and any(place >= frame for place in lane):
            swap_masklets(project, one, other, frame)


def check_whole(project: Project) -> None:
    """Nothing hangs in the air, and the counts are right."""
    document = project.document
    for table in (document.masks, document.prompts, document.reviews):
        assert all(cell[0] in document.objects for cell in table)
        assert len(table) == len(list(table))


OTHER = MASKS[1]


@settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(objects=st.integers(1, 3), plan=st.lists(deeds, min_size=20, max_size=70))
@example(1, [("begin", 0, 0, OTHER), ("begin", 0, 0, OTHER), ("run", 1, 0, OTHER), ("run", 0, 0, MASKS[2])])
@example(1, [("click", 0, 0, OTHER), ("begin", 0, 0, OTHER), ("bare run", 0, 0, OTHER), ("answer", 0, 0, MASKS[2])])
@example(1, [(deed, 0, 0, OTHER) for deed in ("begin", "delete", "undo", "run", "redo")])
@example(2, [(deed, 0, 0, OTHER) for deed in ("begin", "run", "paint", "drop run", "undo", "redo")])
def test_undo_finds_the_start_and_redo_finds_the_end(objects: int, plan: list[tuple[str, int, int, FrameMask]]) -> None:
    desk = Desk(objects)
    project, history = desk.project, desk.project.history
    start = everything(project)
    for deed in plan:
        desk.do(*deed)
        check_whole(project)
    while history.can_redo:
        history.redo()
    end = everything(project)
    while history.can_undo:
        history.undo()
    assert everything(project) == start
    while history.can_redo:
        history.redo()
    assert everything(project) == end


@settings(max_examples=30)
@given(objects=st.integers(1, 3), plan=st.lists(deeds, min_size=5, max_size=40), pauses=st.sets(st.integers(0, 40)))
def test_the_project_file_follows_whatever_is_done(
    objects: int, plan: list[tuple[str, int, int, FrameMask]], pauses: set[int]
) -> None:
    desk = Desk(objects)
    with tempfile.TemporaryDirectory() as folder:
        desk.project.save_as(Path(folder) / "a.masklet")
        for number, deed in enumerate(plan):
            desk.do(*deed)
            if number in pauses:
                desk.project.flush()
                desk.project.save_copy(Path(folder) / "copy.masklet")
                assert opened(Path(folder) / "copy.masklet") == everything(desk.project)
        desk.project.close()
        assert opened(Path(folder) / "a.masklet") == everything(desk.project)


def opened(path: Path) -> tuple[Any, ...]:
    project = Project.open(path)
    try:
        return everything(project)
    finally:
        project.close()
