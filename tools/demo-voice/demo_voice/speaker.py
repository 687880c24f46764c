"""The speaker encoder: ECAPA-TDNN with the names and the arithmetic of the published one, small."""

import torch
import torch.nn.functional as F
from torch import nn

CONFIG = dict(
    sample_rate=24_000, mel_dim=128, enc_dim=128, enc_channels=[128, 128, 128, 128, 384], enc_kernel_sizes=[5, 3, 3, 3, 1],
    enc_dilations=[1, 2, 3, 4, 1], enc_attention_channels=64, enc_res2net_scale=8, enc_se_channels=64,
)


class Tdnn(nn.Module):
    def __init__(self, inputs, outputs, kernel=1, dilation=1):
        super().__init__()
        padding = dilation * (kernel // 2)
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation, padding=padding, padding_mode="reflect")

    def forward(self, x):
        return F.relu(self.conv(x))


class Res2Net(nn.Module):
    def __init__(self, width, kernel, dilation, scale):
        super().__init__()
        self.blocks = nn.ModuleList([Tdnn(width // scale, width // scale, kernel, dilation) for _ in range(scale - 1)])

    def forward(self, x):
        first, *parts = x.chunk(len(self.blocks) + 1, 1)
        outputs = [first]
        for index, (part, block) in enumerate(zip(parts, self.blocks)):
            outputs.append(block(part if index == 0 else part + outputs[-1]))
        return torch.cat(outputs, 1)


class Excitation(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(width, inner, 1), nn.Conv1d(inner, width, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv2(F.relu(self.conv1(x.mean(-1, keepdim=True)))))


class Block(nn.Module):
    def __init__(self, width, kernel, dilation):
        super().__init__()
        self.tdnn1, self.tdnn2 = Tdnn(width, width), Tdnn(width, width)
        self.res2net_block = Res2Net(width, kernel, dilation, CONFIG["enc_res2net_scale"])
        self.se_block = Excitation(width, CONFIG["enc_se_channels"])

    def forward(self, x):
        return x + self.se_block(self.tdnn2(self.res2net_block(self.tdnn1(x))))


class Pooling(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.tdnn, self.conv = Tdnn(3 * width, inner), nn.Conv1d(inner, width, 1)

    def forward(self, x):
        mean, deviation = statistics(x, torch.full_like(x, 1 / x.shape[-1]))
        around = torch.cat([x, mean.expand_as(x), deviation.expand_as(x)], 1)
        return torch.cat(statistics(x, self.conv(torch.tanh(self.tdnn(around))).softmax(-1)), 1)


def statistics(x, weights):
    mean = (x * weights).sum(-1, keepdim=True)
    variance = ((x - mean).square() * weights).sum(-1, keepdim=True)
    return mean, variance.clamp(min=1e-12).sqrt()


class SpeakerEncoder(nn.Module):
    """[batch, 128 bands, frames] to [batch, 128]."""

    def __init__(self):
        super().__init__()
        channels, kernels, dilations = CONFIG["enc_channels"], CONFIG["enc_kernel_sizes"], CONFIG["enc_dilations"]
        first = Tdnn(CONFIG["mel_dim"], channels[0], kernels[0], dilations[0])
        self.blocks = nn.ModuleList([first] + [Block(channels[i], kernels[i], dilations[i]) for i in range(1, 4)])
        self.mfa = Tdnn(sum(channels[1:4]), channels[4])
        self.asp = Pooling(channels[4], CONFIG["enc_attention_channels"])
        self.fc = nn.Conv1d(2 * channels[4], CONFIG["enc_dim"], 1)

    def forward(self, mels):
        x, outputs = self.blocks[0](mels), []
        for block in self.blocks[1:]:
            x = block(x)
            outputs.append(x)
        return self.fc(self.asp(self.mfa(torch.cat(outputs, 1))))[..., 0]
