"""Where the scripts compute: on a card where there is one; matrices in bfloat16 where the machine multiplies it, else in float32."""

import torch

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
ON_CARD = DEVICE.type == "cuda"
FAST = torch.bfloat16 if ON_CARD or torch.cpu._is_avx512_bf16_supported() else torch.float32
torch.set_float32_matmul_precision("high")


def mixed():
    """Casts products to the fast type inside the block."""
    return torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled=FAST is torch.bfloat16)


def load(path):
    """What a step saved."""
    return torch.load(path, map_location=DEVICE, weights_only=False)


def compiled_on_cpu(function):
    """A part worth compiling by itself; on a card a whole step is compiled instead."""
    return function if ON_CARD else torch.compile(function, dynamic=True)
