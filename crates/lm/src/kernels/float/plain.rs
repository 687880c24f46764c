//! Products for every processor, and what the other versions are tested against.

use super::element::{Element, Widen};
use super::multiply::{PAIR, Tiles};
use super::{LANES, Lanes};

/// One number at a time, for compilers to make vectors of.
pub(super) struct Plain;

impl Tiles for Plain {
    const MOST: usize = 1;

    unsafe fn tile<T: Element, const C: usize, const MEMORY: bool>(
        weights: [&[T]; PAIR],
        x: [&[f32]; C],
        sums: [&mut [Lanes; PAIR]; C],
    ) {
        for (x, sums) in x.into_iter().zip(sums) {
            for (weight, lanes) in weights.into_iter().zip(sums) {
                multiply(weight, x, lanes);
            }
        }
    }
}

fn multiply<T: Widen>(weight: &[T], x: &[f32], lanes: &mut Lanes) {
    for (weight, x) in weight.as_chunks::<LANES>().0.iter().zip(x.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            lanes[lane] += weight[lane].widen() * x[lane];
        }
    }
}

/// Widens as many numbers as both have.
pub(super) fn widen<T: Widen>(from: &[T], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.widen());
}
