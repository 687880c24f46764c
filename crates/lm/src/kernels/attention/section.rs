//! What some rows of a cache come to, for a few queries at a time.

use super::super::exp::powers;
use super::super::float::Element;
use super::super::instructions::{Instructions, ask_for};
#[cfg(target_arch = "aarch64")]
use super::lanes::arm::Neon;
#[cfg(target_arch = "x86_64")]
use super::lanes::x86::{Avx2, Avx512};
use super::lanes::{LANES, Lanes, Plain};

/// Rows of a sequence that are attended to together: their keys, their values and the scores of some queries stay in the
/// cache of a core.
pub(super) const ROWS: usize = 128;

/// Queries that read keys and values together: their sums fit the registers.
pub(super) const QUERIES: usize = 4;

/// What precedes the weighted sum of values in a [part](super::parts): the largest score, and the sum of all powers of e.
pub(super) const HEAD: usize = 2;

/// Some rows of a cache, at most [`ROWS`]: [rows, width] each.
#[derive(Clone, Copy)]
pub(super) struct Section<'a, T> {
    pub(super) keys: &'a [T],
    pub(super) values: &'a [T],
    pub(super) scale: f32,
}

impl<T: Element> Section<'_, T> {
    /// Writes the parts of queries [queries, width], of which one after the other lies `step` numbers behind.
    pub(super) fn attend(self, instructions: Instructions, queries: Queries, parts: &mut [f32]) {
        let len = queries.width + HEAD;
        for (first, parts) in (0..).step_by(QUERIES).zip(parts.chunks_mut(QUERIES * len)) {
            match parts.len() / len {
                1 => self.attend_by(instructions, queries.few::<1>(first), parts),
                2 => self.attend_by(instructions, queries.few::<2>(first), parts),
                3 => self.attend_by(instructions, queries.few::<3>(first), parts),
                _ => self.attend_by(instructions, queries.few::<QUERIES>(first), parts),
            }
        }
    }

    fn attend_by<const N: usize>(self, instructions: Instructions, queries: [&[f32]; N], parts: &mut [f32]) {
        match instructions {
            Instructions::Plain => self.run::<Plain, N>(queries, parts),
            // SAFETY: the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { self.with_avx2(queries, parts) },
            // SAFETY: as above; all others go beyond AVX-512.
            #[cfg(target_arch = "x86_64")]
            _ => unsafe { self.with_avx512(queries, parts) },
            #[cfg(target_arch = "aarch64")]
            _ => self.run::<Neon, N>(queries, parts),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn with_avx2<const N: usize>(self, queries: [&[f32]; N], parts: &mut [f32]) {
        self.run::<Avx2, N>(queries, parts);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma,f16c")]
    fn with_avx512<const N: usize>(self, queries: [&[f32]; N], parts: &mut [f32]) {
        self.run::<Avx512, N>(queries, parts);
    }

    #[inline(always)]
    fn run<L: Lanes, const N: usize>(self, queries: [&[f32]; N], parts: &mut [f32]) {
        let width = queries.first().map_or(1, |query| query.len()).max(1);
        let rows = (self.keys.len() / width).min(ROWS);
        let mut weights = [[0.0; ROWS]; N];
        self.score::<L, N>(queries, &mut weights);
        for (weights, part) in weights.iter_mut().zip(parts.chunks_exact_mut(width + HEAD)) {
            let (largest, total) = powers(&mut weights[..rows]);
            part[..HEAD].copy_from_slice(&[largest, total]);
        }
        self.add_up::<L, N>(&weights, width, parts);
    }

    /// The products of each query with all keys. Meanwhile the values come out of memory.
    #[inline(always)]
    fn score<L: Lanes, const N: usize>(self, queries: [&[f32]; N], scores: &mut [[f32; ROWS]; N]) {
        let width = queries.first().map_or(1, |query| query.len()).max(1);
        let whole = queries.map(|query| query.as_chunks::<LANES>().0);
        let rows = self.keys.chunks_exact(width).zip(self.values.chunks_exact(width));
        for (row, (key, values)) in rows.enumerate().take(ROWS) {
            ask_for(values);
            let (lanes, rest) = key.as_chunks::<LANES>();
            let mut sums = [L::zero(); N];
            for (at, lanes) in lanes.iter().enumerate() {
                let key = L::load(lanes);
                for query in 0..N {
                    sums[query] = L::load(&whole[query][at]).multiply_add(key, sums[query]);
                }
            }
            for query in 0..N {
                let others = queries[query][width - rest.len()..].iter().zip(rest);
                let rest = others.fold(0.0, |sum, (query, key)| sum + query * key.widen());
                scores[query][row] = (sums[query].total() + rest) * self.scale;
            }
        }
    }

    /// The sum of all values, each with its weight, row after row.
    #[inline(always)]
    fn add_up<L: Lanes, const N: usize>(self, weights: &[[f32; ROWS]; N], width: usize, parts: &mut [f32]) {
        let whole = width / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let mut sums = [L::zero(); N];
            for (row, values) in self.values.chunks_exact(width).enumerate().take(ROWS) {
                let Some(values) = values[at..].first_chunk() else { continue };
                let values = L::load(values);
                for query in 0..N {
                    sums[query] = L::splat(weights[query][row]).multiply_add(values, sums[query]);
                }
            }
            for (sums, part) in sums.into_iter().zip(parts.chunks_exact_mut(width + HEAD)) {
                part[HEAD + at..].first_chunk_mut().into_iter().for_each(|to| sums.store(to));
            }
        }
        for (weights, part) in weights.iter().zip(parts.chunks_exact_mut(width + HEAD)) {
            for (at, sum) in part[HEAD..].iter_mut().enumerate().skip(whole) {
                let values = self.values.chunks_exact(width).zip(weights);
                *sum = values.fold(0.0, |sum, (values, weight)| sum + weight * values[at].widen());
            }
        }
    }
}

/// Queries of one row of a sequence, which read the same keys.
#[derive(Clone, Copy)]
pub(super) struct Queries<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) width: usize,
    /// Numbers from one to the next.
    pub(super) step: usize,
}

impl<'a> Queries<'a> {
    fn few<const N: usize>(self, first: usize) -> [&'a [f32]; N] {
        std::array::from_fn(|query| &self.numbers[(first + query) * self.step..][..self.width])
    }
}
