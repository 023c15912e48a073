"""The exceptions of this package. Each message is one sentence that a person can act on: what, where, what now."""


class Sam2Error(Exception):
    """Anything that this package refuses or cannot do; the base class to catch."""


class CheckpointError(Sam2Error):
    """A weight file cannot be read, is damaged, or does not hold a model that this package knows."""


class DeviceError(Sam2Error):
    """The wanted device is unknown or is not present on this machine."""


class OutOfMemory(Sam2Error):
    """The device ran out of memory; the message names a way out."""


class PromptError(Sam2Error):
    """Points, boxes, masks or frame numbers that make no sense for this picture or clip."""
