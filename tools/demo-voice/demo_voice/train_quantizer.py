"""Step 2: codes. A log-mel autoencoder through the residual quantizer; its first codebook also has to tell the phone."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .mel import CODEC_MELS, HOP, RATE
from .machine import DEVICE, ON_CARD, mixed
from .quantizer import CODEBOOKS, ENTRIES, LATENT, CodecEncoder, Quantizer, frame_network
from .speech import shards

BATCH, FRAMES = 96 if ON_CARD else 24, 96


def phone_names(rows):
    return sorted({name for row in rows for name, _ in row["phones"]})


def phone_track(row, names):
    """The phone of every frame, by the time of its middle; silence after the last."""
    times = np.array([time for _, time in row["phones"]])
    ids = np.array([names.index(name) for name, _ in row["phones"]] + [names.index("pau")])
    middles = (np.arange(row["frames"]) + 0.5) * HOP / RATE
    return ids[np.searchsorted(times, middles)]


def load(folder, limit):
    rows, mels = [], []
    for shard, _, mel in list(shards(folder))[:limit]:
        rows += shard
        mels.append(torch.from_numpy(np.array(mel)))
    names = phone_names(rows)
    tracks = torch.from_numpy(np.concatenate([phone_track(row, names) for row in rows]))
    return torch.cat(mels).to(DEVICE).T.float(), tracks.to(DEVICE), names


def main(folder, steps, limit, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    folder = Path(folder)
    mels, tracks, names = load(folder, limit)
    encoder, quantizer = CodecEncoder().to(DEVICE), Quantizer().to(DEVICE)
    decoder, phones = frame_network(LATENT, CODEC_MELS).to(DEVICE), nn.Conv1d(LATENT, len(names), 5, padding=2).to(DEVICE)
    encoder.mean.copy_(mels.mean(1, keepdim=True))
    encoder.spread.copy_(mels.std())
    mels = encoder.normalized(mels)
    params = [p for part in (encoder, quantizer, decoder, phones) for p in part.parameters()]
    optimizer = torch.optim.AdamW(params, 1e-3, betas=(0.8, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.2e-3, steps, pct_start=0.05)
    used, start = torch.zeros(CODEBOOKS, ENTRIES, device=DEVICE), time.time()
    print(f"{mels.shape[1]} frames, {len(names)} phones", flush=True)
    for step in range(steps):
        places = torch.randint(mels.shape[1] - FRAMES, (BATCH, 1)).to(DEVICE) + torch.arange(FRAMES, device=DEVICE)
        target, track = mels[:, places].transpose(0, 1), tracks[places]
        counts = torch.where(torch.rand(BATCH) < 0.5, torch.randint(1, CODEBOOKS, (BATCH,)), CODEBOOKS).to(DEVICE)
        with mixed():
            latent = encoder.net(target)
        total, first, codes, quantization = quantizer(latent.float(), counts)
        with mixed():
            error = (decoder(total).float() - target).abs().mean()
            phone = F.cross_entropy(phones(first).float(), track)
        loss = error + quantization + 0.1 * phone
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
        schedule.step()
        for level in range(CODEBOOKS):
            used[level] += torch.bincount(codes[:, level].flatten(), minlength=ENTRIES)
        if step % 250 == 249:
            share = used / used.sum(1, keepdim=True)
            entropy = -(share * (share + 1e-12).log2()).sum(1)
            print(f"step {step + 1}: mel L1 {error:.3f}, phone {phone:.2f}, quantization {quantization:.3f}, "
                  f"bits {[round(e, 1) for e in entropy.tolist()]}, {(step + 1) / (time.time() - start):.1f} steps/s", flush=True)
            used.zero_()
    torch.save(dict(encoder=encoder.state_dict(), quantizer=quantizer.state_dict(), phones=names), folder / "quantizer.pt")
    (folder / "phones.json").write_text(json.dumps(names))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
