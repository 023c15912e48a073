"""Which devices this computer has, found out without torch, so that asking takes milliseconds."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class VisibleDevice:
    """A device: the name that the command line takes, a label for people, and why it cannot be used, if so."""

    name: str
    label: str
    obstacle: str = ""


def visible_devices() -> list[VisibleDevice]:
    """The processor and the graphics processors, the quickest first; the one that "auto" takes is usable and first."""
    graphics = [*_cuda_devices(), *_apple_devices()]
    usable = [device for device in graphics if not device.obstacle]
    return [*usable, _processor(), *(device for device in graphics if device.obstacle)]


def _processor() -> VisibleDevice:
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return VisibleDevice("cpu", f"{_processor_name()}, {cores} core{'s' if cores != 1 else ''}")


def _processor_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "processor"


def _cuda_devices() -> list[VisibleDevice]:
    """NVIDIA cards, as their driver names them."""
    driver = _cuda_driver()
    count = ctypes.c_int()
    if driver is None or driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return []
    obstacle = "" if _torch_has_cuda() else "the PyTorch that is installed was built without CUDA"
    devices = []
    for number in range(count.value):
        handle, name, size = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
        if driver.cuDeviceGet(ctypes.byref(handle), number) == 0:
            driver.cuDeviceGetName(name, len(name), handle)
            driver.cuDeviceTotalMem_v2(ctypes.byref(size), handle)
            label = f"{name.value.decode(errors='replace')}, {size.value / 2**30:.0f} GiB"
            devices.append(VisibleDevice("cuda" if number == 0 else f"cuda:{number}", label, obstacle))
    return devices


def _cuda_driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("nvcuda.dll" if platform.system() == "Windows" else "libcuda.so.1")
    except OSError:
        return None


def _torch_has_cuda() -> bool:
    try:
        files = importlib.metadata.files("torch") or []
    except importlib.metadata.PackageNotFoundError:
        return False
    return any("torch_cuda" in file.name for file in files)


def _apple_devices() -> list[VisibleDevice]:
    if platform.system() != "Darwin" or platform.machine() != "arm64":
        return []
    return [VisibleDevice("mps", "Apple graphics processor")]
