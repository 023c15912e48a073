"""Devices: what is found, what is refused, and running out of memory."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from sam2_core.device import choose_device, device_of, memory_guard
from sam2_core.errors import DeviceError, OutOfMemory
from sam2_core.model.sam2 import Sam2Model


def test_the_processor_is_always_there_and_computes_in_float32() -> None:
    device = choose_device("cpu")
    assert device.torch_device == torch.device("cpu")
    assert device.autocast_dtype is None
    with device.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_auto_finds_something_that_works() -> None:
    device = choose_device()
    assert torch.ones(3, device=device.torch_device).sum().item() == 3
    assert device.label


@pytest.mark.parametrize("name", ["tpu", "", "cpu:1", "cuda:one", "CPU"])
def test_an_unknown_device_is_named(name: str) -> None:
    with pytest.raises(DeviceError, match="choose") as caught:
        choose_device(name)
    assert repr(name) in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_missing_cuda_device_is_named_with_a_way_out() -> None:
    with pytest.raises(DeviceError, match=r"no CUDA device.*'cpu'"):
        choose_device("cuda")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has an Apple graphics processor")
def test_a_missing_apple_device_is_named_with_a_way_out() -> None:
    with pytest.raises(DeviceError, match=r"MPS.*'cpu'"):
        choose_device("mps")


def test_a_model_knows_where_it_is(small_model: Sam2Model) -> None:
    assert device_of(small_model).torch_device == torch.device("cpu")


def test_an_impossible_allocation_becomes_a_sentence() -> None:
    with pytest.raises(OutOfMemory, match=r"while tracking frame 7; .*smaller model"), memory_guard("tracking frame 7"):
        torch.empty(1 << 48, dtype=torch.uint8)
    with pytest.raises(OutOfMemory), memory_guard("reading"):
        raise MemoryError


def test_other_faults_pass_the_guard_unchanged() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_guard("multiplying"):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library can be asked")
def test_memory_that_was_freed_is_kept_for_the_next_frame() -> None:
    program = """
import resource, sys, torch
from sam2_core.device import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def fetched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.zeros(16, 2**20).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
fetched()
print(fetched())
"""

    def pages(word: str) -> int:
        run = subprocess.run([sys.executable, "-c", program, word], capture_output=True, text=True, check=True)
        return int(run.stdout)

    assert pages("keep") < pages("give back") / 10
