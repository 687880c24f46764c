"""A small backbone of random weights under the published names, and what its GGUF file must hold."""

import numpy as np

ARCH = "zonos2"
# Ids 0-447 are text; a vocabulary of this size has no conditioning ids.
TEXT_VOCAB = 448


def params(dim: int, inner: int) -> dict:
    """The text of a params.json: two dense layers around two of experts, of which the second uses two."""
    return {
        "model_type": "zonos2",
        "n_layers": 4,
        "dim": dim,
        "head_dim": 16,
        "n_heads": dim // 16,
        "n_kv_heads": 1,
        "ffn_dim_multiplier": inner / dim,
        "multiple_of": 32,
        "norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "max_seqlen": 64,
        "n_codebooks": 2,
        "codebook_size": 16,
        "eoa_id": 16,
        "audio_pad_id": 17,
        "text_vocab": TEXT_VOCAB,
        "loss_softcap": 15.0,
        "speaker_embedding_dim": 24,
        "speaker_lda_dim": 12,
        "moe_n_experts": 2,
        "moe_router_topk": 1,
        "special_topk_layers": {"2": 2},
        "moe_router_dim": 8,
        "moe_start_from_layer": 1,
        "moe_end_from_layer": 1,
    }


def experts_used(p: dict) -> list[int]:
    def used(layer: int) -> int:
        inside = layer >= p["moe_start_from_layer"] and p["n_layers"] - layer > p["moe_end_from_layer"]
        return p["special_topk_layers"].get(str(layer), p["moe_router_topk"]) if inside else 0

    return [used(layer) for layer in range(p["n_layers"])]


def tensors(p: dict, inner: int, seed: int) -> dict[str, np.ndarray]:
    """Weights in float16 by the names of the published checkpoint."""
    rng = np.random.default_rng(seed)
    dim, heads, kv = p["dim"], p["n_heads"], p["n_kv_heads"] * p["head_dim"]
    width, experts, rows = p["moe_router_dim"], p["moe_n_experts"], p["codebook_size"] + 2

    def draw(*shape: int, around: float = 0.0) -> np.ndarray:
        return (around + rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float16)

    made = {f"multi_embedder.embedders.{column}.weight": draw(rows, dim) for column in range(p["n_codebooks"])}
    made[f"multi_embedder.embedders.{p['n_codebooks']}.weight"] = draw(TEXT_VOCAB + 1, dim)
    lda, voice = p["speaker_lda_dim"], p["speaker_embedding_dim"]
    made |= {"speaker_lda_projection.weight": draw(lda, voice), "speaker_lda_projection.bias": draw(lda)}
    made |= {"speaker_projection.weight": draw(dim, lda), "speaker_projection.bias": draw(dim)}
    made |= {"out_norm.weight": draw(dim, around=1.0), "multi_output.weight": draw(p["n_codebooks"] * rows, dim)}
    first = True
    for layer, used in enumerate(experts_used(p)):
        n = f"layers.{layer}"
        made |= {f"{n}.{norm}.weight": draw(dim, around=1.0) for norm in ("attention_norm", "ffn_norm")}
        made[f"{n}.attention.wq.weight"] = draw(heads * p["head_dim"], dim)
        made[f"{n}.attention.wkv.weight"] = draw(2, kv, dim)
        made[f"{n}.attention.wo.weight"] = draw(dim, heads * p["head_dim"])
        made[f"{n}.attention.gater.weight"] = draw(heads, dim)
        made[f"{n}.attention.temp"] = draw(1, heads, 1, around=1.0)
        f = f"{n}.feed_forward"
        if used == 0:
            made |= {f"{f}.w_in.weight": draw(2, inner, dim), f"{f}.w_out.weight": draw(dim, inner)}
            continue
        made |= {f"{f}.experts.w13": draw(experts, 2 * inner, dim), f"{f}.experts.w2": draw(experts, dim, inner)}
        r = f"{f}.router"
        made |= {f"{r}.down_proj.weight": draw(width, dim), f"{r}.down_proj.bias": draw(width)}
        for step in (0, 2):
            made |= {f"{r}.router_mlp.{step}.weight": draw(width, width), f"{r}.router_mlp.{step}.bias": draw(width)}
        made |= {f"{r}.router_mlp.4.weight": draw(experts, width), f"{r}.rmsnorm_eda.weight": draw(width, around=1.0)}
        made[f"{r}.balancing_biases"] = draw(experts) / np.float16(100)
        if not first:
            made[f"{r}.router_states_scale"] = draw(width)
        first = False
    return made


