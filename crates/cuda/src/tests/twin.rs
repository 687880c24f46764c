//! The backbone by the book, in float64 on the host, of random weights.

use std::borrow::Cow;
use std::collections::BTreeMap;

use half::{bf16, f16};

use super::{Random, decode, encode};
use crate::blocks;
use crate::{HostTensor, Kind, Shape, Source};

struct Stored {
    kind: Kind,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A checkpoint in memory.
pub(super) struct Twin {
    shape: Shape,
    tensors: BTreeMap<String, Stored>,
    cache: Kind,
}

impl Source for Twin {
    fn kind(&self, name: &str) -> Option<Kind> {
        self.tensors.get(name).map(|stored| stored.kind)
    }

    fn tensor(&self, name: &str, _shapes: &[&[usize]]) -> Result<Option<HostTensor<'_>>, String> {
        Ok(self.tensors.get(name).map(|stored| HostTensor {
            kind: stored.kind,
            shape: Cow::Borrowed(&stored.shape),
            bytes: Cow::Borrowed(&stored.bytes),
        }))
    }
}

/// How the tensors of a checkpoint are called and packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Published,
    /// As GGUF files: everything apart.
    Apart,
    /// Experts as `gate_up_proj` and `down_proj`.
    Fused,
}

/// Keys and values of each layer, row by row, and the routers' choices that were close calls.
struct Past {
    keys: Vec<Vec<Vec<f64>>>,
    values: Vec<Vec<Vec<f64>>>,
}

impl Twin {
    pub(super) fn new(shape: &Shape, kind: Kind, layout: Layout, seed: u64) -> Self {
        let cache = if kind.in_blocks() { Kind::F16 } else { kind };
        let mut twin = Self { shape: shape.clone(), tensors: BTreeMap::new(), cache };
        let mut random = Random(seed);
        twin.draw(&mut random, kind, layout);
        twin
    }

