//! The steps of a product, by whichever instructions there are.

use zonos_weights::BlockType;

#[cfg(target_arch = "aarch64")]
use super::neon;
use super::panel::{Panel, ROWS, Staged, Sums};
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

/// From so many rows of activations on, turning weights into panels pays.
pub(super) fn panels_from(instructions: Instructions) -> usize {
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => 16,
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => 8,
        // Without panels these unpack weights for each row.
        _ => 3,
    }
}

/// The most rows of activations that a row of weights is unpacked for at once.
pub(super) const MOST_ROWS: usize = 4;

/// A row of weights times some rows of activations: of each a sum for every group of a span.
pub(super) fn dot<const C: usize>(
    instructions: Instructions,
    block: BlockType,
    weight: &[u8],
    x: [Row; C],
) -> [[f32; GROUPS]; C] {
    let (whole, rest) = weight.split_at(weight.len() - weight.len() % span_bytes(block));
    let spans = whole.len() / span_bytes(block);
    let mut sums = [[0.0; GROUPS]; C];
    dot_spans(instructions, block, whole, x.map(|x| x.split_at(spans).0), &mut sums);
    if !rest.is_empty() {
        let rest = &filled_up(rest)[..span_bytes(block)];
        dot_spans(instructions, block, rest, x.map(|x| x.split_at(spans).1), &mut sums);
    }
    sums
}

/// Blocks that are no whole span, with blocks of zeros behind them.
fn filled_up(blocks: &[u8]) -> [u8; MOST_BYTES] {
    let mut span = [0; MOST_BYTES];
    span[..blocks.len()].copy_from_slice(blocks);
    span
}

fn dot_spans<const C: usize>(
    instructions: Instructions,
    block: BlockType,
    weight: &[u8],
    x: [Row; C],
    sums: &mut [[f32; GROUPS]; C],
) {
    let fits = |x: &Row| weight.len() == x.numbers.len() * span_bytes(block);
    assert!(x.iter().all(fits), "whole spans, as many as there are of activations");
    match instructions {
        Instructions::Plain => x.into_iter().zip(sums).for_each(|(x, sums)| plain::dot(block, weight, x, sums)),
        // SAFETY: the processor has the instructions, and the spans of both are of one number.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match block {
                BlockType::Q8_0 => avx2::dot::<avx2::Q8_0, C>(weight, x, sums),
                BlockType::Q6K => avx2::dot::<avx2::Q6K, C>(weight, x, sums),
                BlockType::Q5K => avx2::dot::<avx2::Q5K, C>(weight, x, sums),
                BlockType::Q4K => avx2::dot::<avx2::Q4K, C>(weight, x, sums),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon => unsafe { dot_bytes::<neon::Words, C>(block, weight, x, sums) },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Instructions::DotProducts | Instructions::MatrixProducts => unsafe {
            dot_bytes::<neon::Dot, C>(block, weight, x, sums);
        },
    }
}

/// # Safety
/// `weight` must hold as many spans as each of `x`, and the processor must have the instructions.
#[cfg(target_arch = "aarch64")]
unsafe fn dot_bytes<P: neon::Products, const C: usize>(
    block: BlockType,
    weight: &[u8],
    x: [Row; C],
    sums: &mut [[f32; GROUPS]; C],
) {
    for (x, sums) in x.into_iter().zip(sums) {
        // SAFETY: as demanded.
        unsafe {
            match block {
                BlockType::Q8_0 => neon::dot::<neon::Q8_0, P>(weight, x, sums),
                BlockType::Q6K => neon::dot::<neon::Q6K, P>(weight, x, sums),
                BlockType::Q5K => neon::dot::<neon::Q5K, P>(weight, x, sums),
                BlockType::Q4K => neon::dot::<neon::Q4K, P>(weight, x, sums),
            }
        }
    }
}

/// Fills a panel with a span of `count` rows of weights.
pub(super) fn fill<'a>(
    instructions: Instructions,
    block: BlockType,
    weight: impl Fn(usize) -> &'a [u8],
    count: usize,
    span: usize,
    staged: &mut Staged,
    panel: &mut Panel,
) {
    assert!(count <= ROWS, "as many rows as a panel has");
    let bytes = span_bytes(block);
    for row in 0..count {
        let blocks = &weight(row)[span * bytes..];
        match blocks.get(..bytes) {
            Some(blocks) => stage(instructions, block, blocks, row, staged, panel),
            None => stage(instructions, block, &filled_up(blocks)[..bytes], row, staged, panel),
        }
    }
    match instructions {
        // SAFETY: the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match &mut panel.quads {
                Some(quads) => amx::turn(block, staged, quads),
                None => avx2::turn(staged, panel),
            }
        },
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => {}
        Instructions::Plain => plain::turn(staged, panel),
    }
}

