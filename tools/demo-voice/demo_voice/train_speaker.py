"""Step 3: the speaker encoder, trained to tell the speakers apart (additive angular margin), and everyone's voices."""

import sys
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import machine
from .encode import by_length
from .machine import DEVICE
from .mel import SPEAKER_RATE, speaker_mel
from .speaker import CONFIG, SpeakerEncoder
from .speech import VARIANTS, VOICES, at_rate, shards

BATCH, FRAMES = 32, 150
MARGIN, SCALE = 0.2, 24.0
FIRST_SECONDS = 3.0


def mels_of(shard):
    """Log-mels of the first seconds of each utterance of a shard."""
    rows, sound, _ = shard
    torch.set_num_threads(1)
    place, found = 0, []
    for row in rows:
        samples = sound[place:place + row["samples"]][:int(FIRST_SECONDS * 16_000)]
        found.append(speaker_mel(torch.from_numpy(at_rate(samples, row["pitch"], SPEAKER_RATE))).half().numpy())
        place += row["samples"]
    return found


def mels_of_all(parts):
    """The same for many shards, in order, by all cores."""
    with Pool() as pool:
        yield from pool.imap(mels_of, parts)


def crop(mel):
    """A stretch of a clip as another room, level and noise floor would give it."""
    repeats = -(-FRAMES // len(mel))
    mel = mel.repeat(repeats, 1).float()
    start = torch.randint(len(mel) - FRAMES + 1, ()).item()
    tilt = F.interpolate(torch.randn(1, 1, 6) * 0.4, 128, mode="linear")[0, 0] + torch.randn(()) * 0.7
    floor = torch.empty(()).uniform_(-11.5, -5.0)
    return torch.logaddexp(mel[start:start + FRAMES] + tilt, floor.expand(FRAMES, 128))


def margin_loss(vectors, centres, labels):
    cosine = F.normalize(vectors) @ F.normalize(centres).T
    angle = cosine.clamp(-0.9999, 0.9999).acos()
    target = F.one_hot(labels, len(centres)).bool()
    return F.cross_entropy(SCALE * torch.where(target, (angle + MARGIN).cos(), cosine), labels), (cosine.argmax(-1) == labels).float().mean()


def main(folder, steps, limit, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    folder, start = Path(folder), time.time()
    parts = list(shards(folder))[:limit]
    rows = [row for shard, _, _ in parts for row in shard]
    mels = [torch.from_numpy(mel) for part in mels_of_all(parts) for mel in part]
    print(f"{len(mels)} clips, {time.time() - start:.0f} s", flush=True)
    labels = torch.tensor([row["speaker"] for row in rows])
    by_speaker = [np.flatnonzero(labels.numpy() == speaker) for speaker in range(len(VOICES) * VARIANTS)]
    present = [speaker for speaker, clips in enumerate(by_speaker) if len(clips)]
    encoder, centres = SpeakerEncoder().to(DEVICE), nn.Parameter(torch.randn(len(by_speaker), CONFIG["enc_dim"]).to(DEVICE))
    params = [*encoder.parameters(), centres]
    optimizer = torch.optim.AdamW(params, 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    draw = np.random.default_rng(0)
    for step in range(steps):
        who = draw.choice(present, BATCH)
        batch = torch.stack([crop(mels[draw.choice(by_speaker[speaker])]) for speaker in who]).transpose(1, 2).to(DEVICE)
        loss, right = margin_loss(encoder(batch), centres, torch.from_numpy(who).to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 2.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            print(f"step {step + 1}: loss {loss:.2f}, right {right:.2f}, {(step + 1) / (time.time() - start):.1f} steps/s", flush=True)
    torch.save(encoder.state_dict(), folder / "speaker.pt")


def voices_of(mels, encoder):
    """[utterances, 128]"""
    found = np.empty((len(mels), CONFIG["enc_dim"]), np.float32)
    for _, places in by_length(map(len, mels)):
        batch = torch.from_numpy(np.stack([mels[place] for place in places])).to(DEVICE).float()
        found[places] = encoder(batch.transpose(1, 2)).cpu().numpy()
    return found


@torch.no_grad()
def embed(folder, threads):
    """Writes each utterance's voice, shard by shard."""
    torch.set_num_threads(threads)
    encoder = SpeakerEncoder().eval().to(DEVICE)
    encoder.load_state_dict(machine.load(Path(folder) / "speaker.pt"))
    paths = [Path(folder) / f"voices-{index:03}.npy" for index, _ in enumerate(shards(folder))]
    missing = [(path, part) for path, part in zip(paths, shards(folder)) if not path.exists()]
    for (path, _), mels in zip(missing, mels_of_all([part for _, part in missing])):
        np.save(path, voices_of(mels, encoder))


if __name__ == "__main__":
    if sys.argv[1] == "embed":
        embed(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
