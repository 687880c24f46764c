use super::isa::Isa;
use super::kernel::{PANEL, Rows, add_product};

/// Terms whose weights stay in the first-level cache while all rows pass.
const TERMS_AT_ONCE: usize = 192;

/// A matrix `[terms, columns]` in the order in which the kernels read it: panels of sixteen columns, in each of them one
/// term after the other. The last panel is filled up with zeros.
pub(super) struct Panels {
    terms: usize,
    columns: usize,
    values: Vec<f32>,
    isa: Isa,
}

impl Panels {
    /// Of the weights that `weight(term, column)` gives.
    pub(super) fn pack(terms: usize, columns: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let mut values = vec![0.0; columns.div_ceil(PANEL) * terms * PANEL];
        for (panel, values) in values.chunks_mut((terms * PANEL).max(1)).enumerate() {
            for (term, values) in values.chunks_mut(PANEL).enumerate() {
                let columns = panel * PANEL..columns.min((panel + 1) * PANEL);
                values.iter_mut().zip(columns).for_each(|(value, column)| *value = weight(term, column));
            }
        }
        Self { terms, columns, values, isa: Isa::best() }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Adds `x · weights` to `y [count, columns]`, where the rows of `x` are as long as there are terms.
    pub(super) fn add(&self, x: Rows, y: &mut [f32]) {
        self.add_part(0, self.terms, x, y);
    }

    /// Adds the part of the product that the terms `first..first + count` make; the rows of `x` hold these.
    pub(super) fn add_part(&self, first: usize, count: usize, x: Rows, y: &mut [f32]) {
        let most = count.div_ceil(count.div_ceil(TERMS_AT_ONCE).max(1)).max(1);
        for start in (0..count).step_by(most) {
            let terms = most.min(count - start);
            let panels = self.values.chunks((self.terms * PANEL).max(1));
            let panels: Vec<&[f32]> = panels.map(|panel| &panel[(first + start) * PANEL..][..terms * PANEL]).collect();
            let x = Rows { values: &x.values[start.min(x.values.len())..], ..x };
            add_product(self.isa, x, &panels, terms, y, self.columns);
        }
    }
}
