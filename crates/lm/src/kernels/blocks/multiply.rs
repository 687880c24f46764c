//! The steps of a product, by whichever instructions there are.

use zonos_weights::BlockType;

use super::panel::{Panel, ROWS, Sums};
use super::plain;
use super::rounded::{GROUPS, Rounded, Row, SPAN, Span};
#[cfg(target_arch = "x86_64")]
use super::{amx, avx2, avx512};
use crate::kernels::instructions::Instructions;

/// Bytes of a span of the largest blocks.
const MOST_BYTES: usize = 272;

/// Bytes of a span.
pub(super) fn span_bytes(block: BlockType) -> usize {
    block.bytes() * (SPAN / block.numbers())
}

/// A row of weights times a row of activations: a sum for each group of a span.
pub(super) fn dot(instructions: Instructions, block: BlockType, weight: &[u8], x: Row) -> [f32; GROUPS] {
    let (whole, rest) = weight.split_at(weight.len() - weight.len() % span_bytes(block));
    let (x, x_rest) = x.split_at(whole.len() / span_bytes(block));
    let mut sums = [0.0; GROUPS];
    dot_spans(instructions, block, whole, x, &mut sums);
    if !rest.is_empty() {
        dot_spans(instructions, block, &filled_up(rest)[..span_bytes(block)], x_rest, &mut sums);
    }
    sums
}

/// Blocks that are no whole span, with blocks of zeros behind them.
fn filled_up(blocks: &[u8]) -> [u8; MOST_BYTES] {
    let mut span = [0; MOST_BYTES];
    span[..blocks.len()].copy_from_slice(blocks);
    span
}

fn dot_spans(instructions: Instructions, block: BlockType, weight: &[u8], x: Row, sums: &mut [f32; GROUPS]) {
    assert!(weight.len() == x.numbers.len() * span_bytes(block), "whole spans, as many as there are of activations");
    match instructions {
        Instructions::Plain => plain::dot(block, weight, x, sums),
        // SAFETY: the processor has the instructions, and the spans of both are of one number.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match block {
                BlockType::Q8_0 => avx2::dot::<avx2::Q8_0>(weight, x, sums),
                BlockType::Q6K => avx2::dot::<avx2::Q6K>(weight, x, sums),
                BlockType::Q5K => avx2::dot::<avx2::Q5K>(weight, x, sums),
                BlockType::Q4K => avx2::dot::<avx2::Q4K>(weight, x, sums),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon => unsafe { super::neon::dot(block, weight, x, sums) },
    }
}

/// Fills a panel with a span of `count` rows of weights.
pub(super) fn fill<'a>(
    instructions: Instructions,
    block: BlockType,
    weight: impl Fn(usize) -> &'a [u8],
    count: usize,
    span: usize,
    panel: &mut Panel,
) {
    assert!(count <= ROWS, "as many rows as a panel has");
    let bytes = span_bytes(block);
    for row in 0..count {
        let blocks = &weight(row)[span * bytes..];
        match blocks.get(..bytes) {
            Some(blocks) => stage(instructions, block, blocks, row, panel),
            None => stage(instructions, block, &filled_up(blocks)[..bytes], row, panel),
        }
    }
    match instructions {
        // SAFETY: the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match &mut panel.quads {
                Some(quads) => amx::turn(block, &panel.staged, quads),
                None => avx2::turn(panel),
            }
        },
        _ => plain::turn(panel),
    }
}

fn stage(instructions: Instructions, block: BlockType, span: &[u8], row: usize, panel: &mut Panel) {
    assert!(span.len() == span_bytes(block) && row < ROWS, "one span of a row of the panel");
    match instructions {
        // SAFETY: the processor has the instructions, and a span of blocks lies there.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match block {
                BlockType::Q8_0 => avx2::stage::<avx2::Q8_0>(span, row, panel),
                BlockType::Q6K => avx2::stage::<avx2::Q6K>(span, row, panel),
                BlockType::Q5K => avx2::stage::<avx2::Q5K>(span, row, panel),
                BlockType::Q4K => avx2::stage::<avx2::Q4K>(span, row, panel),
            }
        },
        _ => plain::stage(block, span, row, panel),
    }
}

/// Products of a panel by some instructions.
pub(super) trait Tiles {
    /// The most rows of activations that go together.
    const MOST: usize;

    /// Adds the products of a panel with one span of each of `C` rows of activations to their sums.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn tile<const C: usize>(panel: &Panel, x: [Span; C], sums: &mut [Sums; C]);
}

/// Adds the products of a panel with a span of all rows of activations to their sums.
pub(super) fn multiply(instructions: Instructions, panel: &Panel, x: &Rounded, span: usize, sums: &mut [Sums]) {
    // SAFETY: the processor has the instructions.
    unsafe {
        match instructions {
            Instructions::Plain => by_tiles::<plain::Plain>(panel, x, span, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => by_tiles::<avx2::Avx2>(panel, x, span, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => by_tiles::<avx512::Avx512>(panel, x, span, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Vnni | Instructions::Amx => match &panel.quads {
                Some(quads) => amx::multiply(quads, panel, x, span, sums),
                None => by_tiles::<avx512::Vnni>(panel, x, span, sums),
            },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => by_tiles::<super::neon::Neon>(panel, x, span, sums),
        }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
unsafe fn by_tiles<T: Tiles>(panel: &Panel, x: &Rounded, span: usize, sums: &mut [Sums]) {
    for (index, sums) in sums.chunks_mut(T::MOST).enumerate() {
        let first = index * T::MOST;
        // SAFETY: as demanded.
        unsafe {
            match sums.len() {
                1 => tile::<T, 1>(panel, x, first, span, sums),
                2 => tile::<T, 2>(panel, x, first, span, sums),
                3 => tile::<T, 3>(panel, x, first, span, sums),
                4 => tile::<T, 4>(panel, x, first, span, sums),
                5 => tile::<T, 5>(panel, x, first, span, sums),
                6 => tile::<T, 6>(panel, x, first, span, sums),
                7 => tile::<T, 7>(panel, x, first, span, sums),
                _ => tile::<T, 8>(panel, x, first, span, sums),
            }
        }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
unsafe fn tile<T: Tiles, const C: usize>(panel: &Panel, x: &Rounded, first: usize, span: usize, sums: &mut [Sums]) {
    let x = std::array::from_fn(|row| x.row(first + row).span(span));
    for sums in sums.as_chunks_mut::<C>().0 {
        // SAFETY: as demanded.
        unsafe { T::tile(panel, x, sums) };
    }
}
