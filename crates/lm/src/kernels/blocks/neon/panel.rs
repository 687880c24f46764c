//! Rows of weights in panels.

use std::arch::aarch64::*;

use super::integers::Blocks;
use super::products::Products;
use crate::kernels::blocks::multiply::Tiles;
use crate::kernels::blocks::panel::{Panel, ROWS, Sums};
use crate::kernels::blocks::rounded::{GROUP, GROUPS, SPAN, Span};

/// Numbers of a row that lie together.
pub(super) const OCTET: usize = 8;

/// The same eight numbers of every row.
#[repr(align(64))]
#[derive(Clone, Copy)]
pub(in crate::kernels::blocks) struct Octet(pub(super) [[i8; OCTET]; ROWS]);

/// One span of the rows of a panel as bytes.
pub(in crate::kernels::blocks) struct Octets {
    bytes: [Octet; SPAN / OCTET],
    /// Scales of the sixteens of each group, by row.
    sixteens: Option<Sixteens>,
}

type Sixteens = [[[i32; ROWS]; 2]; GROUPS];

impl Octets {
    /// Of zeros.
    pub(in crate::kernels::blocks) const ZEROS: Self =
        Self { bytes: [Octet([[0; OCTET]; ROWS]); SPAN / OCTET], sixteens: None };
}

/// Writes one span of a row of weights to a panel.
///
/// # Safety
/// `span` must be one.
#[target_feature(enable = "neon")]
pub(in crate::kernels::blocks) unsafe fn stage<B: Blocks>(span: &[u8], row: usize, panel: &mut Panel) {
    let span = span.as_ptr();
    for quarter in 0..4 {
        // SAFETY: as demanded.
        let integers = unsafe { B::integers(span, quarter) };
        for (place, sixteen) in integers.into_iter().enumerate() {
            let octet = 8 * quarter + 2 * place;
            for (half, eight) in [vget_low_s8(sixteen), vget_high_s8(sixteen)].into_iter().enumerate() {
                // SAFETY: room for eight numbers.
                unsafe { vst1_s8(panel.octets.bytes[octet + half].0[row].as_mut_ptr(), eight) };
            }
        }
    }
    // SAFETY: as demanded.
    let (scales, offsets) = unsafe { B::factors(span) };
    let (mut by_group, mut offsets_by_group) = ([0.0; GROUPS], [0.0; GROUPS]);
    for half in 0..2 {
        // SAFETY: room for eight numbers each.
        unsafe {
            vst1q_f32(by_group.as_mut_ptr().add(4 * half), scales[half]);
            vst1q_f32(offsets_by_group.as_mut_ptr().add(4 * half), offsets[half]);
        }
    }
    for group in 0..GROUPS {
        panel.scales[group][row] = by_group[group];
        panel.offsets[group][row] = offsets_by_group[group];
    }
    // SAFETY: as demanded.
    panel.octets.stage_sixteens(B::SIXTEENS.then(|| unsafe { B::sixteens(span) }), row);
}

impl Octets {
    fn stage_sixteens(&mut self, sixteens: Option<[i32; 2 * GROUPS]>, row: usize) {
        let Some(sixteens) = sixteens else {
            self.sixteens = None;
            return;
        };
        let by_group = self.sixteens.get_or_insert([[[0; ROWS]; 2]; GROUPS]);
        for (group, scales) in by_group.iter_mut().zip(sixteens.as_chunks::<2>().0) {
            (group[0][row], group[1][row]) = (scales[0], scales[1]);
        }
    }

    /// The exact products of one group, eight rows of the panel from row `first` on.
    ///
    /// # Safety
    /// The processor must have the instructions.
    #[inline(always)]
    unsafe fn multiply<P: Products, const C: usize>(
        &self,
        x: [Span; C],
        group: usize,
        first: usize,
    ) -> [[int32x4_t; 2]; C] {
        let (octets, at) = (&self.bytes[GROUP / OCTET * group..][..GROUP / OCTET], GROUP * group);
        let (low, high) = octets.split_at(16 / OCTET);
        // SAFETY: as demanded; eight scales are loaded of sixteen.
        unsafe {
            let Some(sixteens) = &self.sixteens else { return P::eight_rows(octets, first, x, at) };
            let scales = |sixteen: usize, four: usize| {
                vld1q_s32(sixteens[group][sixteen][first..first + 8].as_ptr().add(4 * four))
            };
            let (mut products, upper) = (P::eight_rows(low, first, x, at), P::eight_rows(high, first, x, at + 16));
            for c in 0..C {
                for four in 0..2 {
                    let scaled = vmulq_s32(products[c][four], scales(0, four));
                    products[c][four] = vmlaq_s32(scaled, upper[c][four], scales(1, four));
                }
            }
            products
        }
    }
}

impl<P: Products> Tiles for P {
    const MOST: usize = 4;

    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]) {
        // SAFETY: as the trait demands.
        unsafe {
            P::compiled(
                #[inline(always)]
                || {
                    for group in 0..GROUPS {
                        for first in [0, ROWS / 2] {
                            let products = panel.octets.multiply::<P, C>(x, group, first);
                            for c in 0..C {
                                add(panel, x[c], group, first, products[c], &mut sums[c]);
                            }
                        }
                    }
                },
            );
        }
    }
}

/// Scales the exact products of a group with eight rows and adds them to the sums.
#[inline]
#[target_feature(enable = "neon")]
fn add(panel: &Panel, x: Span, group: usize, first: usize, products: [int32x4_t; 2], sums: &mut Sums) {
    for four in 0..2 {
        let rows = first + 4 * four..first + 4 * four + 4;
        // SAFETY: four rows each.
        unsafe {
            let sums = sums[group][rows.clone()].as_mut_ptr();
            let factor = vmulq_n_f32(vld1q_f32(panel.scales[group][rows.clone()].as_ptr()), x.scales[group]);
            let offset = vld1q_f32(panel.offsets[group][rows].as_ptr());
            let total = vfmaq_f32(vld1q_f32(sums), vcvtq_f32_s32(products[four]), factor);
            vst1q_f32(sums, vfmsq_f32(total, offset, vdupq_n_f32(x.sums[group])));
        }
    }
}
