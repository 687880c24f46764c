"""Step 3: the speaker encoder, trained to tell the speakers apart (additive angular margin), and everyone's voices."""

import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .mel import SPEAKER_RATE, speaker_mel
from .speaker import CONFIG, SpeakerEncoder
from .speech import VARIANTS, VOICES, at_rate, shards

BATCH, FRAMES = 32, 150
MARGIN, SCALE = 0.2, 24.0
FIRST_SECONDS = 3.0


def mels_of(rows, sound):
    """Log-mels of the first seconds of each utterance of a shard."""
    place, found = 0, []
    for row in rows:
        samples = sound[place:place + row["samples"]][:int(FIRST_SECONDS * 16_000)]
        found.append(speaker_mel(torch.from_numpy(at_rate(samples, row["pitch"], SPEAKER_RATE))).half())
        place += row["samples"]
    return found


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
    rows, mels = [], []
    for shard, sound, _ in list(shards(folder))[:limit]:
        rows += shard
        mels += mels_of(shard, sound)
    print(f"{len(mels)} clips, {time.time() - start:.0f} s", flush=True)
    labels = torch.tensor([row["speaker"] for row in rows])
    by_speaker = [np.flatnonzero(labels.numpy() == speaker) for speaker in range(len(VOICES) * VARIANTS)]
    present = [speaker for speaker, clips in enumerate(by_speaker) if len(clips)]
    encoder, centres = SpeakerEncoder(), nn.Parameter(torch.randn(len(by_speaker), CONFIG["enc_dim"]))
    params = [*encoder.parameters(), centres]
    optimizer = torch.optim.AdamW(params, 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    draw = np.random.default_rng(0)
    for step in range(steps):
        who = draw.choice(present, BATCH)
        batch = torch.stack([crop(mels[draw.choice(by_speaker[speaker])]) for speaker in who]).transpose(1, 2)
        loss, right = margin_loss(encoder(batch), centres, torch.from_numpy(who))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(params, 2.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            print(f"step {step + 1}: loss {loss:.2f}, right {right:.2f}, {(step + 1) / (time.time() - start):.1f} steps/s", flush=True)
    torch.save(encoder.state_dict(), folder / "speaker.pt")


@torch.no_grad()
def embed(folder, threads):
    """Writes each utterance's voice, shard by shard."""
    torch.set_num_threads(threads)
    encoder = SpeakerEncoder().eval()
    encoder.load_state_dict(torch.load(Path(folder) / "speaker.pt"))
    for index, (rows, sound, _) in enumerate(shards(folder)):
        path = Path(folder) / f"voices-{index:03}.npy"
        if not path.exists():
            np.save(path, torch.cat([encoder(mel.float().T[None]) for mel in mels_of(rows, sound)]).numpy())


if __name__ == "__main__":
    if sys.argv[1] == "embed":
        embed(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
