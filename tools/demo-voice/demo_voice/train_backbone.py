"""Step 5: the backbone. Runs in pieces: every call goes on from the last checkpoint until it has seen `until` positions.

The learning rate is flat for the first half and then falls on a line to 3 %; with --finish-in it does so within that time.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import machine
from .backbone import Backbone, Shape
from .machine import DEVICE, FAST, ON_CARD, compiled_on_cpu, mixed
from .muon import Muon
from .rows import Corpus

POSITIONS = 16384 if ON_CARD else 8192           # of a step
BUCKETS = [224, 320, 448, 704] if ON_CARD else [192, 256, 320, 384, 512, 704]   # rows of a batch's sequences, padded
WEIGHTS = [3.0, 1.5] + [0.6] * 7                 # of the codebooks in the loss
SUBSAMPLE = 0.25                                 # on a CPU, of the rows that codebooks 2 to 8 learn from, in each step
MUON_RATE, ADAM_RATE, WARM_UP = 0.02, 3e-3, 60
PHONE_WEIGHT = 0.6
VOICE_NOISE = 0.05
FLAT, LAST = 0.5, 0.03                           # of the schedule: the share before the rate falls, and the rate at its end
REPORT_SECONDS = 30 if ON_CARD else 150


@compiled_on_cpu
def capped_loss(hidden, weight, targets):
    logits = F.linear(hidden, weight).float()
    return F.cross_entropy(15 * torch.tanh(logits / 15), targets, ignore_index=-1)


def some(hidden, targets, share):
    """The rows that have something to tell, or a share of them. On a card all: there shapes that change cost more."""
    if ON_CARD:
        return hidden, targets
    known = (targets.view(len(targets), -1)[:, 0] >= 0).nonzero()[:, 0]
    known = known[torch.rand(len(known)) < share] if share < 1 else known
    return hidden[known], targets[known]


def losses(model, batch, subsample):
    """Cross entropy by codebook, that of the phones, and the share of phones told right, by horizon; one row of numbers."""
    ids, targets, phones, voices, voiced = batch
    with mixed():
        hidden, middle = model(ids, voices, voiced)
        hidden, targets, found = hidden.flatten(0, 1).to(FAST), targets.flatten(0, 1), []
        for level in range(model.s.codebooks):
            rows, told = some(hidden, targets[:, level], 1 if level < 2 else subsample)
            found.append(capped_loss(rows, model.multi_output[level], told))
        rows, phones = some(middle.flatten(0, 1), phones.flatten(0, 1), 1)
        told = model.phone_output(rows).float().unflatten(-1, (len(model.HORIZONS), -1))
    found.append(F.cross_entropy(told.flatten(0, 1), phones.flatten(), ignore_index=-1))
    right = ((told.argmax(-1) == phones).sum(0) / (phones >= 0).sum(0)).float()
    return torch.stack(found), right


class Training:
    def __init__(self, folder, params, builder):
        self.path, self.shape = Path(folder) / "backbone.pt", Shape(params)
        self.corpus = Corpus(folder, self.shape, builder, params, Backbone.HORIZONS)
        torch.manual_seed(0)
        self.model = Backbone(self.shape, self.corpus.phones).to(DEVICE)
        matrices = [p for name, p in self.model.named_parameters() if name.startswith("layers") and p.ndim > 1 and "router" not in name and "gater" not in name]
        chosen = set(map(id, matrices))
        self.others = [p for p in self.model.parameters() if id(p) not in chosen]
        self.muon = Muon(matrices, MUON_RATE)
        self.adam = torch.optim.AdamW(self.others, ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.01, fused=ON_CARD)
        self.losses = torch.compile(losses, dynamic=False) if ON_CARD else losses
        self.weights = torch.tensor([w * 3 / sum(WEIGHTS) for w in WEIGHTS] + [PHONE_WEIGHT], device=DEVICE)
        self.step = self.positions = self.epoch = self.place = 0
        self.resume()
        self.plan_epoch()

    def resume(self):
        if self.path.exists():
            saved = machine.load(self.path)
            self.model.load_state_dict(saved["model"])
            self.muon.load_state_dict(saved["muon"])
            self.adam.load_state_dict(saved["adam"])
            self.step, self.positions, self.epoch, self.place = (saved[name] for name in ("step", "positions", "epoch", "place"))

    def save(self):
        partial = self.path.with_suffix(".partial")
        torch.save(dict(model=self.model.state_dict(), muon=self.muon.state_dict(), adam=self.adam.state_dict(), step=self.step,
                        positions=self.positions, epoch=self.epoch, place=self.place, phones=self.corpus.phones), partial)
        partial.rename(self.path)

    def plan_epoch(self):
        """The batches of this epoch: their utterances, whose voices those get, and how long they are padded."""
        draw, self.batches, low = np.random.default_rng([7, self.epoch]), [], 0
        for high in BUCKETS:
            inside = [i for i in self.corpus.train if low < self.corpus.lengths[i] <= high]
            inside, size, low = draw.permutation(inside), POSITIONS // high, high
            self.batches += [(high, inside[i:i + size]) for i in range(0, len(inside) - size + 1, size)]
        self.batches = [self.batches[i] for i in draw.permutation(len(self.batches))]
        order = np.concatenate([indices for _, indices in self.batches])
        both = torch.from_numpy(np.stack([order, self.corpus.companions(order, draw)])).to(DEVICE)
        self.parts = both.split([len(indices) for _, indices in self.batches], 1)

    def next_batch(self):
        if self.place == len(self.batches):
            self.epoch, self.place = self.epoch + 1, 0
            self.plan_epoch()
        time, indices = self.batches[self.place]
        ids, targets, phones, voices, voiced = self.corpus.batch(*self.parts[self.place], time)
        self.place += 1
        self.positions += int(self.corpus.lengths[indices].sum())
        return ids, targets, phones, voices + VOICE_NOISE * voices.std() * torch.randn_like(voices), voiced

    def train_step(self, rate):
        for optimizer, full in ((self.muon, MUON_RATE), (self.adam, ADAM_RATE)):
            for group in optimizer.param_groups:
                group["lr"] = full * rate * min(1, (self.step + 1) / WARM_UP)
        torch.manual_seed(self.step)
        found, _ = self.losses(self.model, self.next_batch(), SUBSAMPLE)
        (found * self.weights).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        self.muon.step()
        self.adam.step()
        for p in self.model.parameters():
            p.grad = None
        self.step += 1
        return found.detach()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        found = []
        for i in range(0, 96, 16):
            held = torch.tensor([j for j in self.corpus.held if self.corpus.lengths[j] <= 512][i:i + 16], device=DEVICE)
            found.append(torch.cat(losses(self.model, self.corpus.batch(held, held, 512), 1)))
        self.model.train()
        return torch.stack(found).mean(0).cpu().numpy().round(3).tolist()


def rate_at(share):
    """The learning rate at this share of the schedule, of its full height."""
    return max(LAST, min(1.0, (1 - share) / (1 - FLAT)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("params")
    parser.add_argument("builder")
    parser.add_argument("--until", type=float, required=True, help="positions")
    parser.add_argument("--finish-in", type=float, default=1e9, help="minutes in which the schedule ends, if it has not before")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this time, to go on later")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    training = Training(args.folder, args.params, args.builder)
    sizes, corpus = sum(p.numel() for p in training.model.parameters()), training.corpus
    print(f"{sizes / 1e6:.2f} M parameters, {len(corpus.train)} utterances, {corpus.lengths.sum() / 1e6:.1f} M rows", flush=True)
    start = since = last = time.time()
    seen, sums, steps, share = training.positions, 0, 0, training.positions / args.until
    while share < 1 and time.time() - start < args.minutes * 60:
        sums = training.train_step(rate_at(share)) + sums
        share = max(training.positions / args.until, (time.time() - start) / 60 / args.finish_in)
        steps += 1
        if training.step in (3, 20) or time.time() - last > REPORT_SECONDS:
            mean, held = (sums / steps).cpu().numpy().round(2).tolist(), training.evaluate()
            experts = [m.feed_forward.load.cpu().numpy().round(2).tolist() for m in training.model.layers if hasattr(m.feed_forward, "load")]
            print(f"{(time.time() - start) / 60:.1f} min, step {training.step}, epoch {training.epoch + 1}, {training.positions / 1e6:.2f} M, "
                  f"{(training.positions - seen) / (time.time() - since):.0f} rows/s, train {mean}, "
                  f"held out {held[:9]}, phones {held[9]} right {held[10:]}, experts {experts}", flush=True)
            training.save()
            since = last = time.time()
            seen, sums, steps = training.positions, 0, 0
    training.save()
    print(f"at {training.positions / 1e6:.2f} M rows: held out {training.evaluate()}", flush=True)


if __name__ == "__main__":
    main()