    fn put(&mut self, random: &mut Random, name: String, shape: &[usize], kind: Kind, center: f32, width: f32) {
        let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| center + width * random.unit()).collect();
        self.tensors.insert(name, Stored { kind, shape: shape.to_vec(), bytes: encode(kind, &numbers) });
    }

    fn matrix(&mut self, random: &mut Random, name: impl Into<String>, shape: &[usize], kind: Kind) {
        let width = (3.0 / *shape.last().unwrap() as f32).sqrt();
        // As in published files, only experts and other wide matrices are in blocks.
        let fits = kind.file_bytes(*shape.last().unwrap()).is_some();
        let kind = if kind.in_blocks() && !fits { Kind::F16 } else { kind };
        self.put(random, name.into(), shape, kind, 0.0, width);
    }

    fn draw(&mut self, random: &mut Random, kind: Kind, layout: Layout) {
        let shape = self.shape.clone();
        let (dim, inner, experts, rd) = (shape.dim, shape.inner, shape.mixture.experts, shape.mixture.router_dim);
        // A spine of 16 bits with experts in blocks, as in published files.
        let spine = if kind.in_blocks() && layout == Layout::Apart { Kind::F16 } else { kind };
        let table = if blocks::bytes(kind).is_some() { Kind::F16 } else { spine };
        for column in 0..shape.row_width() {
            let ids = if column < shape.codebooks { shape.audio_vocab } else { shape.text_ids };
            self.put(random, format!("multi_embedder.embedders.{column}.weight"), &[ids, dim], table, 0.0, 1.0);
        }
        let speaker = shape.speaker.unwrap();
        self.matrix(random, "speaker_lda_projection.weight", &[speaker.lda_dim, speaker.embedding_dim], spine);
        self.put(random, "speaker_lda_projection.bias".into(), &[speaker.lda_dim], Kind::F32, 0.0, 0.02);
        self.matrix(random, "speaker_projection.weight", &[dim, speaker.lda_dim], spine);
        self.put(random, "speaker_projection.bias".into(), &[dim], Kind::F32, 0.0, 0.02);
        for (index, used) in shape.used.clone().into_iter().enumerate() {
            let at = |name: &str| format!("layers.{index}.{name}");
            self.matrix(random, at("attention.wq.weight"), &[shape.query_width(), dim], spine);
            if layout == Layout::Apart {
                self.matrix(random, at("attention.wk.weight"), &[shape.kv_width(), dim], spine);
                self.matrix(random, at("attention.wv.weight"), &[shape.kv_width(), dim], spine);
                self.put(random, at("attention.temp"), &[shape.heads], Kind::F32, 1.0, 0.3);
            } else {
                self.matrix(random, at("attention.wkv.weight"), &[2, shape.kv_width(), dim], spine);
                self.put(random, at("attention.temp"), &[1, shape.heads, 1], Kind::F32, -1.0, 0.3);
            }
            // Gates of another kind than their neighbours.
            let gates = if layout == Layout::Apart { Kind::F32 } else { spine };
            self.matrix(random, at("attention.gater.weight"), &[shape.heads, dim], gates);
            self.matrix(random, at("attention.wo.weight"), &[dim, shape.query_width()], spine);
            self.put(random, at("attention_norm.weight"), &[dim], Kind::BF16, 1.0, 0.1);
            self.put(random, at("ffn_norm.weight"), &[dim], Kind::F32, 1.0, 0.1);
            if used == 0 {
                if layout == Layout::Apart {
                    self.matrix(random, at("feed_forward.w1.weight"), &[inner, dim], spine);
                    self.matrix(random, at("feed_forward.w3.weight"), &[inner, dim], spine);
                } else {
                    self.matrix(random, at("feed_forward.w_in.weight"), &[2, inner, dim], spine);
                }
                self.matrix(random, at("feed_forward.w_out.weight"), &[dim, inner], spine);
                continue;
            }
            let (first, down) = match layout {
                Layout::Published => ("w13", "w2"),
                Layout::Fused => ("gate_up_proj", "down_proj"),
                Layout::Apart => ("w1", "w2"),
            };
            let rows = if layout == Layout::Apart { inner } else { 2 * inner };
            self.matrix(random, at(&format!("feed_forward.experts.{first}")), &[experts, rows, dim], kind);
            if layout == Layout::Apart {
                self.matrix(random, at("feed_forward.experts.w3"), &[experts, inner, dim], kind);
            }
            self.matrix(random, at(&format!("feed_forward.experts.{down}")), &[experts, dim, inner], kind);
            let router = |name: &str| format!("layers.{index}.feed_forward.router.{name}");
            self.matrix(random, router("down_proj.weight"), &[rd, dim], Kind::BF16);
            self.put(random, router("down_proj.bias"), &[rd], Kind::BF16, 0.0, 0.02);
            if shape.used[..index].iter().any(|&used| used > 0) {
                self.put(random, router("router_states_scale"), &[rd], Kind::F32, 0.5, 0.1);
            }
            self.put(random, router("rmsnorm_eda.weight"), &[rd], Kind::F32, 1.0, 0.1);
            for layer in [0, 2] {
                self.matrix(random, router(&format!("router_mlp.{layer}.weight")), &[rd, rd], Kind::BF16);
                self.put(random, router(&format!("router_mlp.{layer}.bias")), &[rd], Kind::F32, 0.0, 0.02);
            }
            self.put(random, router("router_mlp.4.weight"), &[experts, rd], Kind::F32, 0.0, 1.0);
            self.put(random, router("balancing_biases"), &[experts], Kind::F32, 0.0, 0.02);
        }
        self.put(random, "out_norm.weight".into(), &[dim], Kind::F32, 1.0, 0.1);
        self.matrix(random, "multi_output.weight", &[shape.logits(), dim], spine);
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let stored = self.tensors.get(name).unwrap_or_else(|| panic!("{name}"));
        decode(stored.kind, &stored.bytes).into_iter().map(f64::from).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Logits after every row.
    pub(super) fn logits(&self, ids: &[u32], voice: Option<&[f32]>) -> Vec<f64> {
        let rows = self.embed(ids, voice);
        let layers = self.shape.used.len();
        let mut past = Past { keys: vec![Vec::new(); layers], values: vec![Vec::new(); layers] };
        let mut states = vec![Vec::new(); rows.len()];
        let mut rows = rows;
        for layer in 0..layers {
            rows = self.layer(layer, rows, &mut past, &mut states);
        }
        let (norm, head) = (self.numbers("out_norm.weight"), self.numbers("multi_output.weight"));
        let cap = f64::from(self.shape.logit_cap);
        let logits = |row: Vec<f64>| product(&head, &normed(&row, Some(&norm), f64::from(self.shape.norm_eps)));
        rows.into_iter().flat_map(logits).map(|y| cap * (y / cap).tanh()).collect()
    }

    fn embed(&self, ids: &[u32], voice: Option<&[f32]>) -> Vec<Vec<f64>> {
        let dim = self.shape.dim;
        let width = self.shape.row_width();
        let tables: Vec<Vec<f64>> =
            (0..width).map(|column| self.numbers(&format!("multi_embedder.embedders.{column}.weight"))).collect();
        let sum = |row: &[u32]| {
            let at = |d: usize| row.iter().zip(&tables).map(|(id, table)| table[*id as usize * dim + d]).sum::<f64>();
            (0..dim).map(at).collect::<Vec<_>>()
        };
        let mut rows: Vec<Vec<f64>> = ids.chunks(width).map(sum).collect();
        if let Some(voice) = voice {
            let voice: Vec<f64> = voice.iter().map(|&v| f64::from(v)).collect();
            let lda = add(
                product(&self.numbers("speaker_lda_projection.weight"), &voice),
                &self.numbers("speaker_lda_projection.bias"),
            );
            rows[0] = add(
                product(&self.numbers("speaker_projection.weight"), &lda),
                &self.numbers("speaker_projection.bias"),
            );
        }
        rows.iter().map(|row| normed(row, None, f64::from(self.shape.norm_eps))).collect()
    }

    fn layer(&self, index: usize, rows: Vec<Vec<f64>>, past: &mut Past, states: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
        let eps = f64::from(self.shape.norm_eps);
        let attention_norm = self.numbers(&format!("layers.{index}.attention_norm.weight"));
        let feed_norm = self.numbers(&format!("layers.{index}.ffn_norm.weight"));
        let attention = AttentionWeights::of(self, index);
        let feed = FeedWeights::of(self, index);
        rows.into_iter()
            .zip(states)
            .map(|(x, state)| {
                let y = self.attend(&attention, index, &normed(&x, Some(&attention_norm), eps), past);
                let x = add(x, &y);
                let y = self.feed(&feed, index, &normed(&x, Some(&feed_norm), eps), state);
                add(x, &y)
            })
            .collect()
    }

    fn round(&self, x: f64) -> f64 {
        match self.cache {
            Kind::BF16 => bf16::from_f64(x).to_f64(),
            Kind::F16 => f16::from_f64(x).to_f64(),
            _ => f64::from(x as f32),
        }
    }

    fn attend(&self, weights: &AttentionWeights, index: usize, x: &[f64], past: &mut Past) -> Vec<f64> {
        let shape = &self.shape;
        let (hd, kv) = (shape.head_dim, shape.kv_width());
        let position = past.keys[index].len();
        let heads = |numbers: &[f64], scale: &dyn Fn(usize) -> f64| -> Vec<f64> {
            numbers
                .chunks(hd)
                .enumerate()
                .flat_map(|(head, numbers)| self.rotate(numbers, scale(head), position))
                .collect()
        };
        let query = heads(&product(&weights.query, x), &|head| weights.temperatures[head].abs());
        let key_value = product(&weights.key_value, x);
        past.keys[index].push(heads(&key_value[..kv], &|_| 1.0).into_iter().map(|v| self.round(v)).collect());
        past.values[index].push(key_value[kv..].iter().map(|&v| self.round(v)).collect());
        let gates = product(&weights.gates, x);
        let mut attended = Vec::new();
        for head in 0..shape.heads {
            let first = head / shape.group() * hd;
            let dot = |key: &Vec<f64>| (0..hd).map(|d| key[first + d] * query[head * hd + d]).sum::<f64>();
            let scores: Vec<f64> = past.keys[index].iter().map(|key| dot(key) / (hd as f64).sqrt()).collect();
            let weights = softmax(&scores);
            let gate = 1.0 / (1.0 + (-gates[head]).exp());
            let value = |d: usize| weights.iter().zip(&past.values[index]).map(|(w, v)| w * v[first + d]).sum::<f64>();
            attended.extend((0..hd).map(|d| value(d) * gate));
        }
        product(&weights.output, &attended)
    }

    fn rotate(&self, head: &[f64], scale: f64, position: usize) -> Vec<f64> {
        let head = normed(head, None, f64::from(self.shape.qk_norm_eps));
        let turn = |pair: usize| {
            let frequency = self.shape.rope_theta.powf(-2.0 * pair as f64 / head.len() as f64) as f32;
            let angle = f64::from(position as f32 * frequency);
            let (a, b) = (head[2 * pair] * scale, head[2 * pair + 1] * scale);
            [a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()]
        };
        (0..head.len() / 2).flat_map(turn).collect()
    }

    fn feed(&self, weights: &FeedWeights, index: usize, x: &[f64], state: &mut Vec<f64>) -> Vec<f64> {
        let used = self.shape.used[index];
        let (inner, dim) = (self.shape.inner, self.shape.dim);
        if used == 0 {
            state.clear();
            return gated(&weights.gate, &weights.up, &weights.down, x);
        }
        let probabilities = self.route(index, x, state);
        let biases = self.numbers(&format!("layers.{index}.feed_forward.router.balancing_biases"));
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| (probabilities[b] + biases[b]).total_cmp(&(probabilities[a] + biases[a])));
        let mut sum = vec![0.0; dim];
        for &expert in &order[..used] {
            let part = |numbers: &'_ [f64]| numbers[expert * inner * dim..(expert + 1) * inner * dim].to_vec();
            let y = gated(&part(&weights.gate), &part(&weights.up), &part(&weights.down), x);
            sum.iter_mut().zip(y).for_each(|(sum, y)| *sum += probabilities[expert] * y);
        }
        sum
    }

    fn route(&self, index: usize, x: &[f64], state: &mut Vec<f64>) -> Vec<f64> {
        let get = |name: &str| self.numbers(&format!("layers.{index}.feed_forward.router.{name}"));
        let mut own = add(product(&get("down_proj.weight"), x), &get("down_proj.bias"));
        if !state.is_empty() {
            let scale = get("router_states_scale");
            own.iter_mut().zip(state.iter().zip(scale)).for_each(|(own, (state, scale))| *own += state * scale);
        }
        *state = own.clone();
        let h = normed(&own, Some(&get("rmsnorm_eda.weight")), f64::from(self.shape.norm_eps));
        let gelu = |x: f64| 0.5 * x * (1.0 + super::router::erf(x / 2f64.sqrt()));
        let layer = |h: &[f64], number: usize| -> Vec<f64> {
            let y = product(&get(&format!("router_mlp.{number}.weight")), h);
            add(y, &get(&format!("router_mlp.{number}.bias"))).into_iter().map(gelu).collect()
        };
        softmax(&product(&get("router_mlp.4.weight"), &layer(&layer(&h, 0), 2)))
    }
}

