"""The type that matrices are multiplied in: bfloat16 where the processor multiplies it, else float32."""

import torch

FAST = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def mixed():
    """Casts products to the fast type inside the block."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=FAST is torch.bfloat16)
