//! Where the numbers of a tensor come from.

use candle_core::{IndexOp, Tensor};
use zonos_weights::Weights;

use crate::Result;

/// A tensor of a checkpoint, and what is taken of it.
pub(super) struct Source {
    pub(super) name: String,
    /// The shape of the whole tensor.
    pub(super) shape: Vec<usize>,
    pub(super) take: Take,
}

#[derive(Clone, Copy)]
pub(super) enum Take {
    /// Everything.
    All,
    /// One element of the first axis.
    Part(usize),
    /// Of each matrix of a stack, every second row, from this one on.
    EverySecond(usize),
    /// Of each matrix of a stack, the first or the second half of the rows.
    Half(usize),
    /// Magnitudes, as a list.
    Magnitudes,
}

impl Source {
    /// The shape of what is taken.
    pub(super) fn taken(&self) -> Vec<usize> {
        match (self.take, self.shape.as_slice()) {
            (Take::Part(_), [_, rest @ ..]) => rest.to_vec(),
            (Take::EverySecond(_) | Take::Half(_), &[count, rows, columns]) => vec![count, rows / 2, columns],
            (Take::Magnitudes, shape) => vec![shape.iter().product()],
            (_, shape) => shape.to_vec(),
        }
    }

    /// In how many pieces it is read: a stack of matrices matrix by matrix, all else at once.
    pub(super) fn pieces(&self) -> usize {
        match (self.take, self.shape.as_slice()) {
            (Take::All | Take::EverySecond(_) | Take::Half(_), &[count, _, _]) => count,
            _ => 1,
        }
    }

    /// A piece in the element type of `weights`.
    pub(super) fn read(&self, weights: &Weights, piece: usize) -> Result<Tensor> {
        let part = |index| weights.get_part(&self.name, &self.shape, index);
        Ok(match self.take {
            Take::All if self.shape.len() == 3 => part(piece)?,
            Take::All => weights.get(&self.name, &self.shape)?,
            Take::Part(index) => part(index)?,
            Take::EverySecond(first) => every_second(&part(piece)?, first)?,
            Take::Half(half) => {
                let rows = self.shape[1] / 2;
                part(piece)?.narrow(0, half * rows, rows)?
            }
            Take::Magnitudes => weights.get(&self.name, &self.shape)?.abs()?.flatten_all()?,
        })
    }
}

fn every_second(matrix: &Tensor, first: usize) -> Result<Tensor> {
    let (rows, columns) = matrix.dims2()?;
    Ok(matrix.reshape((rows / 2, 2, columns))?.i((.., first, ..))?)
}
