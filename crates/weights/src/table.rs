//! Tensors of which a few elements at a time are asked for.

use candle_core::{DType, Device, Tensor};

use crate::mapped::Entry;
use crate::{Error, Result};

/// A tensor as it lies in a mapped file, which it keeps mapped. Its elements along the first axis are copied when they are
/// asked for, and nothing else is.
#[derive(Clone)]
pub struct Table {
    name: String,
    entry: Entry,
}

impl Table {
    pub(crate) fn new(name: &str, entry: Entry) -> Self {
        Self { name: name.to_owned(), entry }
    }

    /// The elements at `indices`, on the CPU and widened to float32 from whatever they are stored in: [indices, …].
    ///
    /// # Errors
    /// When there is no such element, or no index.
    pub fn gather(&self, indices: &[u32]) -> Result<Tensor> {
        let elements = indices.iter().map(|&index| self.element(index as usize)).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&elements, 0).map_err(|source| Error::Tensor { name: self.name.clone(), source })
    }

    /// One element, [1, …].
    fn element(&self, index: usize) -> Result<Tensor> {
        let element = index.checked_add(1).and_then(|end| self.entry.narrow(index..end));
        let missing = || Error::Part { name: self.name.clone(), shape: self.entry.shape.clone(), index };
        element.ok_or_else(missing)?.tensor(&self.name, Some(DType::F32), &Device::Cpu)
    }
}
