"""Options of a format: a frozen dataclass whose fields say in their metadata what they are called and may be.

`title` and `help` are for people, and so are the `words` of the `choices`; `choices`, `smallest` and `largest` bound
the value; `is_name` marks text that becomes a file name. Dialogs and the command line are made from this, and
`check_options` holds every options value to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from exporters.errors import ExportError
from exporters.names import safe_component


def split() -> Any:
    """The field for the part of a data set that an export makes."""
    about = {"title": "Split", "help": "train, val, test or a name of your own", "is_name": True}
    return dataclasses.field(default="train", metadata=about)


def with_images() -> Any:
    """The field that asks for the frames beside the masks."""
    return dataclasses.field(
        default=True, metadata={"title": "With pictures", "help": "write the frames beside the masks"}
    )


def jpeg_quality() -> Any:
    """The field for the quality of frames that have to be coded."""
    note = "for frames that are no JPEG files already; those keep their pixels"
    return dataclasses.field(
        default=95, metadata={"title": "JPEG quality", "help": note, "smallest": 1, "largest": 100}
    )


def choice(*choices: str, title: str, note: str, words: Mapping[str, str]) -> Any:
    """A field with one of a few values, the first being the usual one; `words` say each of them to a person."""
    about = {"title": title, "help": note, "choices": choices, "words": words}
    return dataclasses.field(default=choices[0], metadata=about)


def check_options(options: Any) -> None:
    """ExportError, naming the option and what it may be, for a value that its field does not allow."""
    for field in dataclasses.fields(options):
        about = field.metadata
        name: str = about["title"]
        value: Any = getattr(options, field.name)
        default: Any = field.default
        if type(value) is not type(default):
            raise ExportError(f"{name} cannot be {value!r}. A usual value is {default!r}.")
        if "choices" in about and value not in about["choices"]:
            raise ExportError(f"{name} cannot be {value!r}. Choose one of {', '.join(about['choices'])}.")
        if "smallest" in about and not about["smallest"] <= value <= about["largest"]:
            raise ExportError(
                f"{name} cannot be {value}. Choose {about['smallest']} to {about['largest']}; {default} is usual."
            )
        if about.get("is_name") and (safe_component(value) != value or any(letter.isspace() for letter in value)):
            raise ExportError(f"{name} cannot be called {value!r}. Use letters and digits, such as {default}.")
