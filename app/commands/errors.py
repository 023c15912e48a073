"""What a command says when it cannot be done."""


class CommandError(Exception):
    """A command that cannot be done now; the message is a sentence to show, and nothing was changed."""
