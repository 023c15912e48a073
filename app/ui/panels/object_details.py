"""What is said of the selected objects: category, flags and attributes, for the clip, this frame or the range."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.commands import attributes, objects
from app.document.attributes import CROWD, DIFFICULT, FLAGS, TRUNCATED, AttributeValue, Tag
from app.ui.desk import Desk
from app.ui.panels.attribute_editor import AttributeEditor, ChoiceBox, stretch_words

if TYPE_CHECKING:
    from app.document.document import Change
    from app.document.project import Project

_About = tuple[tuple[int, ...], tuple[int, int] | None]

CLIP, FRAME, RANGE = "Whole clip", "This frame", "Range"
NO_CATEGORY = "no category"
_FLAG_HELP = {
    CROWD: "Several things labelled as one (COCO: iscrowd)",
    DIFFICULT: "Hard to see even for a person",
    TRUNCATED: "Cut off by the edge of the picture",
}


class ObjectDetails(QWidget):
    """Shows the primary selected object; what is entered holds for all selected ones."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.editors: dict[int, AttributeEditor] = {}
        self._hints: dict[int, QLabel] = {}
        self.category = ChoiceBox()
        self.category.setEditable(True)
        self.category.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.category.setAccessibleName("Category")
        self.category.setToolTip("Choose a category, or type a new one and press Enter")
        self.category.activated.connect(lambda _: self._take_category())
        line = self.category.lineEdit()
        assert line is not None
        line.returnPressed.connect(self._take_category)
        self.scope = ChoiceBox()
        self.scope.setAccessibleName("On which frames flags and attributes hold")
        self.scope.activated.connect(lambda _: self._show())
        self.flags = {key: QCheckBox(flag.name.capitalize()) for key, flag in FLAGS.items()}
        for key, box in self.flags.items():
            box.setToolTip(_FLAG_HELP[key])
            box.clicked.connect(lambda is_on, key=key: self._say_flag(key, is_on))
        self._flag_hint = _hint()
        self._lay_out()
        for changed in (desk.selection_changed, desk.frame_changed, desk.range_changed):
            changed.connect(self._show)
        desk.project_changed.connect(self._rebuild)
        desk.document_changed.connect(self._take_change)
        self._rebuild()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(4)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Category", self.category)
        self._form.addRow("Holds on", self.scope)
        flags = QHBoxLayout()
        flags.setSpacing(10)
        for box in self.flags.values():
            flags.addWidget(box)
        flags.addStretch(1)
        self._form.addRow(flags)
        self._form.addRow(self._flag_hint)
        self._fixed_rows = self._form.rowCount()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 4, 14, 6)
        layout.setSpacing(4)
        layout.addLayout(self._form)
        layout.addStretch(1)

    # --- showing ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _take_change(self, change: Change) -> None:
        if change.attributes:
            self._rebuild()
        elif change.categories or change.objects:
            self._show()

    def _rebuild(self) -> None:
        """A line for every attribute."""
        while self._form.rowCount() > self._fixed_rows:
            self._form.removeRow(self._fixed_rows)
        self.editors, self._hints = {}, {}
        document = self._desk.document
        for key, attribute in ({} if document is None else document.attributes).items():
            editor, hint = AttributeEditor(attribute), _hint()
            editor.given.connect(lambda value, about, key=key: self._say(key, value, about))
            editor.settled.connect(self._show)
            label = QLabel(attribute.name)
            label.setMaximumWidth(110)
            label.setToolTip(attribute.name)
            self._form.addRow(label, editor)
            self._form.addRow("", hint)
            self.editors[key], self._hints[key] = editor, hint
        self._show()

    def _show(self, _value: object = None) -> None:
        document, selected = self._desk.document, self._desk.selected_object
        self.setEnabled(document is not None and selected is not None)
        if not self.isVisible() or document is None:
            return
        self._show_scope()
        thing = None if selected is None else document.objects.get(selected)
        self._show_categories(None if thing is None else thing.category_id)
        tags = {} if thing is None else document.tags_of(thing.id)
        said = [stretch_words(tags[key], FLAGS[key].name) for key in FLAGS if key in tags]
        _tell(self._flag_hint, ", ".join(words for words in said if words))
        for key, box in self.flags.items():
            box.setChecked(self._value(tags.get(key, Tag())) is True)
        about = self._about()
        for key, editor in self.editors.items():
            tag = tags.get(key, Tag())
            editor.show_value(self._value(tag), about)
            _tell(self._hints[key], stretch_words(tag))

    def _show_scope(self) -> None:
        desk, chosen = self._desk, max(self.scope.currentIndex(), 0)
        names = [CLIP, f"{FRAME} ({desk.frame:,})"]
        if desk.range_in is not None or desk.range_out is not None:
            first, last = desk.range
            names.append(f"{RANGE} {first:,}–{last:,}")
        if names != [self.scope.itemText(place) for place in range(self.scope.count())]:
            self.scope.clear()
            self.scope.addItems(names)
            self.scope.setCurrentIndex(chosen if chosen < len(names) else 0)

    def _show_categories(self, current: int | None) -> None:
        document = self._desk.document
        assert document is not None
        line = self.category.lineEdit()
        if line is not None and line.hasFocus() and line.isModified():
            return
        entries = [(NO_CATEGORY, None), *((item.name, item.id) for item in document.categories.values())]
        box = self.category
        if entries != [(box.itemText(place), box.itemData(place)) for place in range(box.count())]:
            box.clear()
            for name, key in entries:
                box.addItem(name, key)
        place = next((place for place, (_, key) in enumerate(entries) if key == current), 0)
        box.setCurrentIndex(place)
        box.setEditText(entries[place][0])

    # --- doing ---

    @property
    def frames(self) -> tuple[int, int] | None:
        """First and last frame of which something is said, None for the whole clip."""
        place = self.scope.currentIndex()
        if place <= 0:
            return None
        return (self._desk.frame, self._desk.frame) if place == 1 else self._desk.range

    def _value(self, tag: Tag) -> AttributeValue | None:
        frames = self.frames
        return tag.everywhere if frames is None else tag.at(frames[0])

    def _say_flag(self, key: int, is_on: bool) -> None:
        """A flag that is off says nothing, but on a stretch of an object that has it everywhere it says no."""
        document, selected = self._desk.document, self._desk.selected_object
        if document is None or selected is None:
            return
        is_everywhere = document.tags_of(selected).get(key, Tag()).everywhere is True
        off = False if is_everywhere and self.frames is not None else None
        self._say(key, True if is_on else off, self._about())

    def _about(self) -> _About:
        """What is said now is said of these objects, on these frames."""
        return self._desk.selected_objects, self.frames

    def _say(self, key: int, value: AttributeValue | None, about: _About) -> None:
        chosen, frames = about
        self._attempt(lambda project: attributes.say(project, chosen, key, value, frames))

    def _take_category(self) -> None:
        """One of the list; a name that is not in it becomes a new category."""
        text = self.category.currentText().strip()
        place = self.category.findText(text, Qt.MatchFlag.MatchFixedString | Qt.MatchFlag.MatchCaseSensitive)
        chosen = self._desk.selected_objects

        def give(project: Project) -> None:
            with project.history.transaction(f"Category {text or 'none'}"):
                key = self.category.itemData(place) if place >= 0 else None
                if place < 0 and text:
                    key = objects.new_category(project, text).id
                for object_id in chosen:
                    objects.set_object_category(project, object_id, key)

        line = self.category.lineEdit()
        if line is not None:
            line.setModified(False)
        self._attempt(give)

    def _attempt(self, deed: Callable[[Project], object]) -> None:
        project = self._desk.project
        if project is not None:
            self._desk.attempt(lambda: deed(project))
            self._show()


def _hint() -> QLabel:
    label = QLabel()
    label.setProperty("role", "hint")
    label.setWordWrap(True)
    label.hide()
    return label


def _tell(label: QLabel, words: str) -> None:
    label.setText(words)
    label.setVisible(bool(words))
