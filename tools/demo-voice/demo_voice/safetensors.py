"""The safetensors format, as far as writing goes."""

import json
import struct

import torch

TYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def save(path, tensors):
    header, place, parts = {}, 0, []
    for name, tensor in sorted(tensors.items()):
        bits = torch.int16 if tensor.element_size() == 2 else torch.int32
        data = tensor.detach().contiguous().view(bits).numpy().tobytes()
        header[name] = dict(dtype=TYPES[tensor.dtype], shape=list(tensor.shape), data_offsets=[place, place + len(data)])
        parts.append(data)
        place += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
