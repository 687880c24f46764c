use std::time::Instant;

use super::{Random, Report, card};
use crate::Device;
use crate::codec::{Codebook, Decoder, Layer, Shape, Source, Weights};

/// The decoder written plainly, in float64, with random weights.
struct Twin {
    shape: Shape,
    seed: u64,
}

/// A sequence `[channels][time]`.
type Rows = Vec<Vec<f64>>;

impl Twin {
    fn random(&self, layer: Layer) -> Random {
        let place = match layer {
            Layer::First => 1,
            Layer::Upsampling { block } => 10 + block,
            Layer::Dilated { block, unit } => 100 + 10 * block + unit,
            Layer::Pointwise { block, unit } => 200 + 10 * block + unit,
            Layer::Last => 2,
        };
        Random(self.seed * 1000 + place as u64)
    }

    /// Inputs, outputs and taps, and how large what comes out is for an input of size one.
    fn sizes(&self, layer: Layer) -> ([usize; 3], f32) {
        let shape = &self.shape;
        let width = |block: usize| shape.dim >> block;
        match layer {
            Layer::First => ([shape.latent_dim, shape.dim, shape.kernel], 1.0),
            Layer::Upsampling { block } => ([width(block), width(block + 1), 2 * shape.rates[block]], 1.0),
            Layer::Dilated { block, .. } => ([width(block + 1), width(block + 1), shape.kernel], 0.7),
            Layer::Pointwise { block, .. } => ([width(block + 1), width(block + 1), 1], 0.7),
            Layer::Last => ([width(shape.rates.len()), 1, shape.kernel], 0.3),
        }
    }

    fn samples(&self, codes: &[u32]) -> (Vec<Rows>, Vec<f64>) {
        let mut x = self.lookup(codes);
        let mut seen = vec![x.clone()];
        x = self.convolve(Layer::First, &x, 1);
        seen.push(x.clone());
        for (block, &rate) in self.shape.rates.iter().enumerate() {
            x = self.upsample(Layer::Upsampling { block }, &x, rate);
            for (unit, &dilation) in self.shape.dilations.iter().enumerate() {
                let hidden = self.convolve(Layer::Dilated { block, unit }, &x, dilation);
                let added = self.convolve(Layer::Pointwise { block, unit }, &hidden, 1);
                x.iter_mut().flatten().zip(added.iter().flatten()).for_each(|(x, y)| *x += y);
            }
            seen.push(x.clone());
        }
        let last = self.convolve(Layer::Last, &x, 1);
        let samples = last[0].clone();
        seen.push(last);
        (seen, samples.into_iter().map(f64::tanh).collect())
    }

    fn lookup(&self, codes: &[u32]) -> Rows {
        let (shape, frames) = (&self.shape, codes.len() / self.shape.codebooks);
        let mut rows = vec![vec![0.0; frames]; shape.latent_dim];
        for (codebook, codes) in codes.chunks(frames).enumerate() {
            let Codebook { table, projection, bias } = self.codebook(codebook).unwrap();
            for (frame, &code) in codes.iter().enumerate() {
                let entry = &table[code as usize * shape.entry_dim..][..shape.entry_dim];
                for (at, row) in rows.iter_mut().enumerate() {
                    let projected = |i: usize| f64::from(entry[i]) * f64::from(projection[i * shape.latent_dim + at]);
                    row[frame] += match projection.is_empty() {
                        true => f64::from(entry[at]),
                        false => f64::from(bias[at]) + (0..shape.entry_dim).map(projected).sum::<f64>(),
                    };
                }
            }
        }
        rows
    }

    fn convolve(&self, layer: Layer, x: &Rows, dilation: usize) -> Rows {
        let ([inputs, outputs, taps], _) = self.sizes(layer);
        let weights = self.layer(layer).unwrap();
        let x = activated(&weights, x);
        let time = x[0].len();
        let mut y = biased(&weights, outputs, time);
        for (output, row) in y.iter_mut().enumerate() {
            for (input, x) in x.iter().enumerate() {
                for tap in 0..taps {
                    let weight = f64::from(weights.weight[(output * inputs + input) * taps + tap]);
                    let shift = (tap * dilation) as isize - (taps / 2 * dilation) as isize;
                    for (at, sum) in row.iter_mut().enumerate() {
                        let from = at as isize + shift;
                        if (0..time as isize).contains(&from) {
                            *sum += weight * x[from as usize];
                        }
                    }
                }
            }
        }
        y
    }

