"""Training rows: prompts as the engine builds them, then the delayed codes with their end marks."""

import json
import random
import subprocess
from pathlib import Path

import numpy as np

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
    """Utterances in memory: prompts, codes, phones, and voices of the same speaker's other utterances."""

    def __init__(self, folder, shape, builder, params, held_out=160):
        folder = Path(folder)
        names = json.loads((folder / "phones.json").read_text())
        draw = random.Random(3)
        rows, codes, tracks, voices = [], [], [], []
        for path in sorted(folder.glob("codes-*.npy")):
            number = path.stem.split("-")[1]
            shard = json.loads((folder / f"speech-{number}.json").read_text())
            all_codes = np.load(path)
            ends = np.cumsum([row["frames"] for row in shard])
            codes += [all_codes[:, end - row["frames"]:end] for row, end in zip(shard, ends)]
            tracks += [phone_track(row, names).astype(np.uint8) for row in shard]
            voices.append(np.load(folder / f"voices-{number}.npy"))
            rows += shard
        requests = [conditioning(row, draw) for row in rows]
        self.shape, self.phones, self.rows, self.codes, self.tracks = shape, len(names), rows, codes, tracks
        self.voices, self.voiced = np.concatenate(voices), np.array([request["voice"] for request in requests])
        self.prompts = prompts(builder, params, requests)
        self.lengths = np.array([len(p) + c.shape[1] + shape.codebooks for p, c in zip(self.prompts, codes)])
        speakers = np.array([row["speaker"] for row in rows])
        self.same = {speaker: np.flatnonzero(speakers == speaker) for speaker in np.unique(speakers)}
        self.train, self.held = np.arange(held_out, len(rows)), np.arange(held_out)

    def batch(self, indices, time, horizons, draw):
        """ids, codes to tell, phones to tell (−1: nothing), voices, and whether there is one."""
        shape, count = self.shape, len(indices)
        ids = np.full((count, time, 10), shape.pad, np.int64)
        ids[..., 9] = shape.text_pad
        targets = np.full((count, time, shape.codebooks), -1, np.int64)
        phones = np.full((count, time, len(horizons)), -1, np.int64)
        for place, index in enumerate(indices):
            prompt, track = len(self.prompts[index]), self.tracks[index]
            rows = delayed(self.prompts[index], self.codes[index], shape)
            ids[place, :len(rows)] = rows
            told = rows[prompt:, :shape.codebooks]
            targets[place, prompt - 1:prompt - 1 + len(told)] = np.where(told == shape.pad, -1, told)
            ahead = np.arange(len(track))[:, None] + np.array(horizons)
            phones[place, prompt - 1:prompt - 1 + len(track)] = track[ahead.clip(max=len(track) - 1)]
        others = [draw.choice(self.same[self.rows[index]["speaker"]]) for index in indices]
        return ids, targets, phones, self.voices[others], self.voiced[indices]
