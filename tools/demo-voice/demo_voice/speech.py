"""Step 1: sentences spoken by flite, with phone times, and their log-mels; in shards, so that it resumes.

A speaker is a flite voice, a factor of pitch and formants (by resampling) and a factor of duration.
"""

import json
import random
import subprocess
import sys
import tempfile
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from . import sentences
from .mel import HOP, RATE, codec_mel

VOICES = ["slt", "rms", "awb", "kal16"]
FLITE_RATE = 16_000
VARIANTS = 12          # speakers per voice; number 0 is the voice as it is and says half of its sentences
SHARD = 1000
SEED = 2606
# Seconds of silence at the end by bucket of `trailing_silence_s`, and how often each is drawn.
TRAILING = {1: (0.05, 0.09), 2: (0.11, 0.2), 3: (0.26, 0.32)}
TRAILING_SHARES = [0.2, 0.25, 0.55]


def speakers():
    """All speakers: the four voices and their variants."""
    draw = random.Random(SEED)
    found = []
    for voice in VOICES:
        found.append(dict(voice=voice, pitch=1.0, stretch=1.0))
        for _ in range(VARIANTS - 1):
            found.append(dict(voice=voice, pitch=round(draw.uniform(0.93, 1.07), 3), stretch=round(draw.uniform(0.92, 1.1), 3)))
    return found


def speak(text, speaker):
    """Samples (int16 at 16 kHz · pitch) without silence at the ends, and the phones with their end times in seconds."""
    with tempfile.NamedTemporaryFile(suffix=".wav", dir="/dev/shm") as file:
        stretch = speaker["stretch"] * speaker["pitch"]
        command = ["flite", "-psdur", "-voice", speaker["voice"], "--setf", f"duration_stretch={stretch}", "-t", text, "-o", file.name]
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        samples, _ = soundfile.read(file.name, dtype="int16")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 330)
    start, end = max(0, loud[0] - 640), min(len(samples), loud[-1] + 960)
    phones = [mark.rsplit(":", 1) for mark in listing.split()]
    shift = start / FLITE_RATE
    return samples[start:end], [(name, round((float(time) - shift) / speaker["pitch"], 4)) for name, time in phones]


def at_rate(samples, pitch, rate):
    """flite's samples at another rate, pitch applied, as float32."""
    return soxr.resample(samples.astype(np.float32) / 32768, FLITE_RATE * pitch, rate)


def with_silence(audio, seconds):
    """Audio at 44.1 kHz with silence behind it, cut to whole frames."""
    total = (len(audio) + round(seconds * RATE)) // HOP * HOP
    return np.pad(audio, (0, max(0, total - len(audio))))[:total]


def utterance_audio(row, samples):
    return with_silence(at_rate(samples, row["pitch"], RATE), row["silence"])


def plan(count):
    """What is said by whom, without the sound: the same for the same count."""
    train, held = sentences.corpus(SEED, count)
    draw = random.Random(SEED + 1)
    draw.shuffle(train)
    everyone = speakers()
    rows = []
    for text in train:
        voice = draw.randrange(len(VOICES))
        variant = 0 if draw.random() < 0.5 else draw.randrange(1, VARIANTS)
        number = voice * VARIANTS + variant
        bucket = draw.choices(list(TRAILING), TRAILING_SHARES)[0]
        rows.append(dict(text=text, speaker=number, **everyone[number], bucket=bucket, silence=round(draw.uniform(*TRAILING[bucket]), 3)))
    return rows, held


def make_shard(job):
    path, rows = job
    torch.set_num_threads(1)
    sound, mels = [], []
    for row in rows:
        samples, row["phones"] = speak(row["text"], row)
        audio = utterance_audio(row, samples)
        mels.append(codec_mel(torch.from_numpy(audio)).half().numpy())
        sound.append(samples)
        row["samples"], row["frames"], row["seconds"] = len(samples), len(mels[-1]), round(len(samples) / FLITE_RATE / row["pitch"], 3)
    np.save(path.with_suffix(".sound.npy"), np.concatenate(sound))
    np.save(path.with_suffix(".mel.npy"), np.concatenate(mels))
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(rows))
    partial.rename(path)   # last: a shard with a list is a whole shard
    return len(rows), sum(row["frames"] for row in rows)


def shards(folder):
    """The finished shards, in order: rows, sound and mels."""
    for path in sorted(Path(folder).glob("speech-*.json")):
        rows = json.loads(path.read_text())
        yield rows, np.load(path.with_suffix(".sound.npy"), mmap_mode="r"), np.load(path.with_suffix(".mel.npy"), mmap_mode="r")


def main(folder, count):
    folder = Path(folder)
    rows, held = plan(count)
    (folder / "held-out.json").write_text(json.dumps(held, indent=1))
    jobs = [(folder / f"speech-{i // SHARD:03}.json", rows[i:i + SHARD]) for i in range(0, len(rows), SHARD)]
    with Pool() as pool:
        for done, frames in pool.imap(make_shard, [job for job in jobs if not job[0].exists()]):
            print(f"{done} sentences, {frames * HOP / RATE / 3600:.2f} h", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
