"""Project: a document with its history; what every command works on."""

from __future__ import annotations

from app.document.document import Document
from app.document.history import History
from app.document.values import Clip


class Project:
    """One clip's work while it is open."""

    def __init__(self, document: Document, history: History | None = None) -> None:
        self.document = document
        self.history = history if history is not None else History(document)

    @classmethod
    def new(cls, clip: Clip) -> Project:
        """An empty project that lives in memory until it is given a place on disk."""
        return cls(Document(clip))
