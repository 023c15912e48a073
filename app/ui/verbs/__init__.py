"""What the actions do, by subject. Each class gives its verbs by the names of the action table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Verbs = Mapping[str, Callable[[], object]]
"""Action name to what it does."""
