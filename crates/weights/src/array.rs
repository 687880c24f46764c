use half::{bf16, f16};

use crate::{Error, Result};

/// A small array of numbers in memory, as voices and codes are stored: row-major, with a shape and an element type.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    element: Element,
    shape: Vec<usize>,
    /// Little endian.
    bytes: Vec<u8>,
}

/// The type of an array's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 16-bit float with 8 bits of exponent; in safetensors only.
    BF16,
    /// 16-bit float.
    F16,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 8-bit integer.
    I8,
    /// 16-bit integer.
    I16,
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit unsigned integer.
    U64,
}

impl Element {
    pub(crate) const NAMES: &str = "f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8";

    /// From numpy's code without byte order, such as `f4`.
    pub(crate) fn from_numpy(code: &str) -> Option<Self> {
        Some(match code {
            "f2" => Self::F16,
            "f4" => Self::F32,
            "f8" => Self::F64,
            "i1" => Self::I8,
            "i2" => Self::I16,
            "i4" => Self::I32,
            "i8" => Self::I64,
            "u1" => Self::U8,
            "u2" => Self::U16,
            "u4" => Self::U32,
            "u8" => Self::U64,
            _ => return None,
        })
    }

    /// Numpy's code with byte order. Numpy has no bf16; arrays are never made of it here.
    pub(crate) fn numpy(self) -> &'static str {
        match self {
            Self::F16 | Self::BF16 => "<f2",
            Self::F32 => "<f4",
            Self::F64 => "<f8",
            Self::I8 => "|i1",
            Self::I16 => "<i2",
            Self::I32 => "<i4",
            Self::I64 => "<i8",
            Self::U8 => "|u1",
            Self::U16 => "<u2",
            Self::U32 => "<u4",
            Self::U64 => "<u8",
        }
    }

    fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::BF16 | Self::F16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }
}

impl std::fmt::Display for Element {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

impl Array {
    /// A float32 array.
    ///
    /// # Errors
    /// When the shape holds another number of values.
    pub fn from_f32(shape: &[usize], values: &[f32]) -> Result<Self> {
        Self::from_parts(Element::F32, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// An int32 array.
    ///
    /// # Errors
    /// When the shape holds another number of values.
    pub fn from_i32(shape: &[usize], values: &[i32]) -> Result<Self> {
        Self::from_parts(Element::I32, shape, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn from_parts(element: Element, shape: &[usize], bytes: Vec<u8>) -> Result<Self> {
        Self::new(element, shape.to_vec(), &bytes).map_err(|reason| Error::Array { reason })
    }

    /// Checks that the bytes fill the shape exactly before copying them.
    pub(crate) fn new(element: Element, shape: Vec<usize>, bytes: &[u8]) -> std::result::Result<Self, String> {
        let needed = shape.iter().try_fold(element.size(), |bytes, &size| bytes.checked_mul(size));
        if needed != Some(bytes.len()) {
            return Err(format!("its shape {shape:?} of {element} does not go with {} bytes of values", bytes.len()));
        }
        Ok(Self { element, shape, bytes: bytes.to_vec() })
    }

    /// The sizes of its dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The type of its numbers.
    pub fn element(&self) -> Element {
        self.element
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The values, when they are floats; `None` for integers.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        match self.element {
            Element::BF16 => Some(self.map(|bytes| bf16::from_le_bytes(bytes).to_f32())),
            Element::F16 => Some(self.map(|bytes| f16::from_le_bytes(bytes).to_f32())),
            Element::F32 => Some(self.map(f32::from_le_bytes)),
            Element::F64 => Some(self.map(|bytes| f64::from_le_bytes(bytes) as f32)),
            _ => None,
        }
    }

    /// The values, when they are integers; `None` for floats. Numbers beyond the range become its end.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        Some(match self.element {
            Element::I8 => self.map(|bytes| i8::from_le_bytes(bytes).into()),
            Element::I16 => self.map(|bytes| i16::from_le_bytes(bytes).into()),
            Element::I32 => self.map(|bytes| i32::from_le_bytes(bytes).into()),
            Element::I64 => self.map(i64::from_le_bytes),
            Element::U8 => self.map(|bytes| u8::from_le_bytes(bytes).into()),
            Element::U16 => self.map(|bytes| u16::from_le_bytes(bytes).into()),
            Element::U32 => self.map(|bytes| u32::from_le_bytes(bytes).into()),
            Element::U64 => self.map(|bytes| i64::try_from(u64::from_le_bytes(bytes)).unwrap_or(i64::MAX)),
            _ => return None,
        })
    }

    fn map<const N: usize, T>(&self, convert: impl Fn([u8; N]) -> T) -> Vec<T> {
        self.bytes.as_chunks::<N>().0.iter().map(|bytes| convert(*bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(element: Element, bytes: &[u8]) -> Array {
        Array::new(element, vec![bytes.len() / element.size()], bytes).unwrap()
    }

    #[test]
    fn every_type_converts() {
        assert_eq!(array(Element::F16, &f16::from_f32(1.5).to_le_bytes()).to_f32(), Some(vec![1.5]));
        assert_eq!(array(Element::BF16, &bf16::from_f32(1.5).to_le_bytes()).to_f32(), Some(vec![1.5]));
        assert_eq!(array(Element::F64, &1.5f64.to_le_bytes()).to_f32(), Some(vec![1.5]));
        assert_eq!(array(Element::I8, &[255]).to_i64(), Some(vec![-1]));
        assert_eq!(array(Element::I16, &[254, 255]).to_i64(), Some(vec![-2]));
        assert_eq!(array(Element::U16, &[254, 255]).to_i64(), Some(vec![65534]));
        assert_eq!(array(Element::U32, &[255; 4]).to_i64(), Some(vec![u32::MAX.into()]));
        assert_eq!(array(Element::U64, &[255; 8]).to_i64(), Some(vec![i64::MAX]));
        assert_eq!(array(Element::I64, &[255; 8]).to_i64(), Some(vec![-1]));
    }

    #[test]
    fn integers_are_no_floats() {
        assert_eq!(array(Element::I32, &[0; 4]).to_f32(), None);
        assert_eq!(array(Element::F32, &[0; 4]).to_i64(), None);
    }

    #[test]
    fn values_must_fill_the_shape() {
        assert!(Array::from_f32(&[2, 2], &[0.0; 3]).is_err());
        assert!(Array::from_i32(&[usize::MAX, 2], &[]).is_err());
    }
}
