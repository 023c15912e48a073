"""ProjectStore: the project file of a living document. Every step is in it within a moment; nobody saves by hand."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from psygnal import Signal

from app.document.copying import back_up, write_copy, write_new, write_successor
from app.document.document import Document
from app.document.errors import ProjectError, ProjectInUse
from app.document.history import History
from app.document.lock import ProjectLock
from app.document.mark_rows import MARKS, mark_settings, read_marks
from app.document.reading import read_settings, read_state
from app.document.rows import Batch, delete_unused_counts, next_ids_of
from app.document.schema import SUFFIX, VERSION, check_file, connect, migrate, transaction
from app.document.shelf import Shelf
from app.document.steps import Change
from app.document.version_rows import drop_old_versions, read_versions
from app.document.versions import Version, VersionKey
from app.document.writer import Writer

__all__ = ["SUFFIX", "ProjectError", "ProjectInUse", "ProjectStore"]


class ProjectStore:
    """One project file, held by this process. Made by `create` or `open`; call `close` in the end.

    All methods raise ProjectError with a sentence; what could not be written stays in memory and is tried again.
    `problem_changed` carries the sentence, or "" when all is well again. It comes on the writer's thread: hand it over.
    """

    problem_changed: ClassVar[Signal] = Signal(str)

    def __init__(self, path: Path, lock: ProjectLock | None, shelf: Shelf, settings: dict[str, str]) -> None:
        self.path = path
        self._lock = lock
        self._shelf = shelf
        self._settings = settings
        self._writer = Writer(path, shelf, self.problem_changed.emit, read_only=lock is None)
        self._document: Document | None = None
        self._history: History | None = None
        self._changes: list[Change] = []
        self.found_versions: list[Version] = []
        """The versions of masks that lay in the file when it was opened."""

    @classmethod
    def create(cls, path: str | Path, document: Document, *, overwrite: bool = False) -> ProjectStore:
        """Write the whole document into a new file. An existing file is replaced only with `overwrite`."""
        target = Path(path)
        _check_target(target, overwrite)
        lock = ProjectLock(target)
        try:
            shelf = Shelf(target)
            placed = write_new(target, Batch.of_everything(document), shelf)
            for code, key in placed:
                shelf.take(code, key)
            return cls(target, lock, shelf, {})
        except sqlite3.Error as error:
            lock.release()
            raise ProjectError(f"{target} cannot be written: {error}.") from None
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> tuple[ProjectStore, Document]:
        """Read a project file. Where it cannot be written it is opened read-only: steps then stay in memory.

        Raises ProjectInUse while another window has it, ProjectError when it is missing, foreign, newer or damaged.
        """
        source = Path(path)
        if not source.is_file():
            raise ProjectError(f"There is no project {source}.")
        read_only = read_only or not (os.access(source, os.W_OK) and os.access(source.parent, os.W_OK))
        lock = None if read_only else ProjectLock(source)
        try:
            shelf = Shelf(source)
            document, settings, versions = _read(source, shelf, read_only)
            store = cls(source, lock, shelf, settings)
            store.found_versions = versions
        except BaseException as error:
            if lock is not None:
                lock.release()
            if isinstance(error, sqlite3.OperationalError):
                raise ProjectError(f"{source.name} cannot be read: {error}.") from None
            if isinstance(error, sqlite3.Error | ValueError | KeyError | TypeError):
                raise ProjectError(
                    f"{source.name} is damaged: {error}. Open a copy of it, or a {source.name}.v*.bak beside it."
                ) from None
            raise
        return store, document

    @property
    def is_read_only(self) -> bool:
        return self._lock is None

    @property
    def problem(self) -> str:
        """Why steps are not in the file, empty while they are."""
        return self._writer.problem

    @property
    def unsaved_steps(self) -> int:
        """How many actions are in memory only."""
        return self._writer.unsaved_steps

    def attach(self, history: History) -> None:
        """From now on write every step of this history's document."""
        self._history, self._document = history, history.document
        history.document.changed.connect(self._notice)
        history.settled.connect(self._settle)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the project remembers beside the work, such as the frame that was last looked at."""
        return {key: json.loads(value) for key, value in self._settings.items()}

    def set_setting(self, key: str, value: Any) -> None:
        """Remember anything that JSON can say; it is no step and cannot be undone."""
        text = json.dumps(value, allow_nan=False)
        if self._settings.get(key) != text:
            self._settings[key] = text
            self._writer.add(Batch(settings={key: text}), is_urgent=False)

    def write_versions(self, changed: Mapping[VersionKey, Version | None]) -> None:
        """Write what runs have replaced, and delete what is None; it is no step and cannot be undone."""
        if changed:
            self._writer.add(Batch(versions=dict(changed)), is_urgent=False)

    def flush(self) -> None:
        """Wait until every step is in the file: from then on it survives the end of the process, whatever that is."""
        self._settle(True)
        self._writer.flush()

    def save(self) -> None:
        """Wait until every step is on the disk: from then on it survives the end of the power, too."""
        self._settle(True)
        self._writer.flush(checkpoint=True)

    def save_copy(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write a copy, with all steps, while work goes on here. Any thread may call it.

        The target is the old file or the new one, whole, whatever happens in between.
        """
        target = self._other(path, overwrite)
        lock = ProjectLock(target)
        try:
            write_copy(self.path, target, self._agree, self._shelf)
        finally:
            lock.release()

    def save_as(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Go on in another file, which gets all work; this one stays as it is now."""
        target = self._other(path, overwrite)
        with contextlib.suppress(ProjectError):  # what cannot be written here goes into the other file
            self.flush()
        lock = ProjectLock(target)
        try:
            placed = write_successor(self.path, target, self._agree, self._shelf)
            writer = Writer(target, self._shelf, self.problem_changed.emit)
        except BaseException as error:
            lock.release()
            if isinstance(error, sqlite3.Error):
                raise ProjectError(f"{target} cannot be written: {error}.") from None
            raise
        self._writer.stop()
        self._shelf.move(target)
        for code, key in placed:
            self._shelf.take(code, key)
        if self._lock is not None:
            self._lock.release()
        self._lock, self.path, self._writer = lock, target, writer

    def close(self) -> None:
        """Write what is left, leave one tidy file, let it go. Raises ProjectError when steps could not be written:
        then they are lost unless a copy is saved first, so the file stays open."""
        if not self.is_read_only:
            self.flush()
        self.abandon()

    def abandon(self) -> None:
        """Let the file go without what could not be written."""
        if self._history is not None and self._document is not None:
            self._document.changed.disconnect(self._notice)
            self._history.settled.disconnect(self._settle)
            self._history = self._document = None
        self._end()

    def _end(self) -> None:
        self._writer.stop()
        self._shelf.close()
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            with contextlib.suppress(sqlite3.Error):  # only tidying: everything is in the file
                _tidy(self.path)
        finally:
            lock.release()

    def _agree(self, reader: sqlite3.Connection) -> Batch:
        with self._writer.writing:
            reader.execute("BEGIN")
            reader.execute("SELECT id FROM project").fetchone()
            missing = self._writer.pending()
        if missing.clip is None and self._document is not None:
            missing.clip = self._document.clip  # seen from the copy's folder
        return missing

    def _other(self, path: str | Path, overwrite: bool) -> Path:
        target = Path(path)
        if target.exists() and target.samefile(self.path):
            raise ProjectError(f"{target} is this project itself; it is saved already. Choose another name.")
        _check_target(target, overwrite)
        return target

    def _notice(self, change: Change) -> None:
        self._changes.append(change)

    def _settle(self, is_over: bool) -> None:
        document, changes = self._document, self._changes
        if not changes or document is None:
            return
        self._changes = []
        change = Change.of(changes)
        batch = Batch(steps=1)
        if change.clip:
            batch.clip = document.clip
        if change.objects or change.categories or change.attributes:
            batch.objects, batch.categories = tuple(document.objects.values()), tuple(document.categories.values())
            batch.attributes = tuple(document.attributes.values())
            batch.next_ids = next_ids_of(document)
        if change.overlaps:
            batch.allows_overlaps = document.allows_overlaps
        if change.tags:
            batch.tags = {key: document.tags.get(key) for key in change.tags}
        if change.prompts:
            batch.prompts = {cell: document.prompts.get(cell) for cell in change.cells}
        if change.masks:
            batch.masks = {cell: document.masks.get(cell) for cell in change.cells}
        if change.reviews:
            batch.reviews = {cell: document.reviews.get(cell) for cell in change.cells}
        batch.settings = mark_settings(document, change)
        self._writer.add(batch, is_urgent=is_over)


def _check_target(target: Path, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise ProjectError(f"{target} exists already. Choose another name, or say that it may be replaced.")
    if not target.parent.is_dir():
        raise ProjectError(f"{target} cannot be written: its folder {target.parent} does not exist.")


def _read(path: Path, shelf: Shelf, read_only: bool) -> tuple[Document, dict[str, str], list[Version]]:
    connection = connect(path, writing=not read_only)
    try:
        version = check_file(connection, path.name)
        if version < VERSION:
            if read_only:
                raise ProjectError(f"{path.name} is of an older kind. Open a copy of it where it can be written.")
            back_up(connection, path.with_name(f"{path.name}.v{version}.bak"))
            migrate(connection, version)
        connection.execute("BEGIN")
        state, settings = read_state(connection, shelf, path), read_settings(connection)
        versions = read_versions(connection, shelf, state)
        connection.execute("COMMIT")
        read_marks(settings, state)
        others = {key: text for key, text in settings.items() if key not in MARKS}
        return Document.restored(state), others, versions
    finally:
        connection.close()


def _tidy(path: Path) -> None:
    """One file without what only undo needed, and without a log beside it."""
    connection = connect(path, writing=True)
    try:
        with transaction(connection):
            drop_old_versions(connection)
            delete_unused_counts(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()
