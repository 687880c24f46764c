"""Step 4: the codes of all speech, shard by shard."""

import sys
from pathlib import Path

import numpy as np
import torch

from .quantizer import CodecEncoder, Quantizer
from .speech import shards


def load(folder):
    saved = torch.load(Path(folder) / "quantizer.pt")
    encoder, quantizer = CodecEncoder().eval(), Quantizer().eval()
    encoder.load_state_dict(saved["encoder"])
    quantizer.load_state_dict(saved["quantizer"])
    return encoder.requires_grad_(False), quantizer.requires_grad_(False)


@torch.no_grad()
def main(folder, threads):
    torch.set_num_threads(threads)
    encoder, quantizer = load(folder)
    for index, (rows, _, mels) in enumerate(shards(folder)):
        path = Path(folder) / f"codes-{index:03}.npy"
        if path.exists():
            continue
        ends = np.cumsum([row["frames"] for row in rows])
        clips = [torch.from_numpy(mels[end - row["frames"]:end]).float().T[None] for row, end in zip(rows, ends)]
        codes = [quantizer(encoder(clip))[2][0].short().numpy() for clip in clips]
        np.save(path, np.concatenate(codes, 1))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
