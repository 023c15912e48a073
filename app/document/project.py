"""Project: a document with its history and, once it has a place on disk, its file. What every command works on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.document.document import Document
from app.document.errors import ProjectError, ProjectInUse
from app.document.history import History
from app.document.store import SUFFIX, ProjectStore
from app.document.values import Cell, Clip, FrameMask
from app.document.versions import Versions

__all__ = ["SUFFIX", "Project", "ProjectError", "ProjectInUse"]


class Project:
    """One clip's work while it is open. Methods that touch the file raise ProjectError with a sentence."""

    def __init__(self, document: Document, store: ProjectStore | None = None) -> None:
        self.document = document
        self.history = History(document)
        self.store = store
        self.versions = Versions(() if store is None else store.found_versions)
        """What runs have replaced."""
        self._settings: dict[str, Any] = {} if store is None else dict(store.settings)
        if store is not None:
            store.attach(self.history)

    @classmethod
    def new(cls, clip: Clip) -> Project:
        """An empty project that lives in memory until `save_as` gives it a place on disk."""
        return cls(Document(clip))

    @classmethod
    def create(cls, path: str | Path, clip: Clip, *, overwrite: bool = False) -> Project:
        """An empty project in a new file."""
        document = Document(clip)
        return cls(document, ProjectStore.create(path, document, overwrite=overwrite))

    @classmethod
    def open(cls, path: str | Path, *, read_only: bool = False) -> Project:
        """A project as it was left; its undo history begins anew."""
        store, document = ProjectStore.open(path, read_only=read_only)
        return cls(document, store)

    @property
    def path(self) -> Path | None:
        """The project file, None while the project lives in memory."""
        return None if self.store is None else self.store.path

    def remember(self, key: str, value: Any) -> None:
        """Keep something beside the work (the last frame, a choice): no step, not undone. It must fit JSON."""
        self._settings[key] = value
        if self.store is not None:
            self.store.set_setting(key, value)

    def recall(self, key: str, default: Any = None) -> Any:
        """What was remembered under the key."""
        return self._settings.get(key, default)

    def keep_version(self, run: str, before: Mapping[Cell, FrameMask | None]) -> None:
        """A run has ended: keep what the cells that it wrote held before it."""
        changed = self.versions.keep(run, before)
        if self.store is not None:
            self.store.write_versions(changed)

    def save_as(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Go on in this file. A file that was there is replaced only with `overwrite`."""
        if self.store is None:
            self.store = ProjectStore.create(path, self.document, overwrite=overwrite)
            self.store.attach(self.history)
            self._write_the_rest(self.store)
        else:
            self.store.save_as(path, overwrite=overwrite)

    def save_copy(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write a copy and go on where we are."""
        if self.store is not None:
            self.store.save_copy(path, overwrite=overwrite)
            return
        copy = ProjectStore.create(path, self.document, overwrite=overwrite)
        self._write_the_rest(copy)
        copy.close()

    def _write_the_rest(self, store: ProjectStore) -> None:
        """What a new file gets beside the document."""
        for key, value in self._settings.items():
            store.set_setting(key, value)
        store.write_versions(self.versions.kept)

    def flush(self) -> None:
        """Wait until every step is in the file."""
        if self.store is not None:
            self.store.flush()

    def close(self) -> None:
        """Let the file go; a project that lives in memory is simply forgotten."""
        if self.store is not None:
            self.store.close()
            self.store = None
