"""Log-mel spectrograms: one for the codec at its frame rate, one for the speaker encoder as the engine computes it."""

import functools

import torch
import torch.nn.functional as F

RATE, HOP = 44_100, 512
CODEC_MELS = 100
SPEAKER_RATE = 24_000


def slaney_hz(mel):
    return torch.where(mel < 15, mel * 200 / 3, 1000 * torch.exp((mel - 15) * 0.06875177742094912))


def slaney_mel(hz):
    hz = torch.as_tensor(float(hz))
    return hz * 3 / 200 if hz < 1000 else 15 + torch.log(hz / 1000) / 0.06875177742094912


@functools.lru_cache
def filters(bins, fft, rate, low, high, normed, device="cpu"):
    """Triangles on the slaney scale, [fft / 2 + 1, bins]; `normed` gives each the same area."""
    edges = slaney_hz(torch.linspace(slaney_mel(low).item(), slaney_mel(high).item(), bins + 2, dtype=torch.float64))
    freqs = torch.linspace(0, rate / 2, fft // 2 + 1, dtype=torch.float64)[:, None]
    rise = (freqs - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - freqs) / (edges[2:] - edges[1:-1])
    bank = torch.minimum(rise, fall).clamp(min=0)
    return (bank * 2 / (edges[2:] - edges[:-2]) if normed else bank).float().to(device)


@functools.lru_cache
def hann(size, device="cpu"):
    return torch.hann_window(size, device=device)


def codec_mel(audio):
    """[samples] or [batch, samples] at 44.1 kHz, a multiple of 512 of them, to [..., frames, 100]."""
    padded = F.pad(audio, (768, 768))
    spectrum = torch.stft(padded, 2048, HOP, 1536, hann(1536), center=False, return_complex=True).abs()
    return (spectrum.transpose(-1, -2) @ filters(CODEC_MELS, 2048, RATE, 40.0, 8000.0, False)).clamp(min=1e-3).log()


def speaker_mel(audio):
    """[samples] at 24 kHz to [frames, 128], as the published speaker encoder hears."""
    padded = F.pad(audio[None, None], (384, 384), mode="reflect")[0, 0]
    spectrum = torch.stft(padded, 1024, 256, 1024, hann(1024), center=False, return_complex=True)
    magnitude = torch.view_as_real(spectrum).pow(2).sum(-1).add(1e-9).sqrt()
    return (magnitude.T @ filters(128, 1024, SPEAKER_RATE, 0.0, 12000.0, True)).clamp(min=1e-5).log()
