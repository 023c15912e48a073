"""The number type of large products, for the parts of the built-in model where rounding does not show in the masks.

The published models never ask: they are computed in float32 on a processor.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=1)
def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; without that it is slower than float32."""
    # Before torch 2.9 a processor cannot be asked; float32 is right anywhere.
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def product_dtype(x: Tensor) -> torch.dtype:
    """bfloat16 where that is quicker for products of `x`: on such a processor, and nothing has to flow back."""
    if x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_grad_enabled() and has_fast_bfloat16():
        return torch.bfloat16
    return x.dtype


def narrow_products(x: Tensor, *, is_wanted: bool) -> AbstractContextManager[None]:
    """A context in which linear layers and convolutions compute in bfloat16, if it is quicker for `x` and wanted."""
    is_on = is_wanted and x.dtype == torch.float32 and product_dtype(x) == torch.bfloat16
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_on)
