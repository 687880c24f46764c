"""Step 6: the codec's decoder, as a vocoder on the frozen codes. Every call goes on from the last checkpoint."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .encode import load as load_quantizer
from .mel import HOP
from .precision import mixed
from .quantizer import CODEBOOKS
from .speech import shards, utterance_audio
from .vocoder import Decoder, SpectralLoss

BATCH, FRAMES, RATE, WARM_UP = 12, 32, 1e-3, 50


class Clips:
    """Random stretches of speech with their codes."""

    def __init__(self, folder, limit):
        self.parts = []
        for index, (rows, sound, _) in enumerate(list(shards(folder))[:limit]):
            codes = torch.from_numpy(np.load(Path(folder) / f"codes-{index:03}.npy")).long()
            ends, places = np.cumsum([row["frames"] for row in rows]), np.cumsum([row["samples"] for row in rows])
            for row, end, place in zip(rows, ends, places):
                if row["frames"] > FRAMES:
                    self.parts.append((row, sound, place - row["samples"], codes[:, end - row["frames"]:end]))

    def batch(self, draw):
        audio, codes = [], []
        for index in draw.integers(len(self.parts), size=BATCH):
            row, sound, place, own = self.parts[index]
            start = draw.integers(row["frames"] - FRAMES + 1)
            whole = utterance_audio(row, sound[place:place + row["samples"]])
            audio.append(whole[start * HOP:(start + FRAMES) * HOP])
            codes.append(own[:, start:start + FRAMES])
        return torch.from_numpy(np.stack(audio)), torch.stack(codes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--until", type=int, required=True, help="steps")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    path = Path(args.folder) / "vocoder.pt"
    _, quantizer = load_quantizer(args.folder)
    clips, model, loss_of, step = Clips(args.folder, args.shards), Decoder(), SpectralLoss(), 0
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.8, 0.99))
    if path.exists():
        saved = torch.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(clips.parts)} clips", flush=True)
    compiled, start, total, first = torch.compile(model), time.time(), 0.0, step
    while step < args.until:
        draw = np.random.default_rng([5, step])
        share = step / args.until
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (1 if share < 0.5 else (1 - share) / 0.5 + 0.02)
        audio, codes = clips.batch(draw)
        count = CODEBOOKS if step % 4 else int(draw.integers(2, CODEBOOKS))
        with mixed():
            output = compiled(quantizer.decode(codes[:, :count]))
        loss = loss_of(audio, output.float())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        step, total = step + 1, total + loss.item()
        if step % 50 == 0 or step == args.until:
            print(f"step {step}: loss {total / 50:.4f}, {(step - first) / (time.time() - start):.2f} steps/s", flush=True)
            partial, total = path.with_suffix(".partial"), 0.0
            torch.save(dict(model=model.state_dict(), optimizer=optimizer.state_dict(), step=step), partial)
            partial.rename(path)


if __name__ == "__main__":
    main()
