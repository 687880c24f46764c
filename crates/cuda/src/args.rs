//! The kernels' arguments, laid out as their sources declare them. Addresses are those of the card; 0 is null.

/// What a kernel takes as its one argument.
///
/// # Safety
/// The layout is that of the kernel's source.
pub(crate) unsafe trait Arguments {}

/// What happens to the products of [`Matvec`].
pub(crate) mod mode {
    /// output = y + bias
    pub(crate) const STORE: i32 = 0;
    /// output += weight · y
    pub(crate) const ADD: i32 = 1;
    /// output = silu(even y) · odd y
    pub(crate) const GATE: i32 = 2;
    /// output = cap · tanh(y / cap), at the row's slot
    pub(crate) const LOGITS: i32 = 3;
    /// output = weight · y
    pub(crate) const WEIGH: i32 = 4;
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Matvec {
    pub(crate) numbers: u64,
    pub(crate) input: u64,
    pub(crate) norm: u64,
    pub(crate) bias: u64,
    pub(crate) output: u64,
    pub(crate) plan: u64,
    pub(crate) slots: u64,
    pub(crate) expert_bytes: u64,
    pub(crate) inputs: i32,
    pub(crate) outputs: i32,
    pub(crate) input_stride: i32,
    pub(crate) output_stride: i32,
    pub(crate) first_row: i32,
    pub(crate) rows: i32,
    pub(crate) input_pairs: i32,
    pub(crate) output_pairs: i32,
    pub(crate) mode: i32,
    pub(crate) weighted: i32,
    pub(crate) experts: i32,
    pub(crate) repeats: i32,
    pub(crate) eps: f32,
    pub(crate) cap: f32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Embed {
    pub(crate) tables: u64,
    pub(crate) kinds: u64,
    pub(crate) ids: u64,
    pub(crate) slots: u64,
    pub(crate) given: u64,
    pub(crate) output: u64,
    pub(crate) columns: i32,
    pub(crate) dim: i32,
    pub(crate) given_row: i32,
    pub(crate) eps: f32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Heads {
    pub(crate) projected: u64,
    pub(crate) temperatures: u64,
    pub(crate) cosines: u64,
    pub(crate) sines: u64,
    pub(crate) slots: u64,
    pub(crate) positions: u64,
    pub(crate) queries: u64,
    pub(crate) keys: u64,
    pub(crate) values: u64,
    pub(crate) slot_stride: i64,
    pub(crate) stride: i32,
    pub(crate) heads: i32,
    pub(crate) kv_heads: i32,
    pub(crate) head_dim: i32,
    pub(crate) block_stride: i32,
    pub(crate) eps: f32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Attention {
    pub(crate) queries: u64,
    pub(crate) keys: u64,
    pub(crate) values: u64,
    pub(crate) gates: u64,
    pub(crate) slots: u64,
    pub(crate) positions: u64,
    pub(crate) output: u64,
    pub(crate) sums: u64,
    pub(crate) extents: u64,
    pub(crate) arrived: u64,
    pub(crate) slot_stride: i64,
    pub(crate) gate_stride: i32,
    pub(crate) kv_heads: i32,
    pub(crate) block_stride: i32,
    pub(crate) splits: i32,
    pub(crate) scale: f32,
    pub(crate) padding: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Router {
    pub(crate) down: u64,
    pub(crate) state_scale: u64,
    pub(crate) norm: u64,
    pub(crate) first: u64,
    pub(crate) first_bias: u64,
    pub(crate) second: u64,
    pub(crate) second_bias: u64,
    pub(crate) third: u64,
    pub(crate) balancing: u64,
    pub(crate) slots: u64,
    pub(crate) state: u64,
    pub(crate) weights: u64,
    pub(crate) chosen: u64,
    pub(crate) plan: u64,
    pub(crate) arrived: u64,
    pub(crate) rows: i32,
    pub(crate) width: i32,
    pub(crate) experts: i32,
    pub(crate) used: i32,
    pub(crate) eps: f32,
    pub(crate) padding: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Gather {
    pub(crate) parts: u64,
    pub(crate) output: u64,
    pub(crate) used: i32,
    pub(crate) dim: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Sampler {
    pub(crate) rows: u64,
    pub(crate) slots: u64,
    pub(crate) logits: u64,
    pub(crate) history: u64,
    pub(crate) next_slots: u64,
    pub(crate) next_positions: u64,
    pub(crate) next_ids: u64,
    pub(crate) records: u64,
    pub(crate) arrived: u64,
    pub(crate) codebooks: i32,
    pub(crate) ids: i32,
    pub(crate) codes: i32,
    pub(crate) text_pad: i32,
    pub(crate) frames: i32,
    pub(crate) padding: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Arrange {
    pub(crate) rows: u64,
    pub(crate) places: u64,
    pub(crate) count: i32,
    pub(crate) first_row: i32,
    pub(crate) row_bytes: i32,
    pub(crate) inputs: i32,
    pub(crate) of_part: i32,
    pub(crate) to_part: i32,
    pub(crate) of_half: i32,
    pub(crate) first: [i32; 2],
    pub(crate) step: i32,
    pub(crate) kind: i32,
    pub(crate) padding: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Fill {
    pub(crate) output: u64,
    pub(crate) count: u64,
    pub(crate) seed: u64,
    pub(crate) center: f32,
    pub(crate) width: f32,
    pub(crate) kind: i32,
    pub(crate) padding: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Convolve {
    pub(crate) input: u64,
    pub(crate) alpha: u64,
    pub(crate) inverse: u64,
    pub(crate) weights: u64,
    pub(crate) bias: u64,
    pub(crate) residual: u64,
    pub(crate) output: u64,
    pub(crate) time_in: i32,
    pub(crate) time_out: i32,
    pub(crate) inputs: i32,
    pub(crate) groups: i32,
    pub(crate) outputs: i32,
    pub(crate) output_stride: i32,
    pub(crate) taps: i32,
    pub(crate) first: i32,
    pub(crate) step: i32,
    pub(crate) rate: i32,
    pub(crate) padding: i32,
    pub(crate) bounded: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Pack {
    pub(crate) weights: u64,
    pub(crate) output: u64,
    pub(crate) output_stride: i32,
    pub(crate) input_stride: i32,
    pub(crate) outputs: i32,
    pub(crate) inputs: i32,
    pub(crate) first_tap: i32,
    pub(crate) tap_step: i32,
    pub(crate) taps: i32,
    pub(crate) chunks: i32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Lookup {
    pub(crate) codes: u64,
    pub(crate) tables: u64,
    pub(crate) projections: u64,
    pub(crate) bias: u64,
    pub(crate) output: u64,
    pub(crate) codebooks: i32,
    pub(crate) entries: i32,
    pub(crate) width: i32,
    pub(crate) latent: i32,
    pub(crate) stride: i32,
    pub(crate) padding: i32,
}

// SAFETY: as in product.cuh.
unsafe impl Arguments for Matvec {}
// SAFETY: as in embed.cuh.
unsafe impl Arguments for Embed {}
// SAFETY: as in heads.cuh.
unsafe impl Arguments for Heads {}
// SAFETY: as in attention.cuh.
unsafe impl Arguments for Attention {}
// SAFETY: as in router.cuh.
unsafe impl Arguments for Router {}
// SAFETY: as in router.cuh.
unsafe impl Arguments for Gather {}
// SAFETY: as in sampler.cuh.
unsafe impl Arguments for Sampler {}
// SAFETY: as in fill.cuh.
unsafe impl Arguments for Fill {}
// SAFETY: as in arrange.cuh.
unsafe impl Arguments for Arrange {}
// SAFETY: as in codec.cuh.
unsafe impl Arguments for Convolve {}
// SAFETY: as in codec.cuh.
unsafe impl Arguments for Pack {}
// SAFETY: as in codec.cuh.
unsafe impl Arguments for Lookup {}
