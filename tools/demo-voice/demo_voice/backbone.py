"""The backbone: the architecture and the arithmetic of ZONOS2, with an extra output for training that tells phones."""

import json

import torch
import torch.nn.functional as F
from torch import nn

from .machine import DEVICE, FAST, ON_CARD, compiled_on_cpu


class Shape:
    """The sizes in params.json."""

    def __init__(self, path):
        p = json.loads(open(path).read())
        self.dim, self.layers, self.head_dim, self.kv_heads = p["dim"], p["n_layers"], p["head_dim"], p["n_kv_heads"]
        self.heads = p["n_heads"] or self.dim // self.head_dim
        multiple = p["multiple_of"]
        self.inner = -(-int(p["ffn_dim_multiplier"] * self.dim) // multiple) * multiple
        self.codebooks, self.audio_ids, self.text_ids = p["n_codebooks"], p["codebook_size"] + 2, p["text_vocab"] + 1
        self.end, self.pad, self.text_pad = p["eoa_id"], p["audio_pad_id"], p["text_vocab"]
        self.voice, self.lda = p["speaker_embedding_dim"], p["speaker_lda_dim"]
        self.experts, self.router = p["moe_n_experts"], p["moe_router_dim"]
        special = p["special_topk_layers"]
        moe = lambda n: self.layers - n > p["moe_end_from_layer"] and n >= p["moe_start_from_layer"]
        self.used = [int(special.get(str(n), p["moe_router_topk"])) if moe(n) else 0 for n in range(self.layers)]
        self.eps, self.theta, self.cap = p["norm_eps"], p["rope_theta"], p["loss_softcap"]


@compiled_on_cpu
def queries_keys_values(x, weight, wq, wkv, gater, temp, cos, sin, heads, kv_heads, head_dim):
    batch, time, dim = x.shape
    y = F.rms_norm(x, (dim,), weight, 1e-5)
    q = F.linear(y, wq).view(batch, time, heads, head_dim)
    k, v = F.linear(y, wkv).view(batch, time, 2, kv_heads, head_dim).unbind(2)
    gate = torch.sigmoid(F.linear(y, gater).float())
    q = F.rms_norm(q.float(), (head_dim,), None, 1e-6) * temp.abs().view(heads, 1)
    k = F.rms_norm(k.float(), (head_dim,), None, 1e-6)
    share = lambda t: t.to(FAST).transpose(1, 2)
    k, v = rotated(k, cos, sin).repeat_interleave(heads // kv_heads, 2), v.repeat_interleave(heads // kv_heads, 2)
    return share(rotated(q, cos, sin)), share(k), share(v), gate


def rotated(x, cos, sin):
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


@compiled_on_cpu
def weights_of(scores, mask):
    return (scores.float() * 0.125 + mask).softmax(-1).to(FAST)


def attend(q, k, v):
    """Causal attention."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.125) if ON_CARD else attend_in_blocks(q, k, v)


def attend_in_blocks(q, k, v, size=160):
    """In blocks of queries, each over the keys that it may see: 1.5 times torch's own on a CPU."""
    batch, heads, time, width = q.shape
    q, k, v = (t.reshape(batch * heads, time, width) for t in (q, k, v))
    outputs = []
    for start in range(0, time, size):
        end = min(time, start + size)
        mask = torch.full((end - start, end), float("-inf")).triu(start + 1)
        outputs.append(weights_of(q[:, start:end] @ k[:, :end].mT, mask) @ v[:, :end])
    return torch.cat(outputs, 1).view(batch, heads, time, width)


class Attention(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        kv = s.kv_heads * s.head_dim
        self.wq, self.wkv = nn.Linear(s.dim, s.heads * s.head_dim, False), nn.Linear(s.dim, 2 * kv, False)
        self.wo, self.gater = nn.Linear(s.heads * s.head_dim, s.dim, False), nn.Linear(s.dim, s.heads, False)
        self.temp = nn.Parameter(torch.full((s.heads,), 1.5))
        nn.init.zeros_(self.wo.weight)

    def forward(self, x, norm, cos, sin):
        s = self.s
        q, k, v, gate = queries_keys_values(x, norm.weight, self.wq.weight, self.wkv.weight, self.gater.weight, self.temp,
                                            cos, sin, s.heads, s.kv_heads, s.head_dim)
        mixed = attend(q, k, v)
        return self.wo((mixed.transpose(1, 2) * gate[..., None].to(mixed.dtype)).reshape(*x.shape[:2], -1))


@compiled_on_cpu
def gated(gate_up):
    gate, up = gate_up.chunk(2, -1)
    return F.silu(gate) * up


class Dense(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.gate_up = nn.Parameter(torch.randn(2 * s.inner, s.dim) * s.dim ** -0.5)
        self.down = nn.Parameter(torch.zeros(s.dim, s.inner))

    def forward(self, x, state):
        return F.linear(gated(F.linear(x, self.gate_up)), self.down), None


class Router(nn.Module):
    def __init__(self, s, first):
        super().__init__()
        width = s.router
        self.down_proj = nn.Linear(s.dim, width)
        self.rmsnorm_eda = nn.RMSNorm(width, s.eps)
        self.router_mlp = nn.ModuleDict({"0": nn.Linear(width, width), "2": nn.Linear(width, width), "4": nn.Linear(width, s.experts, False)})
        if not first:
            self.router_states_scale = nn.Parameter(torch.ones(width))
        self.first = first

    def forward(self, x, state):
        own = self.down_proj(x)
        if not self.first:
            own = own + state * self.router_states_scale
        hidden = F.gelu(self.router_mlp["0"](self.rmsnorm_eda(own)))
        return self.router_mlp["4"](F.gelu(self.router_mlp["2"](hidden))).softmax(-1), own


class Mixture(nn.Module):
    BALANCE = 1e-3

    def __init__(self, s, used, first):
        super().__init__()
        self.s, self.used, self.router = s, used, Router(s, first)
        self.gate_up = nn.Parameter(torch.randn(s.experts, 2 * s.inner, s.dim) * s.dim ** -0.5)
        self.down = nn.Parameter(torch.zeros(s.experts, s.dim, s.inner))
        self.register_buffer("balancing_biases", torch.zeros(s.experts))
        self.register_buffer("load", torch.full((s.experts,), 1 / s.experts))

    def forward(self, x, state):
        with torch.autocast(DEVICE.type, enabled=False):
            probabilities, state = self.router(x.float(), state)
        chosen = (probabilities.detach() + self.balancing_biases).topk(self.used, -1).indices
        return self.mixed_of_all(x, probabilities, chosen) if ON_CARD else self.mixed_of_chosen(x, probabilities, chosen), state

    def mixed_of_all(self, x, probabilities, chosen):
        """Every expert computes every row: more work, but in shapes that do not depend on the data."""
        taken = F.one_hot(chosen, self.s.experts).sum(-2)
        if self.training:
            self.balance(taken.sum(0) / taken.sum())
        hidden = gated(F.linear(x, self.gate_up.flatten(0, 1)).unflatten(-1, (self.s.experts, -1)))
        weighted = hidden * (probabilities * taken)[..., None].to(FAST)
        return weighted.flatten(1) @ self.down.transpose(1, 2).flatten(0, 1).to(FAST)

    def mixed_of_chosen(self, x, probabilities, chosen):
        weights = probabilities.gather(-1, chosen).flatten()
        order = chosen.flatten().argsort(stable=True)
        counts = torch.bincount(chosen.flatten(), minlength=self.s.experts)
        rows = order // self.used
        sorted_x = x[rows].to(FAST)
        outputs = [F.linear(gated(F.linear(part, self.gate_up[e])), self.down[e]) for e, part in enumerate(sorted_x.split(counts.tolist()))]
        weighted = torch.cat(outputs) * weights[order, None].to(FAST)
        if self.training:
            self.balance(counts / counts.sum())
        return torch.zeros_like(x, dtype=weighted.dtype).index_add(0, rows, weighted)

    @torch.no_grad()
    def balance(self, load):
        """Moves the biases so that every expert gets its share; the loss has no term for it."""
        self.load.lerp_(load, 0.05)
        self.balancing_biases += self.BALANCE * torch.sign(1 / self.s.experts - load)


class Block(nn.Module):
    def __init__(self, s, layer):
        super().__init__()
        first = not any(s.used[:layer])
        self.attention_norm, self.ffn_norm = nn.RMSNorm(s.dim, s.eps), nn.RMSNorm(s.dim, s.eps)
        self.attention = Attention(s)
        self.feed_forward = Mixture(s, s.used[layer], first) if s.used[layer] else Dense(s)

    def forward(self, x, cos, sin, state):
        x = x + self.attention(x, self.attention_norm, cos, sin)
        y, state = self.feed_forward(self.ffn_norm(x).flatten(0, 1), state)
        return x + y.view_as(x), state


class Backbone(nn.Module):
    PHONES_AFTER = 4
    HORIZONS = (0, 6, 14)   # frames ahead for which the phone is asked

    def __init__(self, s, phones):
        super().__init__()
        self.s, self.phones = s, phones
        sizes = [s.audio_ids] * s.codebooks + [s.text_ids]
        self.embedders = nn.ModuleList([nn.Embedding(size, s.dim) for size in sizes])
        for table in self.embedders:
            nn.init.normal_(table.weight, std=0.5)
            table.weight.data[-1] = 0   # padding is the last id of every column
        self.speaker_lda_projection, self.speaker_projection = nn.Linear(s.voice, s.lda), nn.Linear(s.lda, s.dim)
        self.layers = nn.ModuleList([Block(s, layer) for layer in range(s.layers)])
        self.out_norm = nn.RMSNorm(s.dim, s.eps)
        self.multi_output = nn.Parameter(torch.randn(s.codebooks, s.audio_ids, s.dim) * 0.02)
        self.phone_output = nn.Linear(s.dim, phones * len(self.HORIZONS))

    def rotation(self, time):
        half = self.s.head_dim // 2
        places, powers = torch.arange(time, device=DEVICE), torch.arange(half, device=DEVICE)
        angles = places[:, None].float() * self.s.theta ** (-powers.float() / half)
        return angles.cos()[:, None], angles.sin()[:, None]

    def forward(self, ids, voices, voiced):
        """ids [batch, time, 10], voices [batch, 128], voiced [batch]: last hidden rows, and those that tell phones."""
        s = self.s
        x = sum(table(ids[..., column]) for column, table in enumerate(self.embedders))
        slot = self.speaker_projection(self.speaker_lda_projection(voices)).float()
        first = torch.where(voiced[:, None], slot, x[:, 0])
        x = F.rms_norm(torch.cat([first[:, None], x[:, 1:]], 1), (s.dim,), None, s.eps)
        cos, sin = self.rotation(ids.shape[1])
        state = middle = None
        for index, block in enumerate(self.layers):
            x, state = block(x, cos, sin, state)
            if index + 1 == self.PHONES_AFTER:
                middle = x
        return self.out_norm(x), middle
