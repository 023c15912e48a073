"""A monkey at the commands: thousands of random deeds, many of them nonsense. The document stays whole meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.commands import attributes, categories, marks, mask_editing, masklets, masks, objects, prompts, review
from app.commands.errors import CommandError
from app.commands.suggestions import add_suggested_objects
from app.document.attributes import FLAGS, AttributeKind
from app.document.history import Transaction
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.store import ProjectStore
from app.document.values import Box, Cell, Clip, FrameMask, Prompt

FRAMES, HEIGHT, WIDTH = 12, 24, 32
CLIP = Clip("clip.mp4", "clip", FRAMES, HEIGHT, WIDTH, 25.0)
MOST_OBJECTS = 7


def everything(project: Project) -> dict[str, Any]:
    """All that undo and redo bring back; ids that were given stay given."""
    document = project.document
    return {
        "clip": document.clip,
        "objects": list(document.objects.items()),
        "categories": dict(document.categories),
        "prompts": dict(document.prompts.items()),
        "masks": {cell: (mask.code.counts, mask.iou, mask.score, mask.origin) for cell, mask in document.masks.items()},
        "reviews": dict(document.reviews.items()),
        "attributes": list(document.attributes.items()),
        "tags": dict(document.tags.items()),
        "allows overlaps": document.allows_overlaps,
        "cuts": document.cuts,
        "markers": dict(document.markers),
        "excluded": dict(document.excluded.items()),
        "dismissed": dict(document.dismissed.items()),
    }


def check(project: Project) -> None:
    """What holds whatever was done."""
    document = project.document
    ids, clip = set(document.objects), document.clip
    for table in (document.masks, document.prompts, document.reviews, document.excluded, document.dismissed):
        assert all(cell[0] in ids and 0 <= cell[1] < clip.frame_count for cell in table)
    for (object_id, attribute_id), tag in document.tags.items():
        assert object_id in ids and not tag.is_empty
        assert attribute_id in FLAGS or attribute_id in document.attributes
    assert list(document.cuts) == sorted(set(document.cuts))
    assert all(0 < frame < clip.frame_count for frame in document.cuts)
    assert all(0 <= frame < clip.frame_count for frame in document.markers)
    assert all(cell in document.masks for cell in document.reviews), "verified, but there is no mask"
    assert all(not prompt.is_empty for prompt in document.prompts.values())
    assert all(mask.code.size == (clip.height, clip.width) for mask in document.masks.values())
    assert all(thing.id == key and thing.name.strip() for key, thing in document.objects.items())
    assert all(
        thing.category_id is None or thing.category_id in document.categories for thing in document.objects.values()
    )
    assert max(ids, default=0) < document.next_object_id
    assert max(document.categories, default=0) < document.next_category_id
    names = [category.name for category in document.categories.values()]
    assert len(names) == len(set(names))


class Monkey:
    """Knows every command, and has no idea what it does with them."""

    def __init__(self, project: Project, seed: int) -> None:
        self.project, self.chance = project, random.Random(seed)
        self.pixels = np.random.default_rng(seed)
        self.runs: list[tuple[Transaction, dict[Cell, int]]] = []
        self.asked: list[tuple[Cell, int]] = []
        self.given_ids: set[int] = set()
        self.refusals = 0
        self.deeds = [*self._deeds(), *self._deeds_beside_masks()]
        self.played: set[int] = set()
        """Places in `deeds` of what was done at least once without being refused."""

    # --- things to pick ---

    def object(self) -> int:
        """An object that is there, mostly."""
        ids = list(self.project.document.objects)
        return self.chance.choice(ids) if ids and self.chance.random() < 0.97 else self.chance.randint(-1, 40)

    def some_objects(self) -> list[int]:
        return [self.object() for _ in range(self.chance.randint(1, 3))]

    def frame(self) -> int:
        return self.chance.randrange(FRAMES) if self.chance.random() < 0.97 else self.chance.choice((-1, FRAMES, 999))

    def cell(self) -> Cell:
        return self.object(), self.frame()

    def prompted(self) -> Cell:
        """A cell with prompts, mostly."""
        held = list(self.project.document.prompts)
        return self.chance.choice(held) if held and self.chance.random() < 0.7 else self.cell()

    def point(self) -> tuple[int, int, int]:
        """Object, frame and number of a point that is there, mostly."""
        held = [cell for cell, prompt in self.project.document.prompts.items() if prompt.points]
        return *(self.chance.choice(held) if held else self.cell()), self.chance.choice((-1, 0, 0, 0, 1))

    def stretch(self) -> tuple[int, int, int]:
        """An object and two frames, on which it has masks, mostly."""
        number = self.object()
        held = list(self.project.document.masks_of(number))
        return number, *(self.chance.sample(held, 2) if len(held) > 1 else (self.frame(), self.frame()))

    def cells(self) -> list[Cell]:
        held = list(self.project.document.masks)
        found = [self.cell() for _ in range(self.chance.randint(0, 3))]
        return found + self.chance.sample(held, min(len(held), self.chance.randint(0, 4)))

    def category(self) -> int | None:
        ids = [*self.project.document.categories, None]
        return self.chance.choice(ids) if self.chance.random() < 0.95 else 77

    def place(self) -> tuple[float, float]:
        return self.chance.uniform(-2, WIDTH + 2), self.chance.uniform(-2, HEIGHT + 2)

    def area(self) -> np.ndarray:
        """Pixels: a rectangle, dust, nothing, everything, or a picture of the wrong size."""
        kind = self.chance.random()
        if kind < 0.03:
            return np.zeros((HEIGHT + 1, WIDTH), bool)
        if kind < 0.1:
            return np.full((HEIGHT, WIDTH), self.chance.random() < 0.5)
        if kind < 0.2:
            return self.pixels.random((HEIGHT, WIDTH)) < 0.1
        (x0, y0), (x1, y1) = self.place(), self.place()
        area = np.zeros((HEIGHT, WIDTH), bool)
        area[max(0, int(min(y0, y1))) : int(max(y0, y1)) + 1, max(0, int(min(x0, x1))) : int(max(x0, x1)) + 1] = True
        return area

    def box(self) -> Box | None:
        (x0, y0), (x1, y1) = self.place(), self.place()
        return Box(x0, y0, x1, y1) if self.chance.random() < 0.8 else None

    def name(self) -> str:
        return self.chance.choice(("dog", "ball", "red ball", "", "  ", "犬", "a\nb", "x" * 250, "dog"))

    def mask(self) -> FrameMask:
        size = (HEIGHT, WIDTH)
        pixels = self.area()
        code = MaskCode.from_array(pixels if pixels.shape == size else np.zeros(size, bool))
        return FrameMask(code, self.chance.random(), self.chance.uniform(-10, 10))

    # --- deeds ---

    def _deeds(self) -> list[Callable[[], object]]:
        project, chance = self.project, self.chance
        history = project.history
        point = lambda: prompts.add_point(project, *self.cell(), *self.place(), chance.random() < 0.7)  # noqa: E731
        sizes = (0, 1, 2, 3, 500)
        return [
            self.new_object,
            self.new_object,
            lambda: objects.rename_object(project, self.object(), self.name()),
            lambda: objects.set_object_category(project, self.object(), self.category()),
            lambda: objects.set_object_color(project, self.object(), chance.randint(-1, 20)),
            lambda: objects.set_object_visible(project, self.object(), chance.random() < 0.5),
            lambda: objects.set_object_frozen(project, self.object(), chance.random() < 0.25),
            lambda: objects.show_only(project, self.some_objects()),
            lambda: objects.show_all(project),
            lambda: objects.reorder_objects(
                project, chance.sample(list(project.document.objects), len(project.document.objects))
            ),
            lambda: objects.delete_objects(project, self.some_objects()[:1]),
            self.duplicate,
            lambda: objects.new_category(project, self.name(), self.name(), chance.choice(("", "#ff0000", "red"))),
            lambda: objects.rename_category(project, self.category() or 1, self.name()),
            lambda: objects.delete_category(project, self.category() or 1),
            point,
            point,
            point,
            self.ask,
            self.answer,
            lambda: prompts.move_point(project, *self.point(), *self.place()),
            lambda: prompts.flip_point(project, *self.point()),
            lambda: prompts.delete_point(project, *self.point()),
            lambda: prompts.set_box(project, *self.cell(), self.box()),
            lambda: prompts.set_mask_prompt(project, *self.cell(), self.area()),
            lambda: prompts.choose_candidate(project, *self.prompted(), chance.randint(-1, 2), self.mask()),
            lambda: prompts.replace_prompt(project, *self.cell(), Prompt(box=self.box())),
            lambda: prompts.clear_prompts(project, *self.prompted()),
            lambda: prompts.clear_object_prompts(project, self.object()),
            lambda: prompts.clear_all_prompts(project) if chance.random() < 0.2 else None,
            lambda: masks.paint_mask(project, *self.cell(), self.area(), erase=chance.random() < 0.3),
            lambda: masks.paint_mask(project, *self.cell(), self.area()),
            lambda: masks.set_mask(project, *self.cell(), self.area()),
            lambda: masks.paste_mask(project, *self.cell(), masks.copy_mask(project, *self.cell())),
            lambda: masks.paste_masks(project, self.object(), (self.frame(), self.frame()), self.mask().code),
            lambda: masks.delete_masks(project, self.some_objects(), self.frame(), self.frame()),
            lambda: mask_editing.fill_holes(project, self.cells(), chance.choice((None, 1, 50))),
            lambda: mask_editing.remove_specks(project, self.cells(), chance.choice(sizes)),
            lambda: mask_editing.grow_masks(project, self.cells(), chance.choice(sizes)),
            lambda: mask_editing.shrink_masks(project, self.cells(), chance.choice(sizes)),
            lambda: mask_editing.smooth_masks(project, self.cells(), chance.choice(sizes)),
            lambda: mask_editing.nudge_masks(project, self.cells(), chance.randint(-9, 9), chance.randint(-9, 9)),
            lambda: mask_editing.combine_masks(
                project, self.object(), self.object(), range(FRAMES), chance.choice(("union", "minus", "xor"))
            ),
            lambda: mask_editing.interpolate_masks(project, *self.stretch()),
            lambda: mask_editing.interpolate_around(project, *self.cell()),
            lambda: review.verify_cells(project, self.cells()),
            lambda: review.verify_cells(project, self.cells()),
            lambda: review.unverify(project, self.cells()),
            lambda: review.mark_absent(project, self.cells(), verify=chance.random() < 0.3),
            lambda: masklets.end_track(project, *self.cell()),
            lambda: masklets.join_masklets(
                project, self.object(), self.object(), chance.choice(list(masklets.Conflict))
            ),
            lambda: masklets.split_masklet(project, *self.cell()),
            lambda: masklets.swap_masklets(project, self.object(), self.object(), self.frame()),
            self.begin_run,
            self.begin_run,
            self.go_on,
            self.go_on,
            self.go_on,
            self.end_run,
            history.undo,
            history.undo,
            history.undo,
            history.redo,
            history.redo,
        ]

    def _deeds_beside_masks(self) -> list[Callable[[], object]]:
        """What is said of objects, categories and frames, and objects that a model suggests."""
        project, chance = self.project, self.chance
        value = lambda: chance.choice((None, True, 3.5, "left", "right", "", "x" * 20000))  # noqa: E731
        return [
            lambda: attributes.new_attribute(
                project, self.name(), chance.choice(list(AttributeKind)), ("left", "right")
            ),
            lambda: attributes.rename_attribute(project, self.attribute(), self.name()),
            lambda: attributes.set_choices(project, self.attribute(), chance.choice((("left",), ("left", "up"), ()))),
            lambda: attributes.move_attribute(project, self.attribute(), chance.randint(-1, 4)),
            lambda: attributes.delete_attribute(project, self.attribute()) if chance.random() < 0.4 else None,
            lambda: attributes.say(project, self.some_objects(), self.attribute(), value()),
            lambda: attributes.say(
                project, self.some_objects(), self.attribute(), value(), (self.frame(), self.frame())
            ),
            lambda: categories.move_category(project, self.category() or 1, chance.randint(-1, 5)),
            lambda: categories.delete_unused_categories(project),
            lambda: objects.set_keeps_off(project, self.object(), chance.random() < 0.5),
            lambda: objects.allow_overlaps(project, chance.random() < 0.5),
            lambda: marks.add_cut(project, self.frame()),
            lambda: marks.remove_cut(project, self.frame()),
            lambda: marks.set_marker(project, self.frame(), self.name()),
            lambda: marks.remove_marker(project, self.frame()),
            self.add_suggested,
        ]

    def attribute(self) -> int:
        """An attribute that is there, mostly."""
        ids = [*self.project.document.attributes, *FLAGS]
        return self.chance.choice(ids) if self.chance.random() < 0.97 else 99

    def add_suggested(self) -> None:
        if len(self.project.document.objects) < MOST_OBJECTS:
            suggested = [(self.mask().code, self.chance.random()) for _ in range(self.chance.randint(0, 2))]
            made = add_suggested_objects(self.project, self.frame(), suggested)
            assert not self.given_ids & {thing.id for thing in made}
            self.given_ids |= {thing.id for thing in made}

    def new_object(self) -> None:
        if len(self.project.document.objects) < MOST_OBJECTS:
            made = objects.new_object(self.project, category_id=self.category())
            assert made.id not in self.given_ids, "an id was given twice"
            self.given_ids.add(made.id)

    def duplicate(self) -> None:
        if len(self.project.document.objects) < MOST_OBJECTS:
            made = objects.duplicate_object(self.project, self.object())
            assert made.id not in self.given_ids
            self.given_ids.add(made.id)

    def ask(self) -> None:
        """A click whose answer is on its way."""
        cell = self.cell()
        prompts.add_point(self.project, *cell, 5.0, 5.0)
        self.asked.append((cell, self.project.document.revision(cell)))

    def answer(self) -> None:
        if self.asked:
            cell, revision = self.asked.pop(self.chance.randrange(len(self.asked)))
            masks.accept_prompt_mask(self.project, cell, self.mask(), revision)

    def begin_run(self) -> None:
        if len(self.runs) < 2:
            document = self.project.document
            cells = [(object_id, frame) for object_id in document.objects for frame in range(FRAMES)]
            revisions = {cell: document.revision(cell) for cell in cells}
            self.runs.append((self.project.history.begin("Propagate"), revisions))

    def go_on(self) -> None:
        """A batch of an open run. What a person touched since, verified or froze stays as it is."""
        if not self.runs:
            return
        transaction, revisions = self.chance.choice(self.runs)
        document, frame = self.project.document, self.chance.randrange(FRAMES)
        results = [(cell, self.mask(), revision) for cell, revision in revisions.items() if cell[1] == frame]
        kept = {
            cell: document.masks.get(cell)
            for cell, _, revision in results
            if document.is_verified(cell)
            or document.revision(cell) != revision
            or (cell[0] in document.objects and document.objects[cell[0]].is_frozen)
        }
        report = masks.accept_masks(self.project, transaction, results)
        assert report.accepted + report.dropped == len(results)
        assert {cell: document.masks.get(cell) for cell in kept} == kept

    def end_run(self) -> None:
        if self.runs:
            self.runs.pop(self.chance.randrange(len(self.runs)))[0].commit()

    def act(self) -> None:
        """One deed. Nonsense is refused in a sentence, and then nothing has changed."""
        number = self.chance.randrange(len(self.deeds))
        before = everything(self.project) if self.chance.random() < 0.05 else None
        try:
            self.deeds[number]()
            self.played.add(number)
        except CommandError as refusal:
            assert str(refusal).strip().endswith(".")
            self.refusals += 1
            assert before is None or everything(self.project) == before

    def rest(self) -> None:
        """Every run ends, as it does before a project is closed."""
        while self.runs:
            self.end_run()
        self.asked.clear()


def rewind(project: Project) -> None:
    while project.history.can_undo:
        project.history.undo()


def replay(project: Project) -> None:
    while project.history.can_redo:
        project.history.redo()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_monkey_at_the_commands_breaks_nothing(seed: int, tmp_path: Path) -> None:
    project = Project.new(CLIP)
    project.save_as(tmp_path / "monkey.masklet")
    monkey = Monkey(project, seed)
    start = everything(project)
    for number in range(3000):
        monkey.act()
        check(project)
        if number % 1000 == 999:
            monkey.rest()
            replay(project)
            end = everything(project)
            rewind(project)
            assert everything(project) == start
            replay(project)
            assert everything(project) == end
    assert monkey.played == set(range(len(monkey.deeds)))
    assert monkey.refusals > 50
    assert len(project.history.names[0]) > 200
    project.close()
    store, document = ProjectStore.open(tmp_path / "monkey.masklet")
    assert everything(Project(document)) == end
    store.close()
