"""Step 7: everything trained, in the names and formats of the published files.

Writes FOLDER/export: model.safetensors (bfloat16; the engine's `zonos quantize` makes model.gguf of it), codec.safetensors and
speaker_encoder/ (16 bits), and a saved voice for each of flite's voices.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import machine
from .backbone import Backbone, Shape
from .quantizer import Quantizer
from .safetensors import save
from .speaker import CONFIG, SpeakerEncoder
from .speech import VARIANTS, VOICES
from .vocoder import Decoder


def backbone(folder, params):
    saved = machine.load(folder / "backbone.pt")
    model = Backbone(Shape(params), saved["phones"])
    model.load_state_dict(saved["model"])
    s, found = model.s, {}
    for name, value in model.state_dict().items():
        name = name.replace("embedders", "multi_embedder.embedders", 1) if name.startswith("embedders") else name
        if name.startswith("phone_output") or name.endswith(".load"):
            continue
        if name == "multi_output":
            found["multi_output.weight"] = value.flatten(0, 1)
        elif name.endswith("wkv.weight"):
            found[name] = value.view(2, -1, s.dim)
        elif name.endswith("attention.temp"):
            found[name] = value.view(1, -1, 1)
        elif name.endswith("feed_forward.gate_up") and value.ndim == 2:
            gate, up = value.chunk(2)
            found[name.replace("gate_up", "w_in.weight")] = torch.stack([up, gate])
        elif name.endswith("feed_forward.gate_up"):
            gate, up = value.chunk(2, 1)
            found[name.replace("gate_up", "experts.w13")] = torch.stack([gate, up], 2).flatten(1, 2)
        elif name.endswith("feed_forward.down"):
            found[name.replace("down", "w_out.weight" if value.ndim == 2 else "experts.w2")] = value
        elif name.endswith("feed_forward.balancing_biases"):
            found[name.replace("balancing_biases", "router.balancing_biases")] = value
        else:
            found[name] = value
    return {name: value.bfloat16() for name, value in found.items()}


def with_weight_norm(name, module):
    """A convolution as DAC stores it: a length for each row of the first axis, and a direction."""
    length = module.weight.flatten(1).norm(dim=1).view(-1, 1, 1)
    return {f"{name}.weight_g": length, f"{name}.weight_v": module.weight, f"{name}.bias": module.bias}


def codec(folder):
    quantizer, decoder = Quantizer(), Decoder()
    quantizer.load_state_dict(machine.load(folder / "quantizer.pt")["quantizer"])
    decoder.load_state_dict(machine.load(folder / "vocoder.pt")["model"])
    found = {}
    for prefix, part in (("quantizer", quantizer), ("decoder", decoder)):
        for name, module in part.named_modules():
            if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)):
                found |= with_weight_norm(f"{prefix}.{name}", module)
            elif isinstance(module, nn.Embedding):
                found[f"{prefix}.{name}.weight"] = module.weight
        found |= {f"{prefix}.{name}": value for name, value in part.state_dict().items() if name.endswith("alpha")}
    return {name: value.half() for name, value in found.items()}


def preset_voices(folder):
    """The mean voice of each flite voice as it is, over the clips of the first shards."""
    rows, voices = [], []
    for path in sorted(folder.glob("voices-*.npy"))[:4]:
        voices.append(np.load(path))
        rows += json.loads((folder / path.name.replace("voices", "speech")).with_suffix(".json").read_text())
    speakers, voices = np.array([row["speaker"] for row in rows]), np.concatenate(voices)
    return {voice: voices[speakers == index * VARIANTS].mean(0) for index, voice in enumerate(VOICES)}


@torch.no_grad()
def main(folder, params):
    folder = Path(folder)
    out = folder / "export"
    (out / "speaker_encoder").mkdir(parents=True, exist_ok=True)
    (out / "voices").mkdir(exist_ok=True)
    (out / "params.json").write_bytes(Path(params).read_bytes())
    save(out / "model.safetensors", backbone(folder, params))
    save(out / "codec.safetensors", codec(folder))
    encoder = SpeakerEncoder()
    encoder.load_state_dict(machine.load(folder / "speaker.pt"))
    save(out / "speaker_encoder/model.safetensors", {name: value.half() for name, value in encoder.state_dict().items()})
    (out / "speaker_encoder/config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    for name, voice in preset_voices(folder).items():
        save(out / f"voices/{name}.safetensors", {"emb": torch.from_numpy(voice).float()})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
