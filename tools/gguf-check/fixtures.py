"""Writes small models twice: as the checkpoints are published, and as GGUF files by the `gguf` package under the
published names. The tests hold one against the other."""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import quantize
from safetensors.numpy import save_file

import backbone

DIM, INNER = 32, 32


def write_gguf(path: Path, arch: str, keys: dict, tensors: dict, blocks=lambda name: False) -> None:
    """Keys of whole numbers, floats and lists of whole numbers; tensors as they are, or in Q8_0 blocks."""
    writer = GGUFWriter(path, arch)
    writer.add_string("general.name", path.stem)
    for key, value in keys.items():
        add = {int: writer.add_uint32, float: writer.add_float32, list: writer.add_array}[type(value)]
        add(f"{arch}.{key}", value)
    for name, tensor in tensors.items():
        if blocks(name):
            writer.add_tensor(name, quantize(tensor.astype(np.float32), Type.Q8_0), raw_dtype=Type.Q8_0)
        else:
            writer.add_tensor(name, np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_backbone(folder: Path) -> None:
    """An F16 spine and Q8_0 experts, as published."""
    params = backbone.params(DIM, INNER)
    made = backbone.tensors(params, INNER, seed=2)
    folder.mkdir(parents=True, exist_ok=True)
    Path(folder, "params.json").write_text(json.dumps(params, indent=2) + "\n")
    save_file(made, Path(folder, "model.safetensors"))
    tensors = {
        name: tensor.astype(np.float32) if backbone.is_exact(name) else tensor
        for name, tensor in backbone.gguf_tensors(params, made).items()
    }
    path = Path(folder, "backbone-q8_0.gguf")
    write_gguf(path, backbone.ARCH, backbone.keys(params, INNER), tensors, backbone.is_expert)


CODEC = {
    "sample_rate": 16000,
    "n_codebooks": 3,
    "codebook_size": 16,
    "codebook_dim": 4,
    "latent_dim": 8,
    "decoder_dim": 8,
    "decoder_rates": [4, 2],
    "encoder_dim": 2,
    "encoder_rates": [2, 4],
}


class CodecMaker:
    """Draws a codec's modules and writes each in three layouts: descript's, that of transformers, and GGUF."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.descript: dict[str, np.ndarray] = {}
        self.transformers: dict[str, np.ndarray] = {}
        self.gguf: dict[str, np.ndarray] = {}

    def draw(self, *shape: int) -> np.ndarray:
        return (self.rng.standard_normal(shape) / 2).astype(np.float32)

    def conv(self, names: tuple[str, str, str | None], shape: tuple[int, int, int], outputs: int) -> np.ndarray:
        descript, transformers, gguf = names
        direction, length, bias = self.draw(*shape), self.draw(shape[0], 1, 1), self.draw(outputs)
        weight = direction * (length / np.sqrt((direction**2).sum(axis=(1, 2), keepdims=True)))
        self.descript |= {f"{descript}.weight_v": direction, f"{descript}.weight_g": length, f"{descript}.bias": bias}
        self.transformers |= {f"{transformers}.weight": weight, f"{transformers}.bias": bias}
        if gguf:
            self.gguf |= {f"{gguf}.weight": weight, f"{gguf}.bias": bias[:, None]}
        return weight

    def snake(self, names: tuple[str, str, str | None], width: int) -> None:
        descript, transformers, gguf = names
        alpha = np.abs(self.draw(1, width, 1)) + np.float32(0.5)
        self.descript[f"{descript}.alpha"] = alpha
        self.transformers[f"{transformers}.alpha"] = alpha
        if gguf:
            self.gguf |= {f"{gguf}.alpha": alpha[0], f"{gguf}.inv_alpha": 1 / (alpha[0] + np.float32(1e-9))}

    def unit(self, names: tuple[str, str, str | None], width: int) -> None:
        descript, transformers, gguf = names
        for place, (name, kernel) in enumerate([("snake1", 0), ("conv1", 7), ("snake2", 0), ("conv2", 1)]):
            full = (f"{descript}.block.{place}", f"{transformers}.{name}", gguf and f"{gguf}.{name}")
            if kernel:
                self.conv(full, (width, width, kernel), width)
            else:
                self.snake(full, width)

    def quantizer(self) -> None:
        latent, dim, total = CODEC["latent_dim"], CODEC["codebook_dim"], np.zeros(CODEC["latent_dim"], np.float64)
        for index in range(CODEC["n_codebooks"]):
            name = f"quantizer.quantizers.{index}"
            table = self.draw(CODEC["codebook_size"], dim)
            for made in (self.descript, self.transformers):
                made[f"{name}.codebook.weight"] = table
            self.conv((f"{name}.in_proj", f"{name}.in_proj", None), (dim, latent, 1), dim)
            weight = self.conv((f"{name}.out_proj", f"{name}.out_proj", None), (latent, dim, 1), latent)
            self.gguf[f"quant.{index}.table"] = table @ weight[:, :, 0].T
            total += self.descript[f"{name}.out_proj.bias"]
        self.gguf["quant.bias"] = total.astype(np.float32)

    def decoder(self) -> None:
        width, rates = CODEC["decoder_dim"], CODEC["decoder_rates"]
        self.conv(("decoder.model.0", "decoder.conv1", "dec.conv_in"), (width, CODEC["latent_dim"], 7), width)
        for block, rate in enumerate(rates):
            names = (f"decoder.model.{block + 1}.block", f"decoder.block.{block}", f"dec.b{block}")
            self.snake((f"{names[0]}.0", f"{names[1]}.snake1", f"{names[2]}.snake"), width)
            up = (f"{names[0]}.1", f"{names[1]}.conv_t1", f"{names[2]}.convt")
            self.conv(up, (width, width // 2, 2 * rate), width // 2)
            width //= 2
            for unit in range(3):
                self.unit((f"{names[0]}.{unit + 2}", f"{names[1]}.res_unit{unit + 1}", f"{names[2]}.res{unit}"), width)
        last = len(rates) + 1
        self.snake((f"decoder.model.{last}", "decoder.snake1", "dec.snake_out"), width)
        self.conv((f"decoder.model.{last + 1}", "decoder.conv2", "dec.conv_out"), (1, width, 7), 1)

    def encoder(self) -> None:
        width, rates = CODEC["encoder_dim"], CODEC["encoder_rates"]
        self.conv(("encoder.block.0", "encoder.conv1", None), (width, 1, 7), width)
        for block, rate in enumerate(rates):
            names = (f"encoder.block.{block + 1}.block", f"encoder.block.{block}")
            for unit in range(3):
                self.unit((f"{names[0]}.{unit}", f"{names[1]}.res_unit{unit + 1}", None), width)
            self.snake((f"{names[0]}.3", f"{names[1]}.snake1", None), width)
            self.conv((f"{names[0]}.4", f"{names[1]}.conv1", None), (2 * width, width, 2 * rate), 2 * width)
            width *= 2
        last = len(rates) + 1
        self.snake((f"encoder.block.{last}", "encoder.snake1", None), width)
        self.conv((f"encoder.block.{last + 1}", "encoder.conv2", None), (CODEC["latent_dim"], width, 3), CODEC["latent_dim"])


def write_codec(folder: Path) -> None:
    maker = CodecMaker()
    maker.quantizer()
    maker.decoder()
    maker.encoder()
    Path(folder, "dac_44khz").mkdir(parents=True, exist_ok=True)
    save_file(maker.descript, Path(folder, "dac.safetensors"))
    save_file(maker.transformers, Path(folder, "dac_44khz", "model.safetensors"))
    config = {
        "architectures": ["DacModel"],
        "model_type": "dac",
        "sampling_rate": CODEC["sample_rate"],
        "n_codebooks": CODEC["n_codebooks"],
        "codebook_size": CODEC["codebook_size"],
        "codebook_dim": CODEC["codebook_dim"],
        "hidden_size": CODEC["latent_dim"],
        "decoder_hidden_size": CODEC["decoder_dim"],
        "upsampling_ratios": CODEC["decoder_rates"],
        "encoder_hidden_size": CODEC["encoder_dim"],
        "downsampling_ratios": CODEC["encoder_rates"],
    }
    Path(folder, "dac_44khz", "config.json").write_text(json.dumps(config, indent=2) + "\n")
    stated = {key: value for key, value in CODEC.items() if not key.startswith("encoder")}
    stated |= {"hop_length": int(np.prod(CODEC["decoder_rates"])), "audio_pad_id": 1025}
    write_gguf(Path(folder, "dac.gguf"), "dac", stated, maker.gguf)


SPEAKER = {
    "mel_dim": 8,
    "enc_dim": 16,
    "enc_channels": [8, 8, 8, 8, 24],
    "enc_kernel_sizes": [5, 3, 3, 3, 1],
    "enc_dilations": [1, 2, 3, 4, 1],
    "enc_attention_channels": 4,
    "enc_res2net_scale": 4,
    "enc_se_channels": 4,
    "sample_rate": 24000,
}
FFT, HOP = 1024, 256


def speaker_tensors() -> dict[str, np.ndarray]:
    """Numbers that float16 and float32 hold alike, by the hub's names."""
    rng = np.random.default_rng(4)
    width, last, inner = SPEAKER["enc_channels"][0], SPEAKER["enc_channels"][-1], SPEAKER["enc_se_channels"]
    part, attention = width // SPEAKER["enc_res2net_scale"], SPEAKER["enc_attention_channels"]
    shapes = {"blocks.0.conv": (width, SPEAKER["mel_dim"], 5)}
    for block in (1, 2, 3):
        name = f"blocks.{block}"
        shapes |= {f"{name}.tdnn1.conv": (width, width, 1), f"{name}.tdnn2.conv": (width, width, 1)}
        shapes |= {f"{name}.res2net_block.blocks.{i}.conv": (part, part, 3) for i in range(width // part - 1)}
        shapes |= {f"{name}.se_block.conv1": (inner, width, 1), f"{name}.se_block.conv2": (width, inner, 1)}
    shapes |= {"mfa.conv": (last, 3 * width, 1), "asp.tdnn.conv": (attention, 3 * last, 1)}
    shapes |= {"asp.conv": (last, attention, 1), "fc": (SPEAKER["enc_dim"], 2 * last, 1)}
    made = {}
    for name, shape in shapes.items():
        scale = np.sqrt(shape[1] * shape[2])
        made[f"{name}.weight"] = (rng.standard_normal(shape) / scale).astype(np.float16).astype(np.float32)
        made[f"{name}.bias"] = (rng.standard_normal(shape[0]) / 10).astype(np.float32)
    return made


def mel_filters() -> np.ndarray:
    """Slaney's scale and area normalization, [bands, bins]: linear to 1 kHz, then 27 steps for each factor of 6.4."""
    top = SPEAKER["sample_rate"] / 2
    steps = np.log(6.4) / 27
    to_mel = 15 + np.log(top / 1000) / steps
    mels = np.linspace(0, to_mel, SPEAKER["mel_dim"] + 2)
    points = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * steps))
    bins = np.linspace(0, top, FFT // 2 + 1)
    low, peak, high = points[:-2, None], points[1:-1, None], points[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)))
    return (triangles * 2 / (high - low)).astype(np.float32)


