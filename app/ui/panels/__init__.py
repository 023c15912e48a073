"""The panels on the right: objects, and what to look at next."""

from app.ui.panels.objects_panel import ObjectsPanel
from app.ui.panels.queue_panel import QueuePanel

__all__ = ["ObjectsPanel", "QueuePanel"]
