"""The list of categories as a whole, and what can be said of objects: ordered, tidied, carried between projects.

A template is a JSON file: `{"categories": [{"name": …, "supercategory": …, "color": "#rrggbb"}], "attributes":
[{"name": …, "kind": "text" | "choice" | "number" | "yes or no", "choices": […]}]}`. The `categories` of a COCO file
are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from app.commands.attributes import new_attribute
from app.commands.errors import CommandError
from app.commands.objects import checked_color, checked_name, new_category
from app.commands.targets import category_of, moved
from app.document.attribute_steps import SetListOrder
from app.document.attributes import AttributeKind
from app.document.project import Project
from app.document.steps import SetCategory

MAX_BYTES = 8 * 1024 * 1024
KIND = "masklet-studio template"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TemplateReport:
    """What loading a template did: names of the categories and attributes that are new, and of changed categories."""

    added: tuple[str, ...]
    changed: tuple[str, ...]


def move_category(project: Project, category_id: int, place: int) -> None:
    """Put a category at a place of the list, counted from 0; Alt+1 to Alt+9 give the first nine."""
    category = category_of(project, category_id)
    order = moved(project.document.categories, category_id, place)
    if order is not None:
        with project.history.transaction(f"Move category {category.name}") as transaction:
            transaction.apply(SetListOrder("categories", order))


def unused_categories(project: Project) -> list[int]:
    """Categories that no object has, in the list's order."""
    used = {thing.category_id for thing in project.document.objects.values()}
    return [key for key in project.document.categories if key not in used]


def delete_unused_categories(project: Project) -> int:
    """Delete every category that no object has; gives how many."""
    unused = unused_categories(project)
    if unused:
        with project.history.transaction(f"Delete {_categories(len(unused))}") as transaction:
            for category_id in unused:
                transaction.apply(SetCategory(category_id, None))
    return len(unused)


def save_template(project: Project, path: Path) -> None:
    """Write categories and attributes for other projects. CommandError where the file cannot be written."""
    document = project.document
    said = {
        "kind": KIND,
        "version": 1,
        "categories": [
            {"name": item.name, "supercategory": item.supercategory, "color": item.color}
            for item in document.categories.values()
        ],
        "attributes": [
            {"name": item.name, "kind": item.kind.value, "choices": list(item.choices)}
            for item in document.attributes.values()
        ],
    }
    try:
        path.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}. Choose another place.") from None


def load_template(project: Project, path: Path) -> TemplateReport:
    """Add what a template has and this project lacks, by name; known categories get its parents and colours.

    Nothing is deleted, no object changes its category, and masks are never touched. CommandError, with nothing changed,
    where the file is none, naming the place of the fault.
    """
    said = _read(path)
    categories = [_category(path, number, item) for number, item in enumerate(_list(path, said, "categories"))]
    attributes = [_attribute(path, number, item) for number, item in enumerate(_list(path, said, "attributes"))]
    if not categories and not attributes:
        raise CommandError(f"{path.name} names no category. A template has a list “categories”.")
    document = project.document
    known = {category.name: category for category in document.categories.values()}
    known_attributes = {attribute.name for attribute in document.attributes.values()}
    added, changed = [], []
    with project.history.transaction(f"Load template {path.name}") as transaction:
        for name, parent, color in categories:
            before = known.get(name)
            if before is None:
                known[name] = new_category(project, name, parent, color)
                added.append(name)
                continue
            after = replace(before, supercategory=parent or before.supercategory, color=color or before.color)
            if after != before:
                transaction.apply(SetCategory(before.id, after))
                changed.append(name)
        for name, kind, choices in attributes:
            if name not in known_attributes:
                known_attributes.add(new_attribute(project, name, kind, choices).name)
                added.append(name)
    return TemplateReport(tuple(added), tuple(changed))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CommandError(f"{path.name} is too large for a template ({path.stat().st_size / 1e6:.0f} MB).")
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise CommandError(f"{path.name} is not JSON. Choose a file that was saved with Save as template.") from None
    if isinstance(said, list):
        said = {"categories": said}
    if not isinstance(said, dict):
        raise CommandError(f"{path.name} is no template: it has no list “categories”.")
    return said


def _list(path: Path, said: Mapping[str, Any], key: str) -> Sequence[Any]:
    found = said.get(key, [])
    if not isinstance(found, list):
        raise CommandError(f"{path.name}: “{key}” is not a list.")
    return found


def _category(path: Path, number: int, item: Any) -> tuple[str, str, str]:
    if isinstance(item, str):
        item = {"name": item}
    where = f"{path.name}, category {number + 1}"
    fields = [_text(where, item, key) for key in ("name", "supercategory", "color")]
    return _checked(where, lambda: (checked_name(fields[0], "A category"), fields[1].strip(), checked_color(fields[2])))


def _attribute(path: Path, number: int, item: Any) -> tuple[str, AttributeKind, tuple[str, ...]]:
    where = f"{path.name}, attribute {number + 1}"
    name, kind = _text(where, item, "name"), _text(where, item, "kind")
    if kind not in list(AttributeKind):
        raise CommandError(f"{where}: the kind is one of {', '.join(AttributeKind)}, not {kind!r}.")
    choices = item.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise CommandError(f"{where}: “choices” is not a list of words.")
    checked = _checked(where, lambda: checked_name(name, "An attribute"))
    return checked, AttributeKind(kind), tuple(choices)


def _text(where: str, item: Any, key: str) -> str:
    value = item.get(key) if isinstance(item, dict) else None
    if value is None and key != "name" and isinstance(item, dict):
        return ""
    if not isinstance(value, str):
        raise CommandError(f"{where}: “{key}” is missing or no text.")
    return value


def _checked(where: str, make: Callable[[], T]) -> T:
    """What `make` gives; its refusal says where the fault is."""
    try:
        return make()
    except CommandError as error:
        raise CommandError(f"{where}: {error}") from None


def _categories(count: int) -> str:
    return "1 category" if count == 1 else f"{count:,} categories"
