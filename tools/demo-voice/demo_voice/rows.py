"""Training rows: prompts as the engine builds them, then the delayed codes with their end marks."""

import json
import random
import subprocess
from pathlib import Path

import numpy as np
import torch

from .machine import DEVICE
from .speech import FLITE_RATE
from .train_quantizer import phone_track

RATES = [0, 8, 11, 14, 17, 21, 28, 40]      # lower edges of the speaking rate's buckets, bytes per second
SILENCE = 17                                # rows of silence at the end of a prompt


def bucket(edges, value):
    return max(index for index, edge in enumerate(edges) if value >= edge)


def conditioning(row, draw):
    """What is told about an utterance; each fact is left out now and then, as users leave it out."""
    told = lambda share, value: value if draw.random() < share else None
    bandlimit = bucket([495.3, 3433, 6371, 9310], FLITE_RATE / 2 * row["pitch"])
    return dict(
        text=row["text"], voice=draw.random() < 0.92, clean=draw.random() < 0.5, accurate=draw.random() < 0.5,
        rate=told(0.35, bucket(RATES, len(row["text"].encode()) / row["seconds"])),
        quality=[told(0.06, 7), told(0.06, 11), told(0.06, 0), told(0.06, bandlimit), told(0.06, 0), told(0.85, row["bucket"])],
    )


def prompts(builder, params, requests):
    """The ids of each prompt, [rows, 10], from the engine's own builder."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    answer = subprocess.run([builder, params], input=lines.encode(), check=True, stdout=subprocess.PIPE).stdout
    found, place = [], 0
    for _ in requests:
        count = int.from_bytes(answer[place:place + 4], "little")
        found.append(np.frombuffer(answer, "<u2", count * 10, place + 4).reshape(count, 10))
        place += 4 + count * 20
    return found


def delayed(prompt, codes, shape):
    """All rows of an utterance: the prompt, whose silence is not flushed, then the codes and an end in each codebook."""
    frames = codes.shape[1]
    rows = np.full((frames + shape.codebooks, 10), shape.pad, np.int64)
    rows[:, 9] = shape.text_pad
    for level in range(shape.codebooks):
        # The silence of codebook k ends k rows after the prompt: its last k codes stand k rows up, in the column's end.
        rows[:level, level] = SILENCE_TAIL[level][:level]
        rows[level:level + frames, level] = codes[level]
        rows[level + frames, level] = shape.end
    return np.concatenate([prompt.astype(np.int64), rows])


# The last codes of the prompt's silence, by codebook: what the delay pattern pushes past the prompt's end.
_TAIL = [568, 804, 10, 674, 364, 981, 568, 378, 731]
_LAST = [568, 778, 721, 842, 264, 974, 989, 507, 308]
SILENCE_TAIL = [[_TAIL[level]] * (level - 1) + [_LAST[level]] for level in range(9)]


class Corpus:
    """All utterances as rows, one after another, on the device; one row of padding comes last."""

    def __init__(self, folder, shape, builder, params, horizons, held_out=160):
        folder = Path(folder)
        names = json.loads((folder / "phones.json").read_text())
        draw = random.Random(3)
        utterances, codes, voices = [], [], []
        for path in sorted(folder.glob("codes-*.npy")):
            number = path.stem.split("-")[1]
            shard = json.loads((folder / f"speech-{number}.json").read_text())
            ends = np.cumsum([row["frames"] for row in shard])
            codes += np.split(np.load(path), ends[:-1], axis=1)
            voices.append(np.load(folder / f"voices-{number}.npy"))
            utterances += shard
        requests = [conditioning(row, draw) for row in utterances]
        built = prompts(builder, params, requests)
        rows = [delayed(prompt, own, shape) for prompt, own in zip(built, codes)]
        told = [targets(own, len(prompt), shape) for own, prompt in zip(rows, built)]
        heard = [phones_ahead(phone_track(row, names), len(prompt), len(own), horizons) for row, prompt, own in zip(utterances, built, rows)]
        none = lambda width: np.full((1, width), -1)
        self.phones, self.lengths = len(names), np.array([len(own) for own in rows])
        self.ids = on_device(rows + [np.array([[shape.pad] * shape.codebooks + [shape.text_pad]])], np.int16)
        self.targets = on_device(told + [none(shape.codebooks)], np.int16)
        self.heard = on_device(heard + [none(len(horizons))], np.int8)
        self.starts = torch.from_numpy(np.cumsum(self.lengths) - self.lengths).to(DEVICE)
        self.counts = torch.from_numpy(self.lengths).to(DEVICE)
        self.voices = torch.from_numpy(np.concatenate(voices)).to(DEVICE)
        self.voiced = torch.tensor([request["voice"] for request in requests], device=DEVICE)
        speakers = np.array([row["speaker"] for row in utterances])
        self.speakers = speakers
        self.same = {speaker: np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)}
        self.train, self.held = np.arange(held_out, len(rows)), np.arange(held_out)

    def companions(self, indices, draw):
        """For each utterance another of the same speaker, whose voice it is given."""
        same = [self.same[self.speakers[index]] for index in indices]
        return np.array([own[int(share * len(own))] for own, share in zip(same, draw.random(len(same)))])

    def batch(self, indices, companions, time):
        """ids, codes to tell, phones to tell (−1: nothing), voices, and whether there is one."""
        at = torch.arange(time, device=DEVICE)
        rows = torch.where(at < self.counts[indices, None], self.starts[indices, None] + at, len(self.ids) - 1)
        return self.ids[rows].long(), self.targets[rows].long(), self.heard[rows].long(), self.voices[companions], self.voiced[indices]


def on_device(parts, kind):
    return torch.from_numpy(np.concatenate(parts).astype(kind)).to(DEVICE)


def targets(rows, prompt, shape):
    """What each row has to tell: the codes of the next, from the prompt's last row on."""
    found = np.full((len(rows), shape.codebooks), -1)
    told = rows[prompt:, :shape.codebooks]
    found[prompt - 1:-1] = np.where(told == shape.pad, -1, told)
    return found


def phones_ahead(track, prompt, count, horizons):
    """The phones that each row has to tell: those so many frames ahead."""
    found = np.full((count, len(horizons)), -1)
    ahead = np.arange(len(track))[:, None] + np.array(horizons)
    found[prompt - 1:prompt - 1 + len(track)] = track[ahead.clip(max=len(track) - 1)]
    return found
