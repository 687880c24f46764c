"""The codec's decoder: that of DAC, small, without the weight norm (which the export puts back)."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from .mel import RATE, filters, hann
from .quantizer import LATENT

WIDTH, STRIDES, DILATIONS = 192, [8, 8, 4, 2], [1, 3, 9]


class Snake(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1))

    def forward(self, x):
        return x + (self.alpha * x).sin().square() / (self.alpha + 1e-9)


class Unit(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.block = nn.Sequential(
            Snake(channels), nn.Conv1d(channels, channels, 7, dilation=dilation, padding=3 * dilation),
            Snake(channels), nn.Conv1d(channels, channels, 1))

    def forward(self, x):
        return x + self.block(x)


class Stage(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        up = nn.ConvTranspose1d(inputs, outputs, 2 * stride, stride=stride, padding=math.ceil(stride / 2))
        self.block = nn.Sequential(Snake(inputs), up, *[Unit(outputs, dilation) for dilation in DILATIONS])

    def forward(self, x):
        return self.block(x)


class Decoder(nn.Module):
    """[batch, 128, frames] to [batch, 512 · frames]."""

    def __init__(self):
        super().__init__()
        stages = [Stage(WIDTH >> i, WIDTH >> (i + 1), stride) for i, stride in enumerate(STRIDES)]
        last = WIDTH >> len(STRIDES)
        self.model = nn.Sequential(nn.Conv1d(LATENT, WIDTH, 7, padding=3), *stages, Snake(last), nn.Conv1d(last, 1, 7, padding=3), nn.Tanh())
        for module in self.modules():
            if isinstance(module, Unit):
                module.block[-1].weight.data *= 0.3   # Snake only adds: units that begin small keep the sum in range
        self.model[-2].weight.data *= 0.3

    def forward(self, latents):
        return self.model(latents)[:, 0]


class SpectralLoss(nn.Module):
    """Distances of log-mels and mels at several resolutions; phases are free."""

    SIZES = [(2048, 512, 120), (1024, 256, 100), (512, 128, 64), (256, 64, 32), (128, 32, 0)]

    def forward(self, truth, output):
        total = 0
        for size, hop, bins in self.SIZES:
            with torch.no_grad():
                wanted = spectrum(truth, size, hop)
            found = spectrum(output, size, hop)
            if bins:
                bank = filters(bins, size, RATE, 0.0, 9000.0, False, truth.device)
                wanted, found = wanted.transpose(1, 2) @ bank, found.transpose(1, 2) @ bank
            total = total + ((wanted + 1e-3).log() - (found + 1e-3).log()).abs().mean()
            total = total + 0.3 * (wanted - found).abs().mean() / (wanted.mean() + 1e-3)
        return total / len(self.SIZES)


def spectrum(audio, size, hop):
    found = torch.view_as_real(torch.stft(audio, size, hop, size, hann(size, audio.device), center=False, return_complex=True))
    return found.square().sum(-1).add(1e-8).sqrt()
