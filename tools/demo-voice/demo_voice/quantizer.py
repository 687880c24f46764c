"""The codec's codes: a small network from log-mels to latents, and a residual quantizer as in DAC."""

import torch
import torch.nn.functional as F
from torch import nn

from .mel import CODEC_MELS

CODEBOOKS, ENTRIES, ENTRY_DIM, LATENT = 9, 1024, 8, 128


class Residual(nn.Module):
    def __init__(self, width, dilation=1):
        super().__init__()
        self.wide = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.point = nn.Conv1d(width, width, 1)
        self.norm = nn.GroupNorm(1, width)

    def forward(self, x):
        return x + self.point(F.gelu(self.wide(self.norm(x))))


def frame_network(inputs, outputs, width=192):
    return nn.Sequential(nn.Conv1d(inputs, width, 5, padding=2), Residual(width), Residual(width, 2), Residual(width), nn.Conv1d(width, outputs, 1))


class Codebook(nn.Module):
    """One factorized codebook: projected to 8 numbers, nearest entry by direction, projected back."""

    def __init__(self):
        super().__init__()
        self.in_proj = nn.Conv1d(LATENT, ENTRY_DIM, 1)
        self.out_proj = nn.Conv1d(ENTRY_DIM, LATENT, 1)
        self.codebook = nn.Embedding(ENTRIES, ENTRY_DIM)
        self.register_buffer("idle", torch.zeros(ENTRIES))

    def nearest(self, points):
        return (F.normalize(points, dim=-1) @ F.normalize(self.codebook.weight, dim=-1).T).argmax(-1)

    def forward(self, latent):
        points = self.in_proj(latent).transpose(1, 2)
        codes = self.nearest(points)
        entries = self.codebook(codes)
        loss = 0.25 * F.mse_loss(points, entries.detach()) + F.mse_loss(entries, points.detach())
        if self.training:
            self.revive(points.detach(), codes)
        return self.out_proj((points + (entries - points).detach()).transpose(1, 2)), codes, loss

    def revive(self, points, codes, patience=60):
        """Entries that nothing chose for `patience` steps move to points of this batch."""
        self.idle += 1
        self.idle[codes.unique()] = 0
        dead = (self.idle > patience).nonzero()[:, 0]
        if len(dead):
            flat = points.reshape(-1, ENTRY_DIM)
            self.codebook.weight.data[dead] = flat[torch.randint(len(flat), (len(dead),), device=flat.device)]
            self.idle[dead] = 0


class Quantizer(nn.Module):
    def __init__(self):
        super().__init__()
        self.quantizers = nn.ModuleList([Codebook() for _ in range(CODEBOOKS)])

    def forward(self, latent, counts=None):
        """Sum of the first `counts[b]` codebooks, that of the first alone, all codes [batch, 9, frames], and the loss."""
        total, first, residual, codes, losses = 0, None, latent, [], 0
        for level, quantizer in enumerate(self.quantizers):
            part, ids, loss = quantizer(residual)
            first = part if first is None else first
            total = total + (part if counts is None else part * (counts > level)[:, None, None])
            residual, losses = residual - part, losses + loss / CODEBOOKS
            codes.append(ids)
        return total, first, torch.stack(codes, 1), losses

    def decode(self, codes):
        """[batch, up to 9, frames] to latents [batch, 128, frames]."""
        return sum(q.out_proj(q.codebook(codes[:, level]).transpose(1, 2)) for level, q in enumerate(self.quantizers[:codes.shape[1]]))


class CodecEncoder(nn.Module):
    """From log-mels to latents, with the mean and spread that it was trained with."""

    def __init__(self):
        super().__init__()
        self.net = frame_network(CODEC_MELS, LATENT)
        self.register_buffer("mean", torch.zeros(CODEC_MELS, 1))
        self.register_buffer("spread", torch.ones(()))

    def normalized(self, mels):
        return (mels - self.mean) / self.spread

    def forward(self, mels):
        return self.net(self.normalized(mels))
