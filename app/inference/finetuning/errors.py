"""What fine-tuning says when it cannot go on."""


class FinetuneError(Exception):
    """Fine-tuning is not possible as asked; the message is a sentence to show."""