    fn upsample(&self, layer: Layer, x: &Rows, rate: usize) -> Rows {
        let ([_, outputs, taps], _) = self.sizes(layer);
        let weights = self.layer(layer).unwrap();
        let x = activated(&weights, x);
        let mut y = biased(&weights, outputs, x[0].len() * rate);
        for (input, x) in x.iter().enumerate() {
            for (output, row) in y.iter_mut().enumerate() {
                for (tap, weight) in weights.weight[(input * outputs + output) * taps..][..taps].iter().enumerate() {
                    for (at, x) in x.iter().enumerate() {
                        let to = (at * rate + tap).checked_sub(rate.div_ceil(2));
                        if let Some(sum) = to.and_then(|to| row.get_mut(to)) {
                            *sum += f64::from(*weight) * x;
                        }
                    }
                }
            }
        }
        y
    }
}

fn activated(weights: &Weights, x: &Rows) -> Rows {
    let snake = |(channel, row): (usize, &Vec<f64>)| {
        let alpha = weights.alpha.get(channel).map(|alpha| f64::from(*alpha));
        row.iter().map(|x| alpha.map_or(*x, |alpha| x + (alpha * x).sin().powi(2) / (alpha + 1e-9))).collect()
    };
    x.iter().enumerate().map(snake).collect()
}

fn biased(weights: &Weights, outputs: usize, time: usize) -> Rows {
    weights.bias.iter().take(outputs).map(|bias| vec![f64::from(*bias); time]).collect()
}

impl Source for Twin {
    fn layer(&self, layer: Layer) -> Result<Weights, String> {
        let (mut random, ([inputs, outputs, taps], size)) = (self.random(layer), self.sizes(layer));
        // A transposed convolution reaches each output by two of its taps.
        let terms = if matches!(layer, Layer::Upsampling { .. }) { 2 } else { taps };
        let width = size * (3.0 / (inputs * terms) as f32).sqrt();
        let alphas = if layer == Layer::First { 0 } else { inputs };
        Ok(Weights {
            alpha: (0..alphas).map(|_| 1.5 + random.unit()).collect(),
            weight: random.vector(inputs * outputs * taps, width),
            bias: random.vector(outputs, 0.1),
        })
    }

    fn codebook(&self, number: usize) -> Result<Codebook, String> {
        let (shape, mut random) = (&self.shape, Random(self.seed * 1000 + 500 + number as u64));
        let projected = shape.entry_dim == shape.latent_dim;
        let numbers = |count: usize| if projected { 0 } else { count };
        Ok(Codebook {
            table: random.vector(shape.entries * shape.entry_dim, 1.0),
            projection: random.vector(numbers(shape.entry_dim * shape.latent_dim), 0.3),
            bias: random.vector(numbers(shape.latent_dim), 0.1),
        })
    }
}

fn shape(dims: [usize; 4], rates: &[usize], dilations: &[usize]) -> Shape {
    let [codebooks, entry_dim, latent_dim, dim] = dims;
    let (rates, dilations) = (rates.to_vec(), dilations.to_vec());
    Shape { codebooks, entries: 20, entry_dim, latent_dim, dim, rates, kernel: 7, dilations }
}

fn released() -> Shape {
    Shape { entries: 1024, ..shape([9, 8, 1024, 1536], &[8, 8, 4, 2], &[1, 3, 9]) }
}

fn codes(shape: &Shape, frames: usize, seed: u64) -> Vec<u32> {
    let mut random = Random(seed);
    (0..shape.codebooks * frames).map(|_| random.below(shape.entries) as u32).collect()
}

/// Frames `range` of codes of `frames` frames.
fn part(codes: &[u32], frames: usize, range: std::ops::Range<usize>) -> Vec<u32> {
    codes.chunks(frames).flat_map(|codes| codes[range.clone()].to_vec()).collect()
}

fn load(device: &Device, shape: Shape, seed: u64) -> (Twin, Decoder) {
    let twin = Twin { shape, seed };
    let decoder = Decoder::load(device, &twin.shape, &twin).unwrap();
    (twin, decoder)
}

