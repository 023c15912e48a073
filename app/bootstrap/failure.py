"""The one exception of the set-up."""


class Failed(Exception):
    """The set-up cannot go on; the message is a sentence that says what, where, and what now."""