fn stage(
    instructions: Instructions,
    block: BlockType,
    span: &[u8],
    row: usize,
    staged: &mut Staged,
    panel: &mut Panel,
) {
    assert!(span.len() == span_bytes(block) && row < ROWS, "one span of a row of the panel");
    match instructions {
        // SAFETY: the processor has the instructions, and a span of blocks lies there.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 | Instructions::Vnni | Instructions::Amx => unsafe {
            match block {
                BlockType::Q8_0 => avx2::stage::<avx2::Q8_0>(span, row, staged, panel),
                BlockType::Q6K => avx2::stage::<avx2::Q6K>(span, row, staged, panel),
                BlockType::Q5K => avx2::stage::<avx2::Q5K>(span, row, staged, panel),
                BlockType::Q4K => avx2::stage::<avx2::Q4K>(span, row, staged, panel),
            }
        },
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        Instructions::Neon | Instructions::DotProducts | Instructions::MatrixProducts => unsafe {
            match block {
                BlockType::Q8_0 => neon::stage::<neon::Q8_0>(span, row, panel),
                BlockType::Q6K => neon::stage::<neon::Q6K>(span, row, panel),
                BlockType::Q5K => neon::stage::<neon::Q5K>(span, row, panel),
                BlockType::Q4K => neon::stage::<neon::Q4K>(span, row, panel),
            }
        },
        Instructions::Plain => plain::stage(block, span, row, staged, panel),
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

/// A span of rows of activations.
#[derive(Clone, Copy)]
pub(super) struct Spans<'a> {
    pub(super) rows: &'a Rounded,
    /// The first of the rows.
    pub(super) first: usize,
    pub(super) span: usize,
}

/// Adds the products of a panel with a span of as many rows of activations as there are sums to these.
pub(super) fn multiply(instructions: Instructions, panel: &Panel, x: Spans, sums: &mut [Sums]) {
    // SAFETY: the processor has the instructions.
    unsafe {
        match instructions {
            Instructions::Plain => by_tiles::<plain::Plain>(panel, x, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => by_tiles::<avx2::Avx2>(panel, x, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => by_tiles::<avx512::Avx512>(panel, x, sums),
            #[cfg(target_arch = "x86_64")]
            Instructions::Vnni | Instructions::Amx => match &panel.quads {
                Some(quads) => amx::multiply(quads, panel, x, sums),
                None => by_tiles::<avx512::Vnni>(panel, x, sums),
            },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => by_tiles::<neon::Words>(panel, x, sums),
            #[cfg(target_arch = "aarch64")]
            Instructions::DotProducts => by_tiles::<neon::Dot>(panel, x, sums),
            #[cfg(target_arch = "aarch64")]
            Instructions::MatrixProducts => by_tiles::<neon::Matrix>(panel, x, sums),
        }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
unsafe fn by_tiles<T: Tiles>(panel: &Panel, x: Spans, sums: &mut [Sums]) {
    for (index, sums) in sums.chunks_mut(T::MOST).enumerate() {
        let x = Spans { first: x.first + index * T::MOST, ..x };
        // SAFETY: as demanded.
        unsafe {
            match sums.len() {
                1 => tile::<T, 1>(panel, x, sums),
                2 => tile::<T, 2>(panel, x, sums),
                3 => tile::<T, 3>(panel, x, sums),
                4 => tile::<T, 4>(panel, x, sums),
                5 => tile::<T, 5>(panel, x, sums),
                6 => tile::<T, 6>(panel, x, sums),
                7 => tile::<T, 7>(panel, x, sums),
                _ => tile::<T, 8>(panel, x, sums),
            }
        }
    }
}

/// # Safety
/// As for [`Tiles::tile`].
unsafe fn tile<T: Tiles, const C: usize>(panel: &Panel, x: Spans, sums: &mut [Sums]) {
    let x = std::array::from_fn(|row| x.rows.row(x.first + row).span(x.span));
    for sums in sums.as_chunks_mut::<C>().0 {
        // SAFETY: as demanded.
        unsafe { T::tile(panel, x, sums) };
    }
}
