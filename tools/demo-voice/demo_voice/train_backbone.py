"""Step 5: the backbone. Runs in pieces: every call goes on from the last checkpoint until it has seen `until` positions.

The learning rate is flat up to `decay_from` positions and then falls on a line to 3 % at `until`.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .backbone import Backbone, Shape
from .precision import FAST, mixed
from .muon import Muon
from .rows import Corpus

POSITIONS = 8192                                 # of a step
BUCKETS = [192, 256, 320, 384, 512, 704]         # rows of a batch's sequences, padded
WEIGHTS = [3.0, 1.5] + [0.6] * 7                 # of the codebooks in the loss
SUBSAMPLE = 0.25                                 # of the rows that codebooks 2 to 8 learn from, in each step
MUON_RATE, ADAM_RATE, WARM_UP = 0.02, 3e-3, 60
PHONE_WEIGHT = 0.6
VOICE_NOISE = 0.05


@torch.compile(dynamic=True)
def capped_loss(hidden, weight, targets):
    logits = F.linear(hidden, weight).float()
    return F.cross_entropy(15 * torch.tanh(logits / 15), targets)


def losses(model, batch, subsample):
    """Cross entropy by codebook, that of the phones, and the share of phones told right, by horizon."""
    ids, targets, phones, voices, voiced = map(torch.from_numpy, batch)
    with mixed():
        hidden, middle = model(ids, voices, voiced)
        hidden, targets, by_codebook = hidden.flatten(0, 1).to(FAST), targets.flatten(0, 1), []
        for level in range(model.s.codebooks):
            known = (targets[:, level] >= 0).nonzero()[:, 0]
            if level > 1 and subsample < 1:
                known = known[torch.rand(len(known)) < subsample]
            by_codebook.append(capped_loss(hidden[known], model.multi_output[level], targets[known, level]))
        phones = phones.flatten(0, 1)
        known = (phones[:, 0] >= 0).nonzero()[:, 0]
        told = model.phone_output(middle.flatten(0, 1)[known]).float().view(len(known), len(model.HORIZONS), -1)
    right = (told.argmax(-1) == phones[known]).float().mean(0)
    return by_codebook, F.cross_entropy(told.flatten(0, 1), phones[known].flatten()), right


class Training:
    def __init__(self, folder, params, builder):
        self.folder, self.shape = Path(folder), Shape(params)
        self.corpus = Corpus(folder, self.shape, builder, params)
        torch.manual_seed(0)
        self.model = Backbone(self.shape, self.corpus.phones)
        matrices = [p for name, p in self.model.named_parameters() if name.startswith("layers") and p.ndim > 1 and "router" not in name and "gater" not in name]
        chosen = set(map(id, matrices))
        self.others = [p for p in self.model.parameters() if id(p) not in chosen]
        self.muon = Muon(matrices, MUON_RATE)
        self.adam = torch.optim.AdamW(self.others, ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.01)
        self.step = self.positions = self.epoch = 0
        self.queue = []
        self.resume()

    @property
    def path(self):
        return self.folder / "backbone.pt"

    def resume(self):
        if self.path.exists():
            saved = torch.load(self.path, weights_only=False)
            self.model.load_state_dict(saved["model"])
            self.muon.load_state_dict(saved["muon"])
            self.adam.load_state_dict(saved["adam"])
            self.step, self.positions, self.epoch, self.queue = saved["step"], saved["positions"], saved["epoch"], saved["queue"]

    def save(self):
        partial = self.path.with_suffix(".partial")
        torch.save(dict(model=self.model.state_dict(), muon=self.muon.state_dict(), adam=self.adam.state_dict(), step=self.step,
                        positions=self.positions, epoch=self.epoch, queue=self.queue, phones=self.corpus.phones), partial)
        partial.rename(self.path)

    def next_batch(self):
        draw = np.random.default_rng([7, self.step])
        if not self.queue:
            self.epoch += 1
            low = 0
            for high in BUCKETS:
                inside = [i for i in self.corpus.train if low < self.corpus.lengths[i] <= high]
                inside, size, low = draw.permutation(inside), POSITIONS // high, high
                self.queue += [(high, inside[i:i + size]) for i in range(0, len(inside) - size + 1, size)]
            self.queue = [self.queue[i] for i in draw.permutation(len(self.queue))]
        time, indices = self.queue.pop()
        ids, targets, phones, voices, voiced = self.corpus.batch(indices, time, self.model.HORIZONS, draw)
        voices = (voices + VOICE_NOISE * voices.std() * draw.standard_normal(voices.shape)).astype(np.float32)
        self.positions += int(self.corpus.lengths[indices].sum())
        return ids, targets, phones, voices, voiced

    def train_step(self, rate):
        for optimizer, full in ((self.muon, MUON_RATE), (self.adam, ADAM_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = full * rate * min(1, (self.step + 1) / WARM_UP)
        torch.manual_seed(self.step)
        by_codebook, phone, _ = losses(self.model, self.next_batch(), SUBSAMPLE)
        loss = sum(w * l for w, l in zip(WEIGHTS, by_codebook)) / sum(WEIGHTS) * 3 + PHONE_WEIGHT * phone
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        self.muon.step()
        self.adam.step()
        for p in self.model.parameters():
            p.grad = None
        self.step += 1
        return [l.item() for l in by_codebook] + [phone.item()]

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        draw, found = np.random.default_rng(1), []
        for i in range(0, 96, 16):
            held = [j for j in self.corpus.held if self.corpus.lengths[j] <= 512][i:i + 16]
            batch = self.corpus.batch(held, 512, self.model.HORIZONS, draw)
            by_codebook, phone, right = losses(self.model, batch, 1)
            found.append([l.item() for l in by_codebook] + [phone.item()] + right.tolist())
        self.model.train()
        return np.mean(found, 0).round(3).tolist()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("params")
    parser.add_argument("builder")
    parser.add_argument("--until", type=float, required=True)
    parser.add_argument("--decay-from", type=float, help="default: half of `until`")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time, to go on later")
    args = parser.parse_args()
    decay_from = args.until / 2 if args.decay_from is None else args.decay_from
    torch.set_num_threads(args.threads)
    training = Training(args.folder, args.params, args.builder)
    sizes = sum(p.numel() for p in training.model.parameters())
    print(f"{sizes / 1e6:.2f} M parameters, {len(training.corpus.train)} utterances, {training.corpus.lengths.sum() / 1e6:.1f} M rows", flush=True)
    start = since = time.time()
    seen, sums, steps, last = training.positions, 0, 0, time.time()
    while training.positions < args.until and time.time() - start < args.minutes * 60:
        left = (args.until - training.positions) / max(1, args.until - decay_from)
        sums = np.array(training.train_step(max(0.03, min(1.0, left)))) + sums
        steps += 1
        if training.step in (3, 20) or time.time() - last > 150:
            held = training.evaluate()
            experts = [m.feed_forward.load.numpy().round(2).tolist() for m in training.model.layers if hasattr(m.feed_forward, "load")]
            print(f"{(time.time() - start) / 60:.1f} min, step {training.step}, epoch {training.epoch}, {training.positions / 1e6:.2f} M, "
                  f"{(training.positions - seen) / (time.time() - since):.0f} rows/s, train {(sums / steps).round(2).tolist()}, "
                  f"held out {held[:9]}, phones {held[9]} right {held[10:]}, experts {experts}", flush=True)
            training.save()
            since = last = time.time()
            seen, sums, steps = training.positions, 0, 0
    training.save()
    print(f"at {training.positions / 1e6:.2f} M rows: held out {training.evaluate()}", flush=True)


if __name__ == "__main__":
    main()
