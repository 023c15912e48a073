"""Prompts from a JSON file, for runs without a window.

    {"objects": [{"id": 1, "name": "dog", "category": "animal", "prompts": [
        {"frame": 0, "points": [[x, y, 1], [x, y, 0]], "box": [x0, y0, x1, y1], "mask": "dog.png"}]}]}

`id`, `name`, `category` and each of `points`, `box` and `mask` may be left out. A point's third number is 1 for the
object and 0 for what is not the object. A mask is a picture beside the file whose pixels other than 0 are the object,
or {"file": "all.png", "index": 3} for one number of an index map. Frames count from 0, coordinates are picture pixels.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.commands.errors import CommandError
from app.commands.mask_pictures import MaskPictures, PictureError
from app.commands.objects import checked_name, new_category, new_object
from app.commands.prompts import replace_prompt
from app.commands.targets import counted, editable_object
from app.document.document import DocumentView
from app.document.masks import MaskCode
from app.document.project import Project
from app.document.values import Box, Clip, Point, Prompt, TrackedObject

MAX_FILE_BYTES = 64 << 20
MAX_FAULTS = 10

_MISSING = object()


class PromptsError(CommandError):
    """A prompts file that cannot be used. `faults` has a sentence for each fault, with its place in the file."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        shown = self.faults[:MAX_FAULTS]
        more = len(self.faults) - len(shown)
        if len(self.faults) == 1:
            super().__init__(f"{name}: {shown[0]}")
        else:
            rest = f"\n… and {counted(more, 'more fault')}" if more else ""
            super().__init__(f"{name} has {len(self.faults)} faults:\n" + "\n".join(shown) + rest)


@dataclass(frozen=True, slots=True)
class ObjectPrompts:
    """What a file says about one object: its prompts by frame; None for what it leaves to the program."""

    prompts: Mapping[int, Prompt]
    id: int | None = None
    name: str | None = None
    category: str | None = None


def load_prompts(path: str | Path, clip: Clip) -> list[ObjectPrompts]:
    """Read a prompts file for a clip. Raises PromptsError, which names the place of every fault."""
    source = Path(path)
    reading = _Reading(source, clip)
    objects = reading.objects(_parse(source))
    if reading.faults:
        raise PromptsError(source.name, reading.faults)
    return objects


def apply_prompts(project: Project, objects: Sequence[ObjectPrompts]) -> list[TrackedObject]:
    """Give the project these objects and prompts, as one step to undo; gives the objects in the file's order.

    An id of an object that exists means that object; its prompts on the file's frames are replaced. Categories are
    found by name, or made. CommandError when an id belonged to an object that was deleted: ids are not given twice.
    """
    with project.history.transaction(f"Load prompts, {counted(len(objects), 'object')}"):
        # Given ids first, so that none of them is taken by an object that leaves its id to the program.
        order = sorted(range(len(objects)), key=lambda place: (objects[place].id is None, objects[place].id or place))
        made = {place: _object_for(project, objects[place]) for place in order}
        for place, thing in made.items():
            for frame, prompt in sorted(objects[place].prompts.items()):
                replace_prompt(project, thing.id, frame, prompt)
    return [made[place] for place in range(len(objects))]


def _object_for(project: Project, wanted: ObjectPrompts) -> TrackedObject:
    document = project.document
    if wanted.id is not None and wanted.id in document.objects:
        return editable_object(project, wanted.id)
    if wanted.id is not None and wanted.id < document.next_object_id:
        raise CommandError(f"Object {wanted.id} was deleted and its id is not given again. Leave the id out.")
    category_id = None if wanted.category is None else _category_id(project, document, wanted.category)
    return new_object(project, wanted.name, category_id, object_id=wanted.id)


def _category_id(project: Project, document: DocumentView, name: str) -> int:
    for category in document.categories.values():
        if category.name == name:
            return category.id
    return new_category(project, name).id


