//! The kernels against plain versions of themselves. Built everywhere; without a card each says that it was left out.

mod attention;
mod bench;
mod codec;
mod decoding;
mod matvec;
mod router;
mod sampler;
mod twin;

use std::sync::Arc;

use half::{bf16, f16};

use crate::numbers::widen;
use crate::{Decoder, Device, Kind, Mixture, Model, Shape, SlotOptions, Speaker};

/// The card, with a stream of the test's own; `None`, and a word about it, where there is none.
fn card(test: &str) -> Option<Device> {
    match Device::open(0) {
        Ok(device) => Some(device),
        Err(error) => {
            // A machine that must have one says so: nothing is left out unseen there.
            assert!(std::env::var_os("ZONOS_TEST_CARD").is_none(), "no card: {error}");
            println!("left out, no CUDA card: {test}");
            None
        }
    }
}

/// What a test takes of something: on a card, or of the simulator (tools/cuda/simulator), which takes ten thousand times
/// as long for all that it does.
fn of_card<T>(device: &Device, on_card: T, simulated: T) -> T {
    if device.name().unwrap() == "CUDA simulator" { simulated } else { on_card }
}

/// Draws with the reference's defaults, past the end of audio.
fn drawing(seed: u64, limit: usize) -> SlotOptions {
    SlotOptions {
        temperature: 1.15,
        top_k: 106,
        top_p: 0.0,
        min_p: 0.18,
        repetition_window: 50,
        repetition_penalty: 1.2,
        repetition_codebooks: 8,
        seed,
        limit,
        ignore_end: true,
    }
}

/// A small stream of random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between −1 and 1.
    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn vector(&mut self, len: usize, width: f32) -> Vec<f32> {
        (0..len).map(|_| self.unit() * width).collect()
    }
}

/// Collects what went wrong, so that one run tells everything.
#[derive(Default)]
struct Report {
    failures: Vec<String>,
}

