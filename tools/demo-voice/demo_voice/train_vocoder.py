"""Step 6: the codec's decoder, as a vocoder on the frozen codes. Every call goes on from the last checkpoint."""

import argparse
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
from torch import nn

from . import machine
from .encode import load as load_quantizer
from .mel import HOP
from .machine import DEVICE, ON_CARD, mixed
from .quantizer import CODEBOOKS
from .speech import shards, utterance_audio
from .vocoder import Decoder, SpectralLoss

BATCH, FRAMES, RATE, WARM_UP = 32 if ON_CARD else 12, 32, 1e-3, 50
EVERY = 500 if ON_CARD else 50   # steps between reports


def audio_of(shard):
    """All audio of a shard at the codec's rate, 16-bit."""
    rows, sound, _ = shard
    ends = np.cumsum([row["samples"] for row in rows])
    parts = [utterance_audio(row, sound[end - row["samples"]:end]) for row, end in zip(rows, ends)]
    return (np.concatenate(parts) * 32767).clip(-32768, 32767).astype(np.int16)


class Clips:
    """Random stretches of speech with their codes, all of it on the device."""

    def __init__(self, folder, limit):
        parts = list(shards(folder))[:limit]
        with Pool() as pool:
            self.audio = torch.from_numpy(np.concatenate(list(pool.imap(audio_of, parts)))).to(DEVICE)
        codes = [np.load(Path(folder) / f"codes-{index:03}.npy") for index in range(len(parts))]
        self.codes = torch.from_numpy(np.concatenate(codes, 1)).to(DEVICE)
        frames = np.array([row["frames"] for rows, _, _ in parts for row in rows])
        starts = np.cumsum(frames) - frames
        self.starts, self.room = starts[frames > FRAMES], (frames - FRAMES)[frames > FRAMES]

    def batch(self, draw):
        chosen = draw.integers(len(self.starts), size=BATCH)
        start = torch.from_numpy(self.starts[chosen] + draw.integers(self.room[chosen] + 1)).to(DEVICE)[:, None]
        at = lambda step: start * step + torch.arange(FRAMES * step, device=DEVICE)
        return self.audio[at(HOP)].float() / 32767, self.codes[:, at(1)].transpose(0, 1).long()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--until", type=int, required=True, help="steps")
    parser.add_argument("--finish-in", type=float, default=1e9, help="minutes in which the schedule ends, if it has not before")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    path = Path(args.folder) / "vocoder.pt"
    _, quantizer = load_quantizer(args.folder)
    clips, model, loss_of, step = Clips(args.folder, args.shards), Decoder().to(DEVICE), SpectralLoss(), 0
    optimizer = torch.optim.AdamW(model.parameters(), RATE, betas=(0.8, 0.99))
    if path.exists():
        saved = machine.load(path)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(clips.starts)} clips", flush=True)
    compiled, start, total, first, since, share = torch.compile(model), time.time(), 0.0, step, step, step / args.until
    while share < 1:
        draw = np.random.default_rng([5, step])
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
        step, total = step + 1, total + loss.detach()
        share = max(step / args.until, (time.time() - start) / 60 / args.finish_in)
        if step % EVERY == 0 or share >= 1:
            print(f"step {step}: loss {float(total) / (step - since):.4f}, {(step - first) / (time.time() - start):.2f} steps/s", flush=True)
            partial, total, since = path.with_suffix(".partial"), 0.0, step
            torch.save(dict(model=model.state_dict(), optimizer=optimizer.state_dict(), step=step), partial)
            partial.rename(path)


if __name__ == "__main__":
    main()
