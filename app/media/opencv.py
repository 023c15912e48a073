"""OpenCV, imported so that it leaves no trace in the process.

The desktop wheel of OpenCV points two environment variables at its own Qt 5 plug-ins. Programs started from
ours would inherit them, so they are put back to what the person had.
"""

import os
from types import ModuleType

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def import_cv2() -> ModuleType:
    """Import `cv2`, restore the environment, and keep OpenCV to one thread (ours are busy already)."""
    before = {name: os.environ.get(name) for name in _QT_VARIABLES}
    import cv2

    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    cv2.setNumThreads(1)
    module: ModuleType = cv2
    return module


cv2 = import_cv2()
