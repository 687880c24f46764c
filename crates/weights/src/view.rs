use std::path::Path;

use candle_core::{DType, Device, Tensor};

use crate::mapped::Entry;
use crate::{Checkpoint, ElementType, Error, Quantized, Result, Table};

/// A view of a [`Checkpoint`] below a name prefix, for a device and an element type.
#[derive(Clone)]
pub struct Weights<'a> {
    checkpoint: &'a Checkpoint,
    prefix: String,
    device: Device,
    dtype: Option<DType>,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(checkpoint: &'a Checkpoint, device: Device, dtype: Option<DType>) -> Self {
        Self { checkpoint, prefix: String::new(), device, dtype }
    }

    /// The view one level down: `weights.at("layers").at(3)` sees `layers.3.*`.
    pub fn at(&self, name: impl std::fmt::Display) -> Self {
        Self { prefix: self.full(name), ..self.clone() }
    }

    /// What was opened, for messages.
    pub fn path(&self) -> &'a Path {
        self.checkpoint.path()
    }

    /// Where tensors are made.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The element type that tensors get; `None` for that which they are stored in.
    pub fn dtype(&self) -> Option<DType> {
        self.dtype
    }

    /// The tensor `name`, in the element type of this view. Without one, quantized tensors become float16.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.checkpoint.tensor(&self.full(name), shape, self.dtype, &self.device)
    }

    /// The tensor `name` in float32, for what is computed in full precision whatever the weights are.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn get_f32(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.checkpoint.tensor(&self.full(name), shape, Some(DType::F32), &self.device)
    }

    /// Element `index` along the first axis of the stacked tensor `name` of the whole `shape`, without reading the
    /// rest of the stack.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn get_part(&self, name: &str, shape: &[usize], index: usize) -> Result<Tensor> {
        self.checkpoint.part(&self.full(name), shape, index, self.dtype, &self.device)
    }

    /// The tensor `name` of the whole `shape` as it lies in its file, when it is quantized; `None` when it is not.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn get_quantized(&self, name: &str, shape: &[usize]) -> Result<Option<Quantized>> {
        self.checkpoint.quantized(&self.full(name), shape)
    }

    /// The tensor `name` of the whole `shape` as it lies in its file, to read elements of its first axis from; `None` where
    /// weights are random.
    ///
    /// # Errors
    /// When it is missing or has another shape.
    pub fn get_table(&self, name: &str, shape: &[usize]) -> Result<Option<Table>> {
        self.checkpoint.table(&self.full(name), shape)
    }

    /// Whether the tensor is there; always so for random weights.
    pub fn contains(&self, name: &str) -> bool {
        self.checkpoint.contains(&self.full(name))
    }

    /// The stored shape of a tensor; `None` where weights are random and take any shape.
    ///
    /// # Errors
    /// When it is missing.
    pub fn shape(&self, name: &str) -> Result<Option<&'a [usize]>> {
        self.checkpoint.shape(&self.full(name))
    }

    /// How a tensor is stored; `None` where weights are random.
    ///
    /// # Errors
    /// When it is missing.
    pub fn element_type(&self, name: &str) -> Result<Option<ElementType>> {
        self.checkpoint.element_type(&self.full(name))
    }

    fn full(&self, name: impl std::fmt::Display) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }
}

impl Entry {
    /// Copies the tensor to the device, then changes its element type if another is wanted. Quantized numbers are
    /// widened, and without a wish become float16: finer than any block.
    pub(crate) fn tensor(&self, name: &str, dtype: Option<DType>, device: &Device) -> Result<Tensor> {
        let made = match self.element {
            ElementType::Plain(stored) => Tensor::from_raw_buffer(self.bytes(), stored, &self.shape, device)
                .and_then(|tensor| tensor.to_dtype(dtype.unwrap_or(stored))),
            ElementType::Blocks(_) => self.widened(dtype.unwrap_or(DType::F16), device),
        };
        made.map_err(|source| Error::Tensor { name: name.to_owned(), source })
    }

    fn widened(&self, dtype: DType, device: &Device) -> candle_core::Result<Tensor> {
        let numbers = Quantized::of(self.clone()).map(|quantized| quantized.dequantize()).unwrap_or_default();
        Tensor::from_vec(numbers, self.shape.as_slice(), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
    }
}
