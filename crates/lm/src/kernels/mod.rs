//! What the CPU computes by kernels of our own: products of rows with a weight matrix, read in the type it is stored in,
//! attention over a cache, and what lies between them.
//!
//! Each result is computed in one fixed order, whatever other rows are multiplied beside it: that is what makes a
//! request's frames independent of its neighbours in a batch.

#[cfg(target_arch = "x86_64")]
mod amx;
mod attention;
mod blocks;
mod combine;
mod exp;
mod float;
#[cfg(target_arch = "aarch64")]
mod halves;
mod heads;
mod instructions;
mod outputs;
mod rowwise;
mod team;
#[cfg(test)]
mod tests;
mod throughput;

use candle_core::{Layout, Result, bail};

pub(crate) use attention::attend;
pub(crate) use blocks::rows_times_blocks;
pub(crate) use combine::{Share, combine};
pub(crate) use float::rows_times_matrix;
pub(crate) use heads::{HeadNorm, gated_heads, normed_heads};
pub(crate) use rowwise::{PairOrder, add, gated, gated_pairs, rms_norm, softmax};
pub use throughput::Throughput;

fn contiguous<'a, T>(values: &'a [T], layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&values[start..end]),
        None => bail!("a matrix of layout {layout:?} is not contiguous"),
    }
}
