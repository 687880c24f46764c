//! Products with quantized weights for every processor, and what the other versions are tested against.

use zonos_weights::{Affine, BlockType};

use super::multiply::{Tiles, span_bytes};
use super::panel::{Panel, ROWS, Staged, Sums};
use super::rounded::{GROUP, GROUPS, Row, SPAN, Span, place};

/// A span of one row of weights: its integers in the order of rounded activations, scales and offsets.
pub(super) struct Unpacked {
    pub(super) integers: [i16; SPAN],
    pub(super) scales: [f32; GROUPS],
    pub(super) offsets: [f32; GROUPS],
}

/// Unpacks one span of blocks.
pub(super) fn unpack(block: BlockType, span: &[u8]) -> Unpacked {
    let (mut natural, mut groups) = ([0; SPAN], [Affine::default(); GROUPS]);
    block.unpack(span, &mut natural, &mut groups);
    let mut integers = [0; SPAN];
    natural.into_iter().enumerate().for_each(|(index, integer)| integers[place(index)] = integer);
    Unpacked { integers, scales: groups.map(|group| group.scale), offsets: groups.map(|group| group.offset) }
}

/// Adds the products of spans of weights with a row of activations to the sums of the groups.
pub(super) fn dot(block: BlockType, weight: &[u8], x: Row, sums: &mut [f32; GROUPS]) {
    for (span, weight) in weight.chunks_exact(span_bytes(block)).enumerate() {
        let (weight, x) = (unpack(block, weight), x.span(span));
        for (group, sum) in sums.iter_mut().enumerate() {
            let products = weight.integers[group * GROUP..].iter().zip(&x.numbers[group * GROUP..][..GROUP]);
            let product: i32 = products.map(|(weight, x)| i32::from(*weight) * i32::from(*x)).sum();
            let scale = weight.scales[group] * x.scales[group];
            *sum = (product as f32).mul_add(scale, *sum);
            *sum = (-weight.offsets[group]).mul_add(x.sums[group], *sum);
        }
    }
}

/// Writes one span of a row of weights to a panel.
pub(super) fn stage(block: BlockType, span: &[u8], row: usize, staged: &mut Staged, panel: &mut Panel) {
    let unpacked = unpack(block, span);
    staged[row] = unpacked.integers;
    for group in 0..GROUPS {
        panel.scales[group][row] = unpacked.scales[group];
        panel.offsets[group][row] = unpacked.offsets[group];
    }
}

/// Turns the staged rows, so that the same two numbers of all rows lie together.
pub(super) fn turn(staged: &Staged, panel: &mut Panel) {
    for (row, staged) in staged.iter().enumerate() {
        for (pairs, pair) in panel.pairs.iter_mut().zip(staged.as_chunks::<2>().0) {
            pairs[row] = *pair;
        }
    }
}

/// Products of panels, one number at a time.
pub(super) struct Plain;

impl Tiles for Plain {
    const MOST: usize = 1;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        x.into_iter().zip(sums).for_each(|(x, sums)| multiply(panel, x, sums));
    }
}

fn multiply(panel: &Panel, x: Span, sums: &mut Sums) {
    for (group, sums) in sums.iter_mut().enumerate() {
        let pairs = &panel.pairs[group * GROUP / 2..][..GROUP / 2];
        let numbers = x.numbers[group * GROUP..].as_chunks::<2>().0;
        for (row, sum) in sums.iter_mut().enumerate() {
            let both = |(pairs, x): (&[[i16; 2]; ROWS], &[i16; 2])| product(pairs[row], *x);
            let products: i32 = pairs.iter().zip(numbers).map(both).sum();
            let scale = panel.scales[group][row] * x.scales[group];
            *sum = (products as f32).mul_add(scale, *sum);
            *sum = (-panel.offsets[group][row]).mul_add(x.sums[group], *sum);
        }
    }
}

fn product(weights: [i16; 2], x: [i16; 2]) -> i32 {
    i32::from(weights[0]) * i32::from(x[0]) + i32::from(weights[1]) * i32::from(x[1])
}