def write_speaker(folder: Path) -> None:
    made = speaker_tensors()
    Path(folder, "speaker_encoder").mkdir(parents=True, exist_ok=True)
    save_file(made, Path(folder, "speaker_encoder", "model.safetensors"))
    Path(folder, "speaker_encoder", "config.json").write_text(json.dumps(SPEAKER, indent=2) + "\n")
    keys = {key.replace("enc_attention", "attention").replace("enc_res2net", "res2net"): SPEAKER[key] for key in SPEAKER}
    keys = {key.replace("enc_se", "se"): value for key, value in keys.items()}
    keys |= {"n_fft": FFT, "hop_length": HOP, "win_length": FFT, "mel_fmin": 0.0, "mel_fmax": 12000.0}
    turns = np.arange(FFT) / FFT
    tensors = {"mel_fb": mel_filters(), "mel_window": (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)}
    for name, tensor in sorted(made.items()):
        is_conv = name.endswith(".weight")
        tensors[name] = tensor.transpose(2, 0, 1).astype(np.float16) if is_conv else tensor
    write_gguf(Path(folder, "spk-encoder.gguf"), "ecapa-tdnn", keys, tensors)


def main() -> None:
    folder = Path(sys.argv[1])
    write_backbone(folder)
    write_codec(folder)
    write_speaker(folder)


if __name__ == "__main__":
    main()
