//! The network on the CPU in float32, as a pipeline of rows.
//!
//! A row holds all channels of one moment. So a piece of a sequence is a stretch of memory, a tap of a convolution an
//! offset in it, and a transposed convolution one product of two neighbouring rows. Weights lie in the order in which the
//! kernels read them; Snakes, biases and residual sums are done on rows that are in the cache for a product anyway.

mod conv;
mod decoder;
mod encoder;
mod isa;
mod kernel;
mod lanes;
mod panels;
mod past;
mod pipeline;
mod snake;
mod tiles;
mod unit;
mod winograd;

pub(crate) use conv::{Conv, Upsample};
pub(crate) use decoder::{CpuDecoder, CpuTrace, Decoding};
pub(crate) use encoder::CpuEncoder;
pub(crate) use snake::Snake;
pub(crate) use unit::{Dilated, Unit};

/// Values of a task's rows: with what is computed from them they fit the second-level cache.
const TASK_VALUES: usize = 18 << 10;
/// Fewer rows than this waste the weights that a task reads.
const TASK_ROWS: usize = 48;

/// Rows of `width` for each task, a multiple of `group`, when `count` are shared among the threads.
fn task_rows(count: usize, group: usize, width: usize) -> usize {
    let threads = rayon::current_num_threads();
    let most = (TASK_VALUES / width.max(1)).max(TASK_ROWS);
    let tasks = count.div_ceil(most).next_multiple_of(threads).max(1);
    count.div_ceil(tasks).next_multiple_of(group).max(group)
}
