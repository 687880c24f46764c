//! Products with weights in float32, float16 and bfloat16: widened, multiplied and added up in float32.
//!
//! Each result is added up in sixteen lanes, number `i` in lane `i % 16`, and then across them: in one order, whatever
//! rows are multiplied beside it, and with the same bits on every processor that multiplies and adds in one step.

// Sums stay in registers only while nothing borrows them: no iterators, no closures around them.
#[cfg(target_arch = "x86_64")]
#[expect(clippy::needless_range_loop)]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod element;
mod multiply;
// As above.
#[cfg(target_arch = "aarch64")]
#[allow(clippy::needless_range_loop)]
mod neon;
mod plain;
#[cfg(test)]
mod tests;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

pub(super) use self::element::Element;
use self::multiply::{multiply, multiply_panel, total, widen};
use super::contiguous;
use super::instructions::{Instructions, ask_for};
use super::outputs::{Columns, Size, by_columns, columns_of};

/// Sums of one result, side by side.
type Lanes = [f32; LANES];
const LANES: usize = 16;

/// `x` [rows, in] in float32 times the transpose of `weight` [out, in] in f32, f16 or bf16: [rows, out] in float32.
/// CPU only; both contiguous.
pub(crate) fn rows_times_matrix(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2_no_bwd(weight, &RowsTimesMatrix)
}

struct RowsTimesMatrix;

impl CustomOp2 for RowsTimesMatrix {
    fn name(&self) -> &'static str {
        "rows-times-matrix"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((rows, inputs), (outputs, weight_inputs)) = (x_layout.shape().dims2()?, weight_layout.shape().dims2()?);
        if inputs != weight_inputs {
            bail!("{rows} rows of {inputs} do not fit a matrix of {outputs} × {weight_inputs}")
        }
        let x = contiguous(x.as_slice::<f32>()?, x_layout)?;
        let (best, size) = (Instructions::best(), Size { rows, inputs, outputs });
        let y = match weight {
            CpuStorage::F32(weight) => product(best, x, contiguous(weight, weight_layout)?, size),
            CpuStorage::F16(weight) => product(best, x, contiguous(weight, weight_layout)?, size),
            CpuStorage::BF16(weight) => product(best, x, contiguous(weight, weight_layout)?, size),
            _ => bail!("a weight matrix must be f32, f16 or bf16"),
        };
        Ok((CpuStorage::F32(y), Shape::from((rows, outputs))))
    }
}

/// Rows of activations, filled up to whole lanes by zeros.
struct Rows {
    numbers: Vec<f32>,
    len: usize,
}

impl Rows {
    fn new(x: &[f32], size: Size) -> Self {
        let len = size.inputs.next_multiple_of(LANES);
        let mut numbers = vec![0.0; size.rows * len];
        if size.inputs > 0 {
            for (to, from) in numbers.chunks_exact_mut(len).zip(x.chunks_exact(size.inputs)) {
                to[..size.inputs].copy_from_slice(from);
            }
        }
        Self { numbers, len }
    }

    /// The numbers from `from` to `to` of a row.
    fn part(&self, row: usize, from: usize, to: usize) -> &[f32] {
        &self.numbers[row * self.len + from..row * self.len + to]
    }
}

fn product<T: Element>(instructions: Instructions, x: &[f32], weight: &[T], size: Size) -> Vec<f32> {
    let x = Rows::new(x, size);
    by_columns(size, columns_of(size), |columns| match size.rows {
        1 => by_rows::<T, 1>(instructions, &x, weight, size, columns),
        2 => by_rows::<T, 2>(instructions, &x, weight, size, columns),
        3 => by_rows::<T, 3>(instructions, &x, weight, size, columns),
        // From here on it pays to widen weights before.
        _ => by_panels(instructions, &x, weight, size, columns),
    })
}

/// Each row of weights as it lies, with all `C` rows of activations.
fn by_rows<T: Element, const C: usize>(
    instructions: Instructions,
    x: &Rows,
    weight: &[T],
    size: Size,
    mut columns: Columns,
) {
    let (whole, range) = (size.inputs / LANES * LANES, columns.range());
    for first in range.clone().step_by(2) {
        // The last may be alone; then it is multiplied twice.
        let rows = [first, (first + 1).min(range.end - 1)].map(|row| &weight[row * size.inputs..][..size.inputs]);
        let mut sums = [[[0.0; LANES]; 2]; C];
        let x_whole = std::array::from_fn(|c| x.part(c, 0, whole));
        multiply(instructions, rows.map(|row| &row[..whole]), x_whole, sums.each_mut());
        if whole < size.inputs {
            let rest = rows.map(|row| filled_up(&row[whole..]));
            let x_rest = std::array::from_fn(|c| x.part(c, whole, x.len));
            multiply(instructions, rest.each_ref().map(|rest| &rest[..]), x_rest, sums.each_mut());
        }
        let count = 2.min(range.end - first);
        for (c, sums) in sums.iter().enumerate() {
            columns.put(c, first, &sums.map(total)[..count]);
        }
    }
}

fn filled_up<T: Element>(rest: &[T]) -> [T; LANES] {
    let mut lanes = [T::ZERO; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    lanes
}

/// Rows of weights that are widened together.
const PANEL_ROWS: usize = 16;
/// Numbers of each that are widened at a time: the nearest cache is to hold them all.
const PANEL_LEN: usize = 256;
/// Sums of one row of activations with all rows of a panel.
type PanelSums = [Lanes; PANEL_ROWS];

/// Some rows of weights at a time, a stretch of each widened once for all rows of activations. Meanwhile the next come out
/// of memory.
fn by_panels<T: Element>(instructions: Instructions, x: &Rows, weight: &[T], size: Size, mut columns: Columns) {
    let (mut panel, range) = (vec![0.0; PANEL_ROWS * PANEL_LEN], columns.range());
    let mut sums = vec![[[0.0; LANES]; PANEL_ROWS]; size.rows];
    let rows = |first: usize| first.min(range.end)..(first + PANEL_ROWS).min(range.end);
    for first in range.clone().step_by(PANEL_ROWS) {
        let count = rows(first).len();
        sums.fill([[0.0; LANES]; PANEL_ROWS]);
        for from in (0..x.len).step_by(PANEL_LEN) {
            let to = x.len.min(from + PANEL_LEN);
            let part = |row: usize| &weight[row * size.inputs..][from..size.inputs.min(to)];
            rows(first + PANEL_ROWS).for_each(|row| ask_for(part(row)));
            for (row, panel) in rows(first).zip(panel.chunks_exact_mut(PANEL_LEN)) {
                widen(instructions, part(row), panel);
                panel[part(row).len()..].fill(0.0);
            }
            multiply_panel(instructions, &panel, |row| x.part(row, from, to), &mut sums);
        }
        for (row, sums) in sums.iter().enumerate() {
            columns.put(row, first, &sums.map(total)[..count]);
        }
    }
}
