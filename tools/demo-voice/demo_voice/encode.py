"""Step 4: the codes of all speech, shard by shard."""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from . import machine
from .machine import DEVICE
from .quantizer import CODEBOOKS, CodecEncoder, Quantizer
from .speech import shards


def load(folder):
    saved = machine.load(Path(folder) / "quantizer.pt")
    encoder, quantizer = CodecEncoder().eval().to(DEVICE), Quantizer().eval().to(DEVICE)
    encoder.load_state_dict(saved["encoder"])
    quantizer.load_state_dict(saved["quantizer"])
    return encoder.requires_grad_(False), quantizer.requires_grad_(False)


def by_length(lengths):
    """The places of each length: what is equally long is computed together."""
    found = defaultdict(list)
    for place, length in enumerate(lengths):
        found[length].append(place)
    return found.items()


def codes_of(rows, mels, encoder, quantizer):
    """The codes of a shard, [9, frames]."""
    frames = np.array([row["frames"] for row in rows])
    starts, found = np.cumsum(frames) - frames, torch.empty(CODEBOOKS, len(mels), dtype=torch.int16, device=DEVICE)
    for count, places in by_length(frames.tolist()):
        at = torch.from_numpy(starts[places]).to(DEVICE)[:, None] + torch.arange(count, device=DEVICE)
        found[:, at] = quantizer(encoder(mels[at].transpose(1, 2)))[2].transpose(0, 1).short()
    return found.cpu().numpy()


@torch.no_grad()
def main(folder, threads):
    torch.set_num_threads(threads)
    encoder, quantizer = load(folder)
    for index, (rows, _, mels) in enumerate(shards(folder)):
        path = Path(folder) / f"codes-{index:03}.npy"
        if not path.exists():
            np.save(path, codes_of(rows, torch.from_numpy(np.array(mels)).to(DEVICE).float(), encoder, quantizer))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