def _parse(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PromptsError(
                path.name, [f"the file is larger than {MAX_FILE_BYTES >> 20} MB; that is no prompts file."]
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PromptsError(path.name, [f"the file cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise PromptsError(path.name, ["the file is not text in UTF-8."]) from None
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise PromptsError(path.name, [f"the file is not JSON: {place}: {error.msg}."]) from None
    except (ValueError, RecursionError) as error:
        raise PromptsError(path.name, [f"the file is not JSON that can be used: {error}."]) from None


class _Pairs(dict[str, Any]):
    """An object of the file, with the keys that it names twice."""

    twice: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    found = _Pairs(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.twice = tuple(name for name in found if names.count(name) > 1)
    return found


class _Reading:
    """One pass through a file, which collects all faults on its way."""

    def __init__(self, path: Path, clip: Clip) -> None:
        self.faults: list[str] = []
        self._clip = clip
        self._pictures = MaskPictures(path.parent, clip.height, clip.width)

    def objects(self, found: Any) -> list[ObjectPrompts]:
        items = self._list(self._keys(found, "", required=("objects",)).get("objects", _MISSING), "objects")
        objects = [self._object(item, f"objects[{place}]") for place, item in enumerate(items)]
        seen: dict[int, int] = {}
        for place, thing in enumerate(objects):
            if thing.id is not None and seen.setdefault(thing.id, place) != place:
                self._fault(f"objects[{place}].id", f"{thing.id} is the id of objects[{seen[thing.id]}], too")
        return objects

    def _object(self, found: Any, place: str) -> ObjectPrompts:
        keys = self._keys(found, place, required=("prompts",), optional=("id", "name", "category"))
        prompts: dict[int, Prompt] = {}
        for number, item in enumerate(self._list(keys.get("prompts", _MISSING), f"{place}.prompts")):
            where = f"{place}.prompts[{number}]"
            frame, prompt = self._prompt(item, where)
            if frame in prompts:
                self._fault(f"{where}.frame", f"frame {frame} has a prompt of this object already; put them in one")
            if frame is not None and prompt is not None:
                prompts[frame] = prompt
        object_id = None
        if "id" in keys:
            object_id = self._whole(keys["id"], f"{place}.id", 1, 2**31 - 1, "an id")
        name, category = self._name(keys, "name", place), self._name(keys, "category", place)
        return ObjectPrompts(prompts, object_id, name, category)

    def _prompt(self, found: Any, place: str) -> tuple[int | None, Prompt | None]:
        keys = self._keys(found, place, required=("frame",), optional=("points", "box", "mask"))
        frame = None
        if "frame" in keys:
            last = self._clip.frame_count - 1
            frame = self._whole(keys["frame"], f"{place}.frame", 0, last, "a frame of the clip")
        if not keys.keys() & {"points", "box", "mask"}:
            if isinstance(found, _Pairs) and found.keys() == keys.keys():
                self._fault(place, "gives neither points nor a box nor a mask")
            return frame, None
        points: list[Point] = []
        if "points" in keys:
            points = self._points(keys["points"], f"{place}.points")
        box = self._box(keys["box"], f"{place}.box") if "box" in keys else None
        mask = self._mask(keys["mask"], f"{place}.mask") if "mask" in keys else None
        return frame, Prompt(tuple(points), box, mask)

    def _points(self, found: Any, place: str) -> list[Point]:
        items = self._list(found, place)
        if items and not any(isinstance(item, list) for item in items):
            self._fault(place, f"is a list of points like [[x, y, 1], [x, y, 0]], not {_shown(found)}")
            return []
        points = (self._point(item, f"{place}[{number}]") for number, item in enumerate(items))
        return [point for point in points if point is not None]

    def _point(self, found: Any, place: str) -> Point | None:
        numbers = self._numbers(found, place, 3, "[x, y, 1] or [x, y, 0]")
        if numbers is None:
            return None
        x, y, label = numbers
        if label not in (0, 1):
            self._fault(place, f"its third number is 1 (the object) or 0 (not the object), not {label:g}")
            return None
        return Point(x, y, label == 1) if self._is_inside(x, y, place) else None

    def _box(self, found: Any, place: str) -> Box | None:
        numbers = self._numbers(found, place, 4, "[x0, y0, x1, y1]")
        if numbers is None:
            return None
        box = Box(*numbers)
        if not (self._is_inside(box.x0, box.y0, place) and self._is_inside(box.x1, box.y1, place)):
            return None
        if box.width < 1 or box.height < 1:
            self._fault(
                place, f"is {box.width:g} x {box.height:g} pixels; x1, y1 lie at least 1 right of and below x0, y0"
            )
            return None
        return box

    def _mask(self, found: Any, place: str) -> MaskCode | None:
        name, index = found, None
        if isinstance(found, dict):
            keys = self._keys(found, place, required=("file",), optional=("index",))
            name = keys.get("file", _MISSING)
            if "index" in keys:
                index = self._whole(keys["index"], f"{place}.index", 1, 2**31 - 1, "a number of an index map")
                if index is None:
                    return None
        if name is _MISSING:
            return None
        if not isinstance(name, str) or not name:
            self._fault(place, f'is a picture\'s name or {{"file": name, "index": number}}, not {_shown(name)}')
            return None
        try:
            return self._pictures.read(name, index)
        except PictureError as error:
            self._fault(place, str(error))
            return None

    def _keys(
        self, found: Any, place: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The object's known keys; faults for what is missing, unknown or no object at all."""
        known = (*required, *optional)
        if not isinstance(found, _Pairs):
            self._fault(place, f"is an object with {_listed(known)}, not {_shown(found)}")
            return {}
        for key in found.twice:
            self._fault(place, f"names “{key}” twice")
        for key in found:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.5)
                hint = f"did you mean “{near[0]}”?" if near else f"known are {_listed(known)}"
                self._fault(place, f"the key “{key}” is unknown; {hint}")
        for key in required:
            if key not in found:
                self._fault(place, f"“{key}” is missing")
        return {key: found[key] for key in known if key in found}

    def _list(self, found: Any, place: str) -> list[Any]:
        if found is _MISSING:
            return []
        if not isinstance(found, list):
            self._fault(place, f"is a list, not {_shown(found)}")
            return []
        if not found:
            self._fault(place, "is empty")
        return found

    def _name(self, keys: dict[str, Any], key: str, place: str) -> str | None:
        if key not in keys:
            return None
        if not isinstance(keys[key], str):
            self._fault(f"{place}.{key}", f"is text, not {_shown(keys[key])}")
            return None
        try:
            return checked_name(keys[key], "An object" if key == "name" else "A category")
        except CommandError as error:
            self._fault(f"{place}.{key}", str(error).removesuffix("."))
            return None

    def _whole(self, found: Any, place: str, low: int, high: int, what: str) -> int | None:
        if type(found) is not int:
            self._fault(place, f"is a whole number, not {_shown(found)}")
        elif not low <= found <= high:
            self._fault(place, f"{_shown(found)} is not {what}; it lies between {low} and {high}")
        else:
            return found
        return None

    def _numbers(self, found: Any, place: str, count: int, form: str) -> tuple[float, ...] | None:
        if not isinstance(found, list) or len(found) != count:
            self._fault(place, f"is {form}, not {_shown(found)}")
            return None
        for item in found:
            if type(item) not in (int, float) or (isinstance(item, float) and not math.isfinite(item)):
                self._fault(place, f"{_shown(item)} is no number")
                return None
            if abs(item) > 2**31:
                self._fault(place, f"{_shown(item)} lies outside every picture")
                return None
        return tuple(float(item) for item in found)

    def _is_inside(self, x: float, y: float, place: str) -> bool:
        width, height = self._clip.width, self._clip.height
        if 0 <= x <= width and 0 <= y <= height:
            return True
        self._fault(place, f"({x:g}, {y:g}) lies outside the picture of {width} x {height} pixels")
        return False

    def _fault(self, place: str, what: str) -> None:
        self.faults.append(f"{place or 'the file'}: {what}.")


def _shown(found: Any) -> str:
    """A value as the file has it, shortly."""
    try:
        text = json.dumps(found, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = "a number too long to print"
    return text if len(text) <= 40 else text[:37] + "…"


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
