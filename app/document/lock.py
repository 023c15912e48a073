"""One writer per project: a file beside it says which process on which machine has it open."""

from __future__ import annotations

import json
import os
import socket
import sys
from enum import Enum
from pathlib import Path

from app.document.errors import ProjectError, ProjectInUse
from app.document.places import is_on_network

MAX_LOCK_BYTES = 4096
_LOCKED_BYTE = 1 << 30  # far behind the text, which stays readable for others


class ProjectLock:
    """Held from construction to `release`.

    The system's lock on the file goes with the process, however that ends. The process and machine written in it are
    for the message, and for file systems that have no locks or do not carry them to other machines.
    Raises ProjectInUse while another window has the project, ProjectError when no lock file can be made there.
    """

    def __init__(self, project: Path) -> None:
        self.path = project.with_name(project.name + ".lock")
        self._descriptor = _take(self.path, project.name)

    def release(self) -> None:
        """Give the project free. Nothing happens the second time."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if sys.platform == "win32":  # where an open file cannot be removed
            os.close(descriptor)
            self.path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)
            os.close(descriptor)


def is_running(pid: int) -> bool:
    """Whether a process of this machine has the number."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, pid)  # just enough to ask whether it ended
        if handle:
            code = ctypes.c_ulong()
            kernel.GetExitCodeProcess(handle, ctypes.byref(code))
            kernel.CloseHandle(handle)
            return code.value == 259  # still active
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class _Answer(Enum):
    OURS = "ours"
    HELD = "held"
    UNKNOWN = "unknown"


def _take(path: Path, name: str) -> int:
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ProjectError(f"{name} cannot be opened for writing: {path}: {error.strerror}.") from None
        try:
            holder = _holder(descriptor)
            answer = _lock(descriptor)
            if answer is _Answer.HELD or _may_be_held(holder, answer, path):
                raise ProjectInUse(name, holder, path)
            if _lies_at(descriptor, path):
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder removed it in between; take the one that lies there now


def _lock(descriptor: int) -> _Answer:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return _Answer.HELD
    except OSError:
        return _Answer.UNKNOWN
    return _Answer.OURS


def _holder(descriptor: int) -> tuple[int, str] | None:
    """Process and machine named in the lock file, None while nobody has written there."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        found = json.loads(os.read(descriptor, MAX_LOCK_BYTES))
        return int(found["pid"]), str(found["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _may_be_held(holder: tuple[int, str] | None, answer: _Answer, path: Path) -> bool:
    """Whether the one named in the file may have the project although the system let us lock the file."""
    if holder is None:
        return False
    pid, host = holder
    if host != socket.gethostname():
        return answer is _Answer.UNKNOWN or is_on_network(path)
    return answer is _Answer.UNKNOWN and pid != os.getpid() and is_running(pid)


def _lies_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