struct AttentionWeights {
    query: Vec<f64>,
    key_value: Vec<f64>,
    gates: Vec<f64>,
    output: Vec<f64>,
    temperatures: Vec<f64>,
}

impl AttentionWeights {
    fn of(twin: &Twin, index: usize) -> Self {
        let get = |name: &str| twin.numbers(&format!("layers.{index}.attention.{name}"));
        let together = twin.has(&format!("layers.{index}.attention.wkv.weight"));
        let key_value = if together { get("wkv.weight") } else { [get("wk.weight"), get("wv.weight")].concat() };
        Self {
            query: get("wq.weight"),
            key_value,
            gates: get("gater.weight"),
            output: get("wo.weight"),
            temperatures: get("temp"),
        }
    }
}

/// [inner, dim], [inner, dim] and [dim, inner], of one or of each expert.
struct FeedWeights {
    gate: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
}

impl FeedWeights {
    fn of(twin: &Twin, index: usize) -> Self {
        let name = |name: &str| format!("layers.{index}.feed_forward.{name}");
        let dim = twin.shape.dim;
        let half = twin.shape.inner * dim;
        if twin.has(&name("w_in.weight")) {
            let both = twin.numbers(&name("w_in.weight"));
            return Self {
                up: both[..half].to_vec(),
                gate: both[half..].to_vec(),
                down: twin.numbers(&name("w_out.weight")),
            };
        }
        if twin.has(&name("w1.weight")) {
            let get = |part: &str| twin.numbers(&name(part));
            return Self { gate: get("w1.weight"), up: get("w3.weight"), down: get("w_out.weight") };
        }
        let get = |part: &str| twin.numbers(&name(&format!("experts.{part}")));
        if twin.has(&name("experts.w13")) {
            let both = get("w13");
            let every = |first: usize| both.chunks(dim).skip(first).step_by(2).flatten().copied().collect();
            return Self { gate: every(0), up: every(1), down: get("w2") };
        }
        if twin.has(&name("experts.gate_up_proj")) {
            let both = get("gate_up_proj");
            let every = |first: usize| both.chunks(half).skip(first).step_by(2).flatten().copied().collect();
            return Self { gate: every(0), up: every(1), down: get("down_proj") };
        }
        Self { gate: get("w1"), up: get("w3"), down: get("w2") }
    }
}

fn product(weights: &[f64], x: &[f64]) -> Vec<f64> {
    weights.chunks(x.len()).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
}

fn add(mut x: Vec<f64>, y: &[f64]) -> Vec<f64> {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
    x
}

fn normed(x: &[f64], weight: Option<&[f64]>, eps: f64) -> Vec<f64> {
    let factor = 1.0 / (x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64 + eps).sqrt();
    let weight = |at: usize| weight.map_or(1.0, |weight| weight[at]);
    x.iter().enumerate().map(|(at, v)| v * factor * weight(at)).collect()
}

fn softmax(x: &[f64]) -> Vec<f64> {
    let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = x.iter().map(|x| (x - most).exp()).sum();
    x.iter().map(|x| (x - most).exp() / total).collect()
}

fn gated(gate: &[f64], up: &[f64], down: &[f64], x: &[f64]) -> Vec<f64> {
    let silu = |x: f64| x / (1.0 + (-x).exp());
    let hidden: Vec<f64> = product(gate, x).into_iter().zip(product(up, x)).map(|(gate, up)| silu(gate) * up).collect();
    product(down, &hidden)
}
