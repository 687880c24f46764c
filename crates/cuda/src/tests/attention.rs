use half::{bf16, f16};

use super::{Random, Report, card, decode, encode, random_decoder, small};
use crate::{Decoder, Kind, Shape};

/// Keys and values of a slot's first layer: [kv_heads, capacity, head_dim] of each.
struct Cache {
    keys: Vec<f32>,
    values: Vec<f32>,
}

fn round(kind: Kind, x: f64) -> f64 {
    match kind {
        Kind::BF16 => bf16::from_f32(x as f32).to_f64(),
        Kind::F16 => f16::from_f32(x as f32).to_f64(),
        _ => f64::from(x as f32),
    }
}

/// A head normed, multiplied and rotated.
fn rotated(shape: &Shape, head: &[f32], temperature: f64, position: usize) -> Vec<f64> {
    let x: Vec<f64> = head.iter().map(|&v| f64::from(v)).collect();
    let mean = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
    let factor = temperature / (mean + f64::from(shape.qk_norm_eps)).sqrt();
    let mut y = vec![0.0; x.len()];
    for pair in 0..x.len() / 2 {
        let frequency = shape.rope_theta.powf(-2.0 * pair as f64 / x.len() as f64) as f32;
        let angle = f64::from(position as f32 * frequency);
        let (a, b) = (x[2 * pair] * factor, x[2 * pair + 1] * factor);
        y[2 * pair] = a * angle.cos() - b * angle.sin();
        y[2 * pair + 1] = a * angle.sin() + b * angle.cos();
    }
    y
}

/// Writes random keys and values to the first layer of every slot.
fn fill(decoder: &mut Decoder, random: &mut Random, kind: Kind) -> Vec<Cache> {
    let (shape, capacity) = (decoder.model().shape().clone(), decoder.capacity());
    let numbers = shape.kv_width() * capacity;
    (0..decoder.slots())
        .map(|slot| {
            let mut stored = |at: usize| {
                let bytes = encode(kind, &random.vector(numbers, 1.0));
                decoder.slots.cache.write(slot, at, capacity, shape.head_dim, &bytes).unwrap();
                decode(kind, &bytes)
            };
            Cache { keys: stored(0), values: stored(1) }
        })
        .collect()
}

/// What attention gives for a row, by the book.
fn attend(
    shape: &Shape,
    cache: &Cache,
    capacity: usize,
    projected: &[f32],
    temperatures: &[f32],
    position: usize,
) -> Vec<f64> {
    let (hd, group) = (shape.head_dim, shape.group());
    let gates = &projected[shape.projected_width() - shape.heads..];
    let mut output = Vec::new();
    for head in 0..shape.heads {
        let query = rotated(shape, &projected[head * hd..(head + 1) * hd], f64::from(temperatures[head]), position);
        let first = head / group * capacity * hd;
        let row = |numbers: &[f32], at: usize| -> Vec<f64> {
            numbers[first + at * hd..first + (at + 1) * hd].iter().map(|&v| f64::from(v)).collect()
        };
        let dot = |at: usize| row(&cache.keys, at).iter().zip(&query).map(|(k, q)| k * q).sum::<f64>();
        let scores: Vec<f64> = (0..=position).map(|at| dot(at) / (hd as f64).sqrt()).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
        let gate = 1.0 / (1.0 + (-f64::from(gates[head])).exp());
        let mut sum = vec![0.0; hd];
        for (at, score) in scores.iter().enumerate() {
            let weight = (score - most).exp() / total * gate;
            sum.iter_mut().zip(row(&cache.values, at)).for_each(|(sum, value)| *sum += weight * value);
        }
        output.extend(sum);
    }
    output
}

fn check(report: &mut Report, random: &mut Random, decoder: &mut Decoder, kind: Kind, what: &str) {
    let (shape, capacity) = (decoder.model().shape().clone(), decoder.capacity());
    let mut caches = fill(decoder, random, kind);
    let positions = [0usize, 1, 5, 127, 128, 129, 255, 256, 400, 600];
    let rows = positions.len();
    let slots: Vec<usize> = (0..rows).map(|row| row % decoder.slots()).collect();
    let projected = random.vector(rows * shape.projected_width(), 2.0);
    // SAFETY of the test itself: the first layer's temperatures are a vector of the model.
    let temperatures = temperatures(decoder);
    decoder.rows.slots.write(0, &slots.iter().map(|&slot| slot as i32).collect::<Vec<_>>()).unwrap();
    decoder.rows.positions.write(0, &positions.map(|position| position as i32)).unwrap();
    decoder.workspace.projected.write(0, &projected).unwrap();
    let width = shape.query_width();
    for (rows, repeat) in [(rows, 0), (rows, 1)] {
        decoder.workspace.attended.write(0, &vec![f32::NAN; rows * width]).unwrap();
        let step = decoder.step();
        step.heads(rows, 0, &decoder.model().layers[0]).unwrap();
        step.attention(rows, 0, 601).unwrap();
        let found = decoder.workspace.attended.read(0, rows * width).unwrap();
        // Every row's own key and value are in the cache, of all rows of the step.
        for row in 0..rows {
            let own = &projected[row * shape.projected_width()..];
            let cache = &mut caches[slots[row]];
            for head in 0..shape.kv_heads {
                let hd = shape.head_dim;
                let (key, value) =
                    (shape.query_width() + head * hd, shape.query_width() + shape.kv_width() + head * hd);
                let place = (head * capacity + positions[row]) * hd;
                let rotated = rotated(&shape, &own[key..key + hd], 1.0, positions[row]);
                for d in 0..hd {
                    cache.keys[place + d] = round(kind, rotated[d]) as f32;
                    cache.values[place + d] = round(kind, f64::from(own[value + d])) as f32;
                }
            }
        }
        let tolerance = if kind == Kind::F32 { 1e-5 } else { 2e-4 };
        for row in 0..rows {
            let own = &projected[row * shape.projected_width()..(row + 1) * shape.projected_width()];
            let expected = attend(&shape, &caches[slots[row]], capacity, own, &temperatures, positions[row]);
            let label = format!("{what} position {} (time {repeat})", positions[row]);
            report.close(&label, &found[row * width..(row + 1) * width], &expected, tolerance);
        }
    }
}

/// The magnitudes of the first layer's heads.
fn temperatures(decoder: &Decoder) -> Vec<f32> {
    let model = decoder.model();
    let address = model.layers[0].temperatures;
    model.read_vector(address, model.shape().heads)
}

#[test]
fn attention_equals_the_plain_one() {
    let Some(device) = card("attention_equals_the_plain_one") else { return };
    let (mut random, mut report) = (Random(5), Report::default());
    for kind in [Kind::F32, Kind::BF16, Kind::F16] {
        for (head_dim, heads, kv_heads) in [(128, 16, 4), (64, 4, 2), (128, 2, 2), (64, 8, 1), (128, 8, 1), (64, 4, 1)]
        {
            let shape = Shape { head_dim, heads, kv_heads, used: vec![0, 0], ..small() };
            let mut decoder = random_decoder(&device, &shape, kind, 10, 620);
            check(&mut report, &mut random, &mut decoder, kind, &format!("{kind:?} {heads}/{kv_heads}×{head_dim}"));
        }
    }
    report.finish();
}
