use std::path::Path;

use candle_core::{DType, Device, Tensor};
use zonos_weights::Array;

use crate::{Error, Result};

/// The name of the codes in files that name their arrays.
const KEY: &str = "codes";

/// Aligned codes: for every frame one code of each codebook, all of the same moment.
///
/// Codes of the backbone are delayed (codebook *j* by *j* frames) and must be aligned before they come here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// Codebook-major: all of codebook 0, then all of codebook 1, …
    data: Vec<u32>,
    n_codebooks: usize,
}

impl Codes {
    /// Codes in codebook-major order: `data[codebook * frames + frame]`.
    ///
    /// # Errors
    /// When the codes do not divide evenly over the codebooks, or one is not below `codebook_size`.
    pub fn new(data: Vec<u32>, n_codebooks: usize, codebook_size: usize) -> Result<Self> {
        let codes = Self::shaped(data, n_codebooks)?;
        codes.check_range(codebook_size)?;
        Ok(codes)
    }

    /// Like [`Codes::new`], with codes that are too large set to the largest, `codebook_size − 1`. This is what the
    /// reference does with the end and padding marks that a cut-off generation can leave behind.
    ///
    /// # Errors
    /// When the codes do not divide evenly over the codebooks, or `codebook_size` is 0.
    pub fn clamped(data: Vec<u32>, n_codebooks: usize, codebook_size: usize) -> Result<Self> {
        let mut codes = Self::shaped(data, n_codebooks)?;
        let largest = codebook_size.saturating_sub(1);
        let largest = u32::try_from(largest).unwrap_or(u32::MAX);
        codes.data.iter_mut().for_each(|code| *code = (*code).min(largest));
        codes.check_range(codebook_size)?;
        Ok(codes)
    }

    /// Codes in frame-major order: `frames[frame * n_codebooks + codebook]`.
    ///
    /// # Errors
    /// As [`Codes::new`].
    pub fn from_frames(frames: &[u32], n_codebooks: usize, codebook_size: usize) -> Result<Self> {
        Self::new(transpose(frames, n_codebooks), n_codebooks, codebook_size)
    }

    /// The codes in frame-major order.
    pub fn to_frames(&self) -> Vec<u32> {
        transpose(&self.data, self.frames())
    }

    /// How many codebooks there are.
    pub fn n_codebooks(&self) -> usize {
        self.n_codebooks
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.data.len() / self.n_codebooks
    }

    /// All codes, codebook-major.
    pub fn as_slice(&self) -> &[u32] {
        &self.data
    }

    /// The codes of one codebook, frame by frame; `None` when there is no such codebook.
    pub fn codebook(&self, index: usize) -> Option<&[u32]> {
        self.data.chunks_exact(self.frames().max(1)).nth(index)
    }

    /// The codes as u32 `[codebooks, frames]`.
    ///
    /// # Errors
    /// When the device has no memory for them.
    pub fn to_tensor(&self, device: &Device) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.data, (self.n_codebooks, self.frames()), device)?)
    }

    /// Codes from an integer tensor `[codebooks, frames]`.
    ///
    /// # Errors
    /// When it has other dimensions, or a code is not below `codebook_size`.
    pub fn from_tensor(codes: &Tensor, codebook_size: usize) -> Result<Self> {
        let (n_codebooks, _) = codes.dims2()?;
        let data = codes.to_dtype(DType::U32)?.flatten_all()?.to_vec1()?;
        Self::new(data, n_codebooks, codebook_size)
    }

    /// Reads an integer array `[codebooks, frames]` from a `.npy`, `.npz` or `.safetensors` file; where arrays have
    /// names, the one named `codes` or the only one.
    ///
    /// # Errors
    /// When the file holds no such array, or a code is negative or not below `codebook_size`.
    pub fn load(path: impl AsRef<Path>, codebook_size: usize) -> Result<Self> {
        let path = path.as_ref();
        let array = Array::load(path, KEY)?;
        let wrong = |reason: String| Error::CodesFile { path: path.to_owned(), reason };
        let &[n_codebooks, frames] = array.shape() else {
            return Err(wrong(format!("its shape is {:?}, not [codebooks, frames]", array.shape())));
        };
        let values = array.to_i64().ok_or_else(|| wrong(format!("its type is {}", array.element())))?;
        let code = |(place, value): (usize, i64)| {
            let (codebook, frame) = (place / frames, place % frames);
            u32::try_from(value).map_err(|_| Error::CodeRange { code: value, codebook, frame, size: codebook_size })
        };
        let data = values.into_iter().enumerate().map(code).collect::<Result<_>>()?;
        Self::new(data, n_codebooks, codebook_size)
    }

    /// Writes the codes as int32 `[codebooks, frames]` to a `.npy`, `.npz` or `.safetensors` file, whole or not at
    /// all; where arrays have names, as `codes`.
    ///
    /// # Errors
    /// When the extension is another or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        // A code is below its codebook's size, which fits.
        let values: Vec<i32> = self.data.iter().map(|&code| i32::try_from(code).unwrap_or(i32::MAX)).collect();
        Ok(Array::from_i32(&[self.n_codebooks, self.frames()], &values)?.save(path.as_ref(), KEY)?)
    }

    /// Frames `range` of every codebook; the caller has checked the range.
    pub(crate) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let part = |codes: &[u32]| codes.get(range.clone()).unwrap_or_default().to_vec();
        let data = self.data.chunks_exact(self.frames().max(1)).flat_map(part).collect();
        Self { data, n_codebooks: self.n_codebooks }
    }

    pub(crate) fn check_range(&self, size: usize) -> Result<()> {
        match self.data.iter().position(|&code| code as usize >= size) {
            None => Ok(()),
            Some(place) => {
                let (codebook, frame) = (place / self.frames(), place % self.frames());
                Err(Error::CodeRange { code: self.data[place].into(), codebook, frame, size })
            }
        }
    }

    fn shaped(data: Vec<u32>, n_codebooks: usize) -> Result<Self> {
        if n_codebooks == 0 || !data.len().is_multiple_of(n_codebooks) {
            return Err(Error::Uneven { len: data.len(), n_codebooks });
        }
        Ok(Self { data, n_codebooks })
    }
}

