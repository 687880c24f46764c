"""Judges a model through the real binary: words by an independent recognizer (pocketsphinx), voices, ends of audio.

Every held-out sentence is spoken in every voice, cloned from 3 s of speech of sentences that training never saw, with one seed
each and the binary's default settings. flite's own speech of the same sentences goes through the same recognizer.
"""

import argparse
import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jiwer
import numpy as np
import soundfile
import soxr
from pocketsphinx import Decoder

VOICES = ["slt", "rms", "awb", "kal16"]
RECOGNIZER_RATE, SPEECH_RATE = 16_000, 44_100
SEED = 1000   # of the first sentence; each has the next
REFERENCE_SECONDS = 3.0


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"[^a-z' ]", " ", text.lower())).strip()


def recognize(path):
    audio, rate = soundfile.read(path, dtype="float32")
    audio = np.pad(soxr.resample(audio, rate, RECOGNIZER_RATE), 3200)
    decoder = Decoder(samprate=RECOGNIZER_RATE, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((audio * 32767).clip(-32768, 32767).astype(np.int16).tobytes(), no_search=False, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


def cached(path, make):
    if not path.exists():
        partial = path.with_name(f"partial-{path.name}")
        make(partial)
        partial.rename(path)
    return path


def flite(text, voice, path):
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True)


def references(sentences, folder):
    """3 s of each voice, of held-out sentences that are not judged."""
    found = {}
    for voice in VOICES:
        def make(path):
            parts = []
            for text in sentences:
                flite(text, voice, folder / "part.wav")
                parts.append(soundfile.read(folder / "part.wav")[0])
            audio = np.concatenate(parts)
            soundfile.write(path, audio[:int(REFERENCE_SECONDS * RECOGNIZER_RATE)], RECOGNIZER_RATE)
        found[voice] = cached(folder / f"reference-{voice}.wav", make)
    return found


class Judge:
    def __init__(self, args):
        self.zonos, self.model, self.options, self.folder = args.zonos, args.model, args.option, Path(args.folder)
        self.through = args.through
        self.flite, self.spoken = self.folder / "flite", self.folder / args.name
        self.flite.mkdir(parents=True, exist_ok=True)
        self.spoken.mkdir(exist_ok=True)
        sentences = [line for line in Path(args.sentences).read_text().splitlines() if line]
        self.sentences = sentences[:args.count]
        self.voices = references(sentences[-6:], self.folder)

    def say(self, index, voice):
        """The file, and how its speech ended."""
        wav = self.spoken / f"{index:03}-{voice}.wav"
        told = wav.with_suffix(".json")
        if self.through == "stream":
            cached(wav, lambda path: self.stream(index, voice, path))
        elif self.through == "say":
            cached(told, lambda path: path.write_bytes(self.run_say(index, voice, "--json", "-o", wav)))
        return wav, json.loads(told.read_text())["finish_reason"] if told.exists() else None

    def run_say(self, index, voice, *options):
        command = [self.zonos, "say", self.sentences[index], "--model", self.model, "--voice", self.voices[voice],
                   "--seed", str(SEED + index), "-q", *options, *self.options]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def stream(self, index, voice, path):
        samples = np.frombuffer(self.run_say(index, voice, "--raw", "-o", "-"), "<i2")
        soundfile.write(path, samples, SPEECH_RATE, format="WAV")

    def batch(self):
        """Everything in one run of `zonos batch`."""
        jobs = [dict(id=f"{index:03}-{voice}", text=text, voice=str(self.voices[voice]), seed=SEED + index)
                for index, text in enumerate(self.sentences) for voice in VOICES]
        lines = "".join(json.dumps(job) + "\n" for job in jobs)
        command = [self.zonos, "batch", "-", "-o", self.spoken, "--model", self.model, "-q", *self.options]
        subprocess.run(command, input=lines.encode(), check=True)
        for line in (self.spoken / "manifest.jsonl").read_text().splitlines():
            result = json.loads(line)
            (self.spoken / f"{result['id']}.json").write_text(line)

    def embed(self, path):
        voice = cached(path.with_suffix(".npy"), lambda partial: subprocess.run(
            [self.zonos, "voice", "embed", path, "-o", partial, "--model", self.model, "-q"], check=True, capture_output=True))
        vector = np.load(voice).astype(np.float64)
        return vector / np.linalg.norm(vector)

    def hear(self, path):
        return cached(path.with_suffix(".txt"), lambda partial: partial.write_text(recognize(path))).read_text()

    def one(self, job):
        index, voice = job
        said, end = self.say(index, voice)
        own = cached(self.flite / f"{index:03}-{voice}.wav", lambda path: flite(self.sentences[index], voice, path))
        return dict(voice=voice, text=self.sentences[index], heard=self.hear(said), flite=self.hear(own),
                    end=end, vector=self.embed(said))

    def run(self):
        if self.through == "batch":
            self.batch()
        jobs = [(index, voice) for index in range(len(self.sentences)) for voice in VOICES]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(self.one, jobs))
        clones = {voice: self.embed(path) for voice, path in self.voices.items()}
        for result in results:
            result["nearest"] = max(VOICES, key=lambda voice: result["vector"] @ clones[voice])
        return results


def error(results, heard):
    return 100 * jiwer.wer([words(r["text"]) for r in results], [words(r[heard]) for r in results])


def table(results):
    lines = ["| voice | sentences | word error | flite's own | voice matched | ended by itself |", "|---|---|---|---|---|---|"]
    for voice in VOICES + ["all"]:
        part = [r for r in results if voice in (r["voice"], "all")]
        matched = sum(r["nearest"] == r["voice"] for r in part)
        ended = f"{sum(r['end'] == 'end_of_audio' for r in part)} of {len(part)}" if all(r["end"] for r in part) else "not told"
        lines.append(f"| {voice} | {len(part)} | {error(part, 'heard'):.1f} % | {error(part, 'flite'):.1f} % | "
                     f"{matched} of {len(part)} | {ended} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zonos", help="the binary")
    parser.add_argument("folder", help="where sound files and what was heard are kept; what is there is not made again")
    parser.add_argument("--name", default="demo", help="of this run, a folder inside")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--through", choices=["say", "stream", "batch"], default="say")
    parser.add_argument("--sentences", default=Path(__file__).parent.parent / "held-out.txt")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--option", action="append", default=[], help="more arguments of `zonos`")
    start, judge = time.time(), Judge(parser.parse_args())
    results = judge.run()
    print(table(results))
    for result in results[:12]:
        print(f"  {result['voice']}: {result['text']} | {result['heard']}")
    print(f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
