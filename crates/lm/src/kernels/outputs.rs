//! Results that several tasks write side by side.

use std::marker::PhantomData;
use std::ops::Range;

use super::team;

/// The size of a product.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// Results [rows, outputs], of which each task has columns of its own.
struct Outputs<'a> {
    values: *mut f32,
    size: Size,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: tasks write to columns of their own only.
unsafe impl Sync for Outputs<'_> {}

/// The columns of one task.
pub(super) struct Columns<'a> {
    outputs: &'a Outputs<'a>,
    range: Range<usize>,
}

impl Columns<'_> {
    /// Which they are.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Writes results of a row, from a column on.
    pub(super) fn put(&mut self, row: usize, first: usize, values: &[f32]) {
        let size = self.outputs.size;
        let is_own = first >= self.range.start && first + values.len() <= self.range.end;
        assert!(row < size.rows && is_own, "results of this task");
        // SAFETY: inside the results, as was just checked, and nobody else writes to these columns.
        unsafe {
            let to = self.outputs.values.add(row * size.outputs + first);
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, values.len());
        }
    }
}

/// Products of fewer multiplications than this are not worth having other threads join.
const PARALLEL_FROM: usize = 1 << 16;

/// Columns of a product that one task makes, of few rows and of many.
pub(super) fn columns_of(size: Size) -> usize {
    if size.rows < 3 { 32 } else { 64 }
}

/// Results [rows, outputs] made by tasks of so many columns each.
pub(super) fn by_columns(size: Size, columns: usize, task: impl Fn(Columns) + Sync) -> Vec<f32> {
    let mut values = vec![0.0; size.rows * size.outputs];
    let outputs = Outputs { values: values.as_mut_ptr(), size, lifetime: PhantomData };
    let make = |range| task(Columns { outputs: &outputs, range });
    if size.rows * size.inputs * size.outputs < PARALLEL_FROM {
        make(0..size.outputs);
    } else {
        team::each(size.outputs.div_ceil(columns), &|number| {
            make(number * columns..size.outputs.min((number + 1) * columns));
        });
    }
    values
}

/// Results of fewer numbers than this are not worth having other threads join.
const PARALLEL_ROWS_FROM: usize = 1 << 14;

/// Results of `len` numbers, at first zero, made in chunks of `width`, each by a call of `make` with its number.
pub(super) fn each_row(len: usize, width: usize, make: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let mut results = vec![0.0; len];
    let rows = results.chunks_mut(width.max(1)).enumerate();
    if len < PARALLEL_ROWS_FROM {
        rows.for_each(|(row, results)| make(row, results));
    } else {
        team::each_of(rows, |(row, results)| make(row, results));
    }
    results
}
