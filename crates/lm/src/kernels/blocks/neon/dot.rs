//! Single rows of weights, as they lie in memory.

use std::arch::aarch64::*;

use super::integers::Blocks;
use super::products::{Products, add_across};
use crate::kernels::blocks::multiply::span_bytes;
use crate::kernels::blocks::rounded::{GROUP, GROUPS, Row, Span};

/// Adds the products of one row of weights, whole spans of blocks, with one of activations to the sums of the groups.
///
/// # Safety
/// `weight` must hold as many spans as `x`, and the processor must have the instructions.
pub(in crate::kernels::blocks) unsafe fn dot<B: Blocks, P: Products>(weight: &[u8], x: Row, sums: &mut [f32; GROUPS]) {
    // SAFETY: the processor has the instructions.
    unsafe {
        P::compiled(
            #[inline(always)]
            || {
                for (index, span) in weight.chunks_exact(span_bytes(B::TYPE)).enumerate() {
                    add_span::<B, P>(span.as_ptr(), x.span(index), sums);
                }
            },
        );
    }
}

/// # Safety
/// A span of blocks must be readable at `span`, and the processor must have the instructions.
#[inline(always)]
unsafe fn add_span<B: Blocks, P: Products>(span: *const u8, x: Span, sums: &mut [f32; GROUPS]) {
    // SAFETY: as demanded; eight numbers for the groups lie wherever there are some.
    unsafe {
        let products = multiply_span::<B, P>(span, x);
        let (scales, offsets) = B::factors(span);
        for half in 0..2 {
            let eight = |numbers: &[f32; GROUPS]| vld1q_f32(numbers.as_ptr().add(4 * half));
            let factor = vmulq_f32(scales[half], eight(x.scales));
            let mut total = vfmaq_f32(eight(sums), vcvtq_f32_s32(products[half]), factor);
            if B::OFFSETS {
                total = vfmsq_f32(total, offsets[half], eight(x.sums));
            }
            vst1q_f32(sums.as_mut_ptr().add(4 * half), total);
        }
    }
}

/// The exact product of each group.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn multiply_span<B: Blocks, P: Products>(span: *const u8, x: Span) -> [int32x4_t; 2] {
    // SAFETY: as demanded.
    unsafe {
        let sixteens = B::sixteens(span);
        let [a, b] = multiply_quarter::<B, P>(span, x, 0, &sixteens);
        let [c, d] = multiply_quarter::<B, P>(span, x, 1, &sixteens);
        let [e, f] = multiply_quarter::<B, P>(span, x, 2, &sixteens);
        let [g, h] = multiply_quarter::<B, P>(span, x, 3, &sixteens);
        [add_across([a, b, c, d]), add_across([e, f, g, h])]
    }
}

/// Those of two groups, each still in four parts.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn multiply_quarter<B: Blocks, P: Products>(
    span: *const u8,
    x: Span,
    quarter: usize,
    sixteens: &[i32; 16],
) -> [int32x4_t; 2] {
    // SAFETY: as demanded.
    unsafe {
        let [a, b, c, d] = B::integers(span, quarter);
        let at = 2 * GROUP * quarter;
        if !B::SIXTEENS {
            return [P::row([a, b], x, at), P::row([c, d], x, at + GROUP)];
        }
        let scaled = |first, second, group: usize| {
            let (first, second) =
                (P::row([first], x, at + GROUP * group), P::row([second], x, at + GROUP * group + 16));
            let scales = &sixteens[4 * quarter + 2 * group..];
            vmlaq_n_s32(vmulq_n_s32(first, scales[0]), second, scales[1])
        };
        [scaled(a, b, 0), scaled(c, d, 1)]
    }
}
