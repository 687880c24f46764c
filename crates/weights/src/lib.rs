//! Named tensors from safetensors and .pth checkpoints, checked by shape.