#[test]
fn every_stage_of_the_codec_equals_the_plain_one() {
    let Some(device) = card("every_stage_of_the_codec_equals_the_plain_one") else { return };
    let mut report = Report::default();
    let shapes = [
        shape([3, 8, 40, 48], &[3, 2], &[1, 3, 9]),
        shape([2, 33, 33, 192], &[8], &[1, 5]),
        shape([9, 8, 48, 48], &[8, 8, 4, 2], &[1, 3, 9]),
        shape([1, 4, 7, 6], &[1, 5], &[2]),
        shape([2, 8, 128, 384], &[2, 2], &[1, 9]),
    ];
    for (seed, shape) in (1..).zip(shapes) {
        let (twin, mut decoder) = load(&device, shape, seed);
        for frames in [1, 5, 70].into_iter().filter(|frames| frames * twin.shape.hop() < 10_000) {
            let what = format!("{:?} {frames} frames", twin.shape);
            let codes = codes(&twin.shape, frames, seed);
            let (seen, samples) = twin.samples(&codes);
            let stages = decoder.trace(&codes).unwrap();
            report.check(stages.len() == seen.len(), || format!("{what}: {} stages", stages.len()));
            for (number, (stage, rows)) in stages.iter().zip(&seen).enumerate() {
                let time = rows[0].len();
                let expected: Vec<f64> = (0..time).flat_map(|at| rows.iter().map(move |row| row[at])).collect();
                report.close(&format!("{what}, stage {number}"), &stage.values, &expected, 5e-6);
            }
            report.close(&what, &decoder.decode(&codes, 0..frames).unwrap(), &samples, 1e-5);
        }
    }
    report.finish();
}

#[test]
fn a_window_gives_the_bits_of_the_whole() {
    let Some(device) = card("a_window_gives_the_bits_of_the_whole") else { return };
    let mut report = Report::default();
    for (shape, frames, context) in
        [(shape([3, 8, 64, 192], &[8, 2], &[1, 3, 9]), 150, 16), (shape([3, 8, 40, 384], &[4, 4], &[1, 3, 9]), 400, 24)]
    {
        let (twin, mut decoder) = load(&device, shape, 7);
        let (codes, hop) = (codes(&twin.shape, frames, 3), twin.shape.hop());
        let whole = decoder.decode(&codes, 0..frames).unwrap();
        for (first, last) in [(0, 1), (0, 20), (33, 34), (50, 97), (frames - 1, frames)] {
            let (from, to) = (first.max(context) - context, (last + context).min(frames));
            let window = part(&codes, frames, from..to);
            let found = decoder.decode(&window, first - from..last - from).unwrap();
            report.same_bits(&format!("frames {first}..{last}"), &found, &whole[first * hop..last * hop]);
        }
    }
    report.finish();
}

#[test]
fn codes_and_weights_that_do_not_fit_are_refused() {
    let Some(device) = card("codes_and_weights_that_do_not_fit_are_refused") else { return };
    let (twin, mut decoder) = load(&device, shape([3, 8, 40, 48], &[3, 2], &[1]), 1);
    assert!(decoder.decode(&[0; 7], 0..1).is_err());
    assert!(decoder.decode(&[0, 0, 20], 0..1).is_err());
    assert!(decoder.decode(&[0; 6], 1..3).is_err());
    assert!(decoder.decode(&[], 0..0).unwrap().is_empty());
    assert!(decoder.trace(&[]).unwrap().is_empty());
    let wider = Shape { latent_dim: 41, ..twin.shape.clone() };
    assert!(Decoder::load(&device, &wider, &twin).is_err());
    assert!(Decoder::load(&device, &Shape { rates: vec![], ..twin.shape.clone() }, &twin).is_err());
}

/// Decibels of the error beside the signal.
fn decibels(found: &[f32], expected: &[f64]) -> f64 {
    let error: f64 = found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).powi(2)).sum();
    10.0 * (error / expected.iter().map(|sample| sample * sample).sum::<f64>()).log10()
}

#[test]
#[ignore = "takes half a minute"]
fn bench_codec() {
    let Some(device) = card("bench_codec") else { return };
    let start = Instant::now();
    let (twin, mut decoder) = load(&device, released(), 5);
    println!(
        "{}: {:.0} MB in {:.1} s",
        device.name().unwrap(),
        decoder.bytes() as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    for frames in [1, 19, 60, 296] {
        let codes = codes(&twin.shape, frames, 3);
        let mut best = f64::INFINITY;
        for _ in 0..10 {
            let start = Instant::now();
            decoder.decode(&codes, 0..frames).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!(
            "{frames} frames: {:.2} ms, {:.5} s for a second",
            1e3 * best,
            best / frames as f64 * 44_100.0 / 512.0
        );
    }
    let codes = codes(&twin.shape, 2, 4);
    let error = decibels(&decoder.decode(&codes, 0..2).unwrap(), &twin.samples(&codes).1);
    println!("error {error:.0} dB");
    assert!(error < -90.0, "{error} dB");
}
