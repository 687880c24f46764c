//! By what every processor has.

use std::hint::black_box;

use super::CHAINS;

pub(super) fn floats(one: f32, rounds: usize) -> [[f32; 1]; CHAINS] {
    let mut sums = [[0.0; 1]; CHAINS];
    for _ in 0..rounds {
        sums.iter_mut().for_each(|[sum]| *sum += one * one);
    }
    sums
}

pub(super) fn integers(one: i16, rounds: usize) -> [[i32; 1]; CHAINS] {
    let mut sums = [[0; 1]; CHAINS];
    for _ in 0..rounds {
        let one = i32::from(black_box(one));
        sums.iter_mut().for_each(|[sum]| *sum += one * one + one * one);
    }
    sums
}