def gguf_tensors(p: dict, made: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same weights by the names, and in the parts, of the published GGUF files."""
    books = p["n_codebooks"]
    out = {f"audio_embd.{column}.weight": made[f"multi_embedder.embedders.{column}.weight"] for column in range(books)}
    out["text_embd.weight"] = made[f"multi_embedder.embedders.{books}.weight"]
    for theirs, ours in (("spk_lda", "speaker_lda_projection"), ("spk_proj", "speaker_projection")):
        out |= {f"{theirs}.{part}": made[f"{ours}.{part}"] for part in ("weight", "bias")}
    out |= {"output_norm.weight": made["out_norm.weight"], "output.weight": made["multi_output.weight"]}
    for layer, used in enumerate(experts_used(p)):
        n, b = f"layers.{layer}", f"blk.{layer}"
        out |= {f"{b}.attn_norm.weight": made[f"{n}.attention_norm.weight"]}
        out |= {f"{b}.ffn_norm.weight": made[f"{n}.ffn_norm.weight"]}
        out[f"{b}.attn_q.weight"] = made[f"{n}.attention.wq.weight"]
        out[f"{b}.attn_k.weight"], out[f"{b}.attn_v.weight"] = made[f"{n}.attention.wkv.weight"]
        out[f"{b}.attn_output.weight"] = made[f"{n}.attention.wo.weight"]
        out[f"{b}.attn_gate.weight"] = made[f"{n}.attention.gater.weight"]
        out[f"{b}.attn_temp"] = np.abs(made[f"{n}.attention.temp"].reshape(-1))
        f = f"{n}.feed_forward"
        if used == 0:
            out[f"{b}.ffn_up.weight"], out[f"{b}.ffn_gate.weight"] = made[f"{f}.w_in.weight"]
            out[f"{b}.ffn_down.weight"] = made[f"{f}.w_out.weight"]
            continue
        joined = made[f"{f}.experts.w13"]
        out |= {f"{b}.ffn_gate_exps.weight": joined[:, 0::2], f"{b}.ffn_up_exps.weight": joined[:, 1::2]}
        out[f"{b}.ffn_down_exps.weight"] = made[f"{f}.experts.w2"]
        r = f"{f}.router"
        out |= {f"{b}.router_down.{part}": made[f"{r}.down_proj.{part}"] for part in ("weight", "bias")}
        for step in (0, 2):
            out |= {f"{b}.router_mlp{step}.{part}": made[f"{r}.router_mlp.{step}.{part}"] for part in ("weight", "bias")}
        out |= {f"{b}.router_mlp4.weight": made[f"{r}.router_mlp.4.weight"]}
        out |= {f"{b}.router_norm.weight": made[f"{r}.rmsnorm_eda.weight"]}
        out |= {f"{b}.router_bias": made[f"{r}.balancing_biases"]}
        if f"{r}.router_states_scale" in made:
            out[f"{b}.router_eda_scale"] = made[f"{r}.router_states_scale"]
    return {name: np.ascontiguousarray(tensor) for name, tensor in out.items()}


def keys(p: dict, inner: int) -> dict[str, int | float | list[int]]:
    """The keys of the published files, without their prefix."""
    return {
        "block_count": p["n_layers"],
        "context_length": p["max_seqlen"],
        "embedding_length": p["dim"],
        "head_dim": p["head_dim"],
        "attention.head_count": p["n_heads"],
        "attention.head_count_kv": p["n_kv_heads"],
        "feed_forward_length": inner,
        "rope.freq_base": p["rope_theta"],
        "attention.layer_norm_rms_epsilon": p["norm_eps"],
        "attention.qk_norm_epsilon": 1e-6,
        "logit_softcap": p["loss_softcap"],
        "expert_count": p["moe_n_experts"],
        "expert_used_count_per_layer": experts_used(p),
        "n_codebooks": p["n_codebooks"],
        "codebook_size": p["codebook_size"],
        "audio_vocab": p["codebook_size"] + 2,
        "eoa_id": p["eoa_id"],
        "audio_pad_id": p["audio_pad_id"],
        "text_vocab": p["text_vocab"],
        "speaker.embedding_dim": p["speaker_embedding_dim"],
        "speaker.lda_dim": p["speaker_lda_dim"],
    }


def is_exact(name: str) -> bool:
    """Whether a tensor takes 32 bits: lists of numbers."""
    return name.endswith(("norm.weight", ".bias", "attn_temp", "router_bias", "router_eda_scale"))


def is_expert(name: str) -> bool:
    return name.endswith("_exps.weight")


def is_spine(name: str) -> bool:
    """Whether a tensor is a matrix of attention or of a dense layer."""
    parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_gate", "ffn_down")
    return name.split(".")[-2] in parts and name.startswith("blk.")
