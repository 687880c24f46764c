"""Reads what `zonos quantize` writes with the `gguf` package: keys, names, shapes, types and the numbers in the blocks."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader, GGUFValueType
from gguf.quants import dequantize
from safetensors.numpy import save_file

import backbone

DIM, INNER = 256, 512
TYPES = {"f16": Type.F16, "q8_0": Type.Q8_0, "q6_k": Type.Q6_K, "q5_k": Type.Q5_K, "q4_k": Type.Q4_K}
# Root mean square error of a matrix in parts of its own size.
BOUNDS = {Type.F32: 0.0, Type.F16: 0.0, Type.Q8_0: 0.006, Type.Q6_K: 0.02, Type.Q5_K: 0.04, Type.Q4_K: 0.08}


def numbers(tensor) -> np.ndarray:
    """The package gives blocks as bytes and plain numbers as they are; both in the order of rows."""
    if tensor.tensor_type in (Type.F32, Type.F16):
        return tensor.data.astype(np.float32)
    return dequantize(tensor.data, tensor.tensor_type)


def check_keys(reader: GGUFReader, params: dict) -> int:
    architecture = reader.get_field("general.architecture")
    assert architecture.contents() == backbone.ARCH, architecture.contents()
    expected = backbone.keys(params, INNER)
    for key, value in expected.items():
        field = reader.get_field(f"{backbone.ARCH}.{key}")
        assert field is not None, f"{key} is missing"
        found = field.contents()
        assert np.allclose(found, value, rtol=1e-6), f"{key} is {found}, expected {value}"
        # The types that readers in C ask for.
        wanted = GGUFValueType.FLOAT32 if isinstance(value, float) else GGUFValueType.UINT32
        assert field.types[-1] == wanted, f"{key} has type {field.types}"
    return len(expected)


def check_tensors(reader: GGUFReader, expected: dict, experts: Type, spine: Type) -> dict:
    found = {tensor.name: tensor for tensor in reader.tensors}
    assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
    worst: dict[Type, float] = {}
    for name, source in expected.items():
        tensor, source = found[name], source.astype(np.float32)
        exact, expert = backbone.is_exact(name), backbone.is_expert(name)
        wanted = Type.F32 if exact else experts if expert else spine if backbone.is_spine(name) else Type.F16
        assert tensor.tensor_type == wanted, f"{name} is {tensor.tensor_type!r}, expected {wanted!r}"
        assert tuple(reversed(tensor.shape.tolist())) == source.shape, f"{name} has shape {tensor.shape}"
        values = numbers(tensor).reshape(source.shape)
        error = float(np.sqrt(np.mean((values - source) ** 2) / np.mean(source**2)))
        assert error <= BOUNDS[wanted], f"{name}: error {error} is over {BOUNDS[wanted]}"
        worst[wanted] = max(worst.get(wanted, 0.0), error)
    return worst


def main() -> None:
    zonos = sys.argv[1]
    params = backbone.params(DIM, INNER)
    made = backbone.tensors(params, INNER, seed=1)
    expected = backbone.gguf_tensors(params, made)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        source.mkdir()
        Path(source, "params.json").write_text(json.dumps(params))
        save_file(made, Path(source, "model.safetensors"))
        for experts, spine in [(experts, spine) for experts in TYPES for spine in ("f16", "q8_0")]:
            path = Path(folder, f"{experts}-{spine}.gguf")
            options = ["--experts", experts, "--spine", spine]
            subprocess.run([zonos, "quantize", source, "-o", path, "--quiet", *options], check=True)
            reader = GGUFReader(path)
            keys = check_keys(reader, params)
            worst = check_tensors(reader, expected, TYPES[experts], TYPES[spine])
            errors = ", ".join(f"{kind.name} {error:.5f}" for kind, error in sorted(worst.items()))
            print(f"experts {experts}, spine {spine}: {keys} keys, {len(expected)} tensors; largest errors: {errors}")


if __name__ == "__main__":
    main()