/// Rows of `width` turned into columns; an incomplete last row is kept, for the shape check to find.
fn transpose(data: &[u32], width: usize) -> Vec<u32> {
    let column = |index| data.iter().skip(index).step_by(width.max(1)).copied();
    (0..width).flat_map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Codes {
        Codes::new(vec![1, 2, 3, 10, 20, 30], 2, 31).unwrap()
    }

    #[test]
    fn frames_and_codebooks_are_transposes() {
        let frames = [1, 10, 2, 20, 3, 30];
        assert_eq!(Codes::from_frames(&frames, 2, 31).unwrap(), codes());
        assert_eq!(codes().to_frames(), frames);
        assert_eq!(codes().codebook(1), Some(&[10, 20, 30][..]));
        assert_eq!(codes().codebook(2), None);
        assert_eq!(codes().slice(1..3).as_slice(), [2, 3, 20, 30]);
        let empty = Codes::new(vec![], 9, 1024).unwrap();
        assert_eq!((empty.frames(), empty.to_frames()), (0, vec![]));
    }

    #[test]
    fn codes_out_of_range_are_named() {
        let error = Codes::new(vec![1, 2, 3, 10, 31, 30], 2, 31).unwrap_err();
        let Error::CodeRange { code, codebook, frame, size } = error else { panic!("{error}") };
        assert_eq!((code, codebook, frame, size), (31, 1, 1, 31));
        let clamped = Codes::clamped(vec![1, 2, 3, 10, 31, 1025], 2, 31).unwrap();
        assert_eq!(clamped.as_slice(), [1, 2, 3, 10, 30, 30]);
        assert!(Codes::clamped(vec![1], 1, 0).is_err());
    }

    #[test]
    fn uneven_codes_are_refused() {
        assert!(matches!(Codes::new(vec![0; 10], 9, 1024), Err(Error::Uneven { len: 10, n_codebooks: 9 })));
        assert!(matches!(Codes::from_frames(&[0; 10], 9, 1024), Err(Error::Uneven { .. })));
        assert!(matches!(Codes::new(vec![], 0, 1024), Err(Error::Uneven { .. })));
    }

    #[test]
    fn tensors_round_trip() {
        let tensor = codes().to_tensor(&Device::Cpu).unwrap();
        assert_eq!(tensor.dims(), [2, 3]);
        assert_eq!(Codes::from_tensor(&tensor, 31).unwrap(), codes());
        assert!(Codes::from_tensor(&tensor, 30).is_err());
        assert!(Codes::from_tensor(&tensor.flatten_all().unwrap(), 31).is_err());
    }

    #[test]
    fn files_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["codes.npy", "codes.npz", "codes.safetensors"] {
            let path = folder.path().join(name);
            codes().save(&path).unwrap();
            assert_eq!(Codes::load(&path, 31).unwrap(), codes(), "{name}");
            assert!(matches!(Codes::load(&path, 30), Err(Error::CodeRange { code: 30, .. })));
        }
        assert!(codes().save(folder.path().join("codes.txt")).is_err());
    }

    #[test]
    fn files_of_other_kinds_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.npy");
        let message = |array: Array| {
            array.save(&path, KEY).unwrap();
            Codes::load(&path, 1024).unwrap_err().to_string()
        };
        let float = message(Array::from_f32(&[1, 2], &[1.0, 2.0]).unwrap());
        assert!(float.contains("f32"), "{float}");
        let flat = message(Array::from_i32(&[2], &[1, 2]).unwrap());
        assert!(flat.contains("[codebooks, frames]"), "{flat}");
        let negative = message(Array::from_i32(&[1, 2], &[1, -2]).unwrap());
        assert!(negative.contains("code -2 (codebook 0, frame 1)"), "{negative}");
    }
}
