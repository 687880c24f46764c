//! What experts made of some rows each, added up row by row.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::contiguous;
use super::outputs::each_row;

/// A row that an expert made: whose it is, and what it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) row: u32,
    pub(crate) weight: f32,
}

/// Adds up `outputs` [shares, width], times their weights and in their order, to `rows` rows. CPU and float32 only.
pub(crate) fn combine(outputs: &Tensor, shares: &[Share], rows: usize) -> Result<Tensor> {
    outputs.contiguous()?.apply_op1_no_bwd(&Combine { shares, rows })
}

struct Combine<'a> {
    shares: &'a [Share],
    rows: usize,
}

impl Combine<'_> {
    /// The places of each row's shares.
    fn places(&self) -> Result<Vec<Vec<usize>>> {
        let mut places = vec![Vec::new(); self.rows];
        for (place, share) in self.shares.iter().enumerate() {
            match places.get_mut(share.row as usize) {
                Some(own) => own.push(place),
                None => bail!("there is no row {} of {}", share.row, self.rows),
            }
        }
        Ok(places)
    }
}

impl CustomOp1 for Combine<'_> {
    fn name(&self) -> &'static str {
        "combine"
    }

    fn cpu_fwd(&self, outputs: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (shares, width) = layout.shape().dims2()?;
        if shares != self.shares.len() {
            bail!("{shares} outputs of {} shares", self.shares.len())
        }
        let outputs = contiguous(outputs.as_slice::<f32>()?, layout)?;
        let places = self.places()?;
        let add_up = |row: usize, sums: &mut [f32]| {
            for &place in &places[row] {
                let weight = self.shares[place].weight;
                for (sum, output) in sums.iter_mut().zip(&outputs[place * width..][..width]) {
                    *sum += weight * output;
                }
            }
        };
        Ok((CpuStorage::F32(each_row(self.rows * width, width, add_up)), Shape::from((self.rows, width))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::{bits, uniform, values};

    proptest! {
        #[test]
        fn agrees_with_tensor_operations(rows in 1usize..30, shares in 1usize..60, width in 1usize..700, seed: u64) {
            let outputs = uniform((shares, width), seed);
            let share = |place: usize| Share { row: (seed as usize ^ (place * 7)) as u32 % rows as u32, weight: place as f32 / 9.0 };
            let shares: Vec<_> = (0..shares).map(share).collect();
            let mut sum = uniform((rows, width), 0).zeros_like().unwrap();
            for (place, share) in shares.iter().enumerate() {
                let row = Tensor::new(&[share.row], sum.device()).unwrap();
                let output = (outputs.narrow(0, place, 1).unwrap() * f64::from(share.weight)).unwrap();
                sum = sum.index_add(&row, &output, 0).unwrap();
            }
            let found = combine(&outputs, &shares, rows).unwrap();
            prop_assert_eq!(bits(&values(&found)), bits(&values(&sum)));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let share = Share { row: 2, weight: 1.0 };
        assert!(combine(&uniform((1, 4), 1), &[share], 2).is_err());
        assert!(combine(&uniform((2, 4), 1), &[share], 3).is_err());
    }
}