impl Report {
    fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(what());
        }
    }

    /// The error's norm stays below `tolerance` times that of the reference.
    fn close(&mut self, what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
        if found.len() != expected.len() {
            self.failures.push(format!("{what}: {} numbers, expected {}", found.len(), expected.len()));
            return;
        }
        let square = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|number| number * number).sum::<f64>();
        let difference = |(found, expected): (&f32, &f64)| f64::from(*found) - expected;
        let error = square(&mut found.iter().zip(expected).map(difference)).sqrt();
        let norm = square(&mut expected.iter().copied()).sqrt().max(1e-12);
        // Written so that NaN is caught.
        let within = |error: f64, bound: f64| error < bound;
        if !within(error / norm, tolerance) {
            let scale = norm / (expected.len() as f64).sqrt();
            let bad = |pair: (&f32, &f64)| !within(difference(pair).abs(), 10.0 * tolerance * scale);
            let first = found.iter().zip(expected).position(bad);
            let shown = first.map(|at| (at, found[at], expected[at]));
            self.failures
                .push(format!("{what}: error {:.2e} above {tolerance:.0e}, first bad {shown:?}", error / norm));
        }
    }

    fn same_bits(&mut self, what: &str, found: &[f32], expected: &[f32]) {
        let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
        let count = found.iter().zip(expected).filter(|pair| differs(*pair)).count();
        if count > 0 || found.len() != expected.len() {
            let at = found.iter().zip(expected).position(differs);
            let shown = at.map(|at| (at, found[at], expected[at]));
            self.failures.push(format!("{what}: {count} of {} differ in bits, first {shown:?}", found.len()));
        }
    }

    fn finish(self) {
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

/// Numbers as a file of this kind holds them.
fn encode(kind: Kind, numbers: &[f32]) -> Vec<u8> {
    match kind {
        Kind::F32 => numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
        Kind::BF16 => numbers.iter().flat_map(|number| bf16::from_f32(*number).to_le_bytes()).collect(),
        Kind::F16 => numbers.iter().flat_map(|number| f16::from_f32(*number).to_le_bytes()).collect(),
        Kind::Q8_0 => numbers.chunks(32).flat_map(encode_block).collect(),
        Kind::Q4K | Kind::Q5K | Kind::Q6K => {
            numbers.chunks(256).flat_map(|numbers| encode_256(kind, numbers)).collect()
        }
    }
}

fn encode_block(numbers: &[f32]) -> Vec<u8> {
    let largest = numbers.iter().fold(0f32, |most, number| most.max(number.abs()));
    let scale = f16::from_f32(largest / 127.0);
    let quant = |number: &f32| (number / scale.to_f32().max(1e-20)).round().clamp(-127.0, 127.0) as i8 as u8;
    scale.to_le_bytes().into_iter().chain(numbers.iter().map(quant)).collect()
}

/// A block of bits that the numbers only seed; what it stands for, of about their size, is read from it.
fn encode_256(kind: Kind, numbers: &[f32]) -> Vec<u8> {
    let stored = crate::blocks::bytes(kind).unwrap();
    let mixed = |number: &f32| (number.to_bits().wrapping_mul(0x9e37_79b1) >> 24) as u8;
    let mut block: Vec<u8> = numbers.iter().take(stored).map(mixed).collect();
    let largest = numbers.iter().fold(0f32, |most, number| most.max(number.abs()));
    // Scales are 32 in the mean, and offsets in the middle of the numbers.
    let factors: &[(usize, f32)] = match kind {
        Kind::Q4K => &[(0, 1.0 / 250.0), (2, 7.5 / 250.0)],
        Kind::Q5K => &[(0, 1.0 / 500.0), (2, 15.5 / 500.0)],
        _ => &[(208, 1.0 / 2000.0)],
    };
    for &(at, factor) in factors {
        block[at..at + 2].copy_from_slice(&f16::from_f32(largest * factor).to_le_bytes());
    }
    block
}

/// The numbers that a file's bytes stand for.
fn decode(kind: Kind, bytes: &[u8]) -> Vec<f32> {
    let block = |stored| bytes.chunks(stored).flat_map(|block| crate::blocks::tests::widened(kind, block)).collect();
    widen(kind, bytes).or_else(|| crate::blocks::bytes(kind).map(block)).unwrap()
}

/// How exactly products of weights of a kind are expected.
fn tolerance(kind: Kind) -> f64 {
    match kind {
        Kind::F32 => 2e-6,
        Kind::BF16 => 2e-5,
        _ => 4e-6,
    }
}

/// Kinds that rows of 64 numbers can have.
const KINDS: [Kind; 4] = [Kind::F32, Kind::BF16, Kind::F16, Kind::Q8_0];
/// All kinds.
const ALL_KINDS: [Kind; 7] = [Kind::F32, Kind::BF16, Kind::F16, Kind::Q8_0, Kind::Q4K, Kind::Q5K, Kind::Q6K];

/// A small model with everything in it: dense layers, one and two experts.
fn small() -> Shape {
    Shape {
        dim: 192,
        heads: 8,
        kv_heads: 2,
        head_dim: 64,
        inner: 320,
        used: vec![0, 1, 2, 0, 1, 1, 0],
        mixture: Mixture { experts: 6, router_dim: 32, balancing: 1.0 },
        codebooks: 9,
        audio_vocab: 1026,
        text_ids: 520,
        codes: 1024,
        context: 700,
        speaker: Some(Speaker { embedding_dim: 96, lda_dim: 64 }),
        ..Shape::released()
    }
}

/// The same with rows that blocks of 256 fit.
fn wide() -> Shape {
    Shape { dim: 256, inner: 512, ..small() }
}

/// A model of random weights drawn on the card, and its decoder.
fn random_decoder(device: &Device, shape: &Shape, kind: Kind, slots: usize, capacity: usize) -> Decoder {
    let model = Model::random(device, shape, kind, 1).unwrap();
    Decoder::new(Arc::new(model), slots, capacity).unwrap()
}
