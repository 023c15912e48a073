"""The timeline: everything that shows the clip over time."""

from app.ui.timeline.view import TimelineView

__all__ = ["TimelineView"]
