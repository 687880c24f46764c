//! Products with quantized weights by the vectors of 64-bit ARM processors.

use std::arch::aarch64::*;

use zonos_weights::BlockType;

use super::multiply::{Tiles, span_bytes};
use super::panel::{Panel, Sums};
use super::plain::unpack;
use super::rounded::{GROUP, GROUPS, Row, SPAN, Span};

/// Adds the products of one row of weights, whole spans of blocks, with one of activations to the sums of the groups.
///
/// # Safety
/// `weight` must hold as many spans as `x`.
#[target_feature(enable = "neon")]
pub(super) unsafe fn dot(block: BlockType, weight: &[u8], x: Row, sums: &mut [f32; GROUPS]) {
    for (index, span) in weight.chunks_exact(span_bytes(block)).enumerate() {
        let (weight, x) = (unpack(block, span), x.span(index));
        for group in 0..GROUPS {
            // SAFETY: the group is one of both spans.
            let product = unsafe { multiply_group(&weight.integers, x.numbers, group) };
            let scale = weight.scales[group] * x.scales[group];
            sums[group] = (product as f32).mul_add(scale, sums[group]);
            sums[group] = (-weight.offsets[group]).mul_add(x.sums[group], sums[group]);
        }
    }
}

/// The exact product of one group.
///
/// # Safety
/// `group` must be one of the span.
#[inline]
#[target_feature(enable = "neon")]
unsafe fn multiply_group(weights: &[i16; SPAN], x: &[i16; SPAN], group: usize) -> i32 {
    let mut products = [vdupq_n_s32(0); 2];
    for part in 0..GROUP / 8 {
        let at = GROUP * group + 8 * part;
        // SAFETY: eight numbers of the group.
        let (weights, x) = unsafe { (vld1q_s16(weights.as_ptr().add(at)), vld1q_s16(x.as_ptr().add(at))) };
        products[0] = vmlal_s16(products[0], vget_low_s16(weights), vget_low_s16(x));
        products[1] = vmlal_high_s16(products[1], weights, x);
    }
    vaddvq_s32(vaddq_s32(products[0], products[1]))
}

/// Products of panels, by four integers at a time.
pub(super) struct Neon;

impl Tiles for Neon {
    const MOST: usize = 4;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        // SAFETY: every such processor has the instructions.
        unsafe { tile(panel, x, sums) }
    }
}

#[target_feature(enable = "neon")]
fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
    for group in 0..GROUPS {
        let products = multiply_panel(panel, x, group);
        for c in 0..C {
            for part in 0..4 {
                // SAFETY: sixteen rows each.
                unsafe {
                    let sums = sums[c][group].as_mut_ptr().add(4 * part);
                    let factor = vmulq_n_f32(vld1q_f32(panel.scales[group].as_ptr().add(4 * part)), x[c].scales[group]);
                    let offset = vld1q_f32(panel.offsets[group].as_ptr().add(4 * part));
                    let total = vfmaq_f32(vld1q_f32(sums), vcvtq_f32_s32(products[c][part]), factor);
                    vst1q_f32(sums, vfmsq_f32(total, offset, vdupq_n_f32(x[c].sums[group])));
                }
            }
        }
    }
}

/// The exact products of one group, four rows of the panel together.
#[inline]
#[target_feature(enable = "neon")]
fn multiply_panel<const C: usize>(panel: &Panel, x: [Span; C], group: usize) -> [[int32x4_t; 4]; C] {
    let mut products = [[vdupq_n_s32(0); 4]; C];
    for pair in GROUP / 2 * group..GROUP / 2 * (group + 1) {
        let weights = panel.pairs[pair].as_ptr().cast::<i16>();
        // SAFETY: sixteen pairs lie there.
        let halves = unsafe { [vld2q_s16(weights), vld2q_s16(weights.add(16))] };
        for c in 0..C {
            let x = [x[c].numbers[2 * pair], x[c].numbers[2 * pair + 1]];
            for half in 0..2 {
                let (first, second) = (halves[half].0, halves[half].1);
                let low = vmlal_n_s16(products[c][2 * half], vget_low_s16(first), x[0]);
                products[c][2 * half] = vmlal_n_s16(low, vget_low_s16(second), x[1]);
                let high = vmlal_high_n_s16(products[c][2 * half + 1], first, x[0]);
                products[c][2 * half + 1] = vmlal_high_n_s16(high, second, x[1]);
            }
        }
    }
    products
}
