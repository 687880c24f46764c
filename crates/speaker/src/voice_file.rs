//! Voices in files.

use std::path::Path;

use zonos_weights::Array;

use crate::{Error, Result, Voice};

/// The name of a voice in files that name their arrays.
const KEY: &str = "emb";

impl Voice {
    /// Reads a float array `[numbers]`, or `[clips, numbers]` to be averaged, from a `.npy`, `.npz` or `.safetensors`
    /// file; where arrays have names, the one named `emb` or the only one. Pickled objects are refused.
    ///
    /// # Errors
    /// When the file is damaged, larger than 64 MiB, or holds no such array.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::of(path, &Array::load(path, KEY)?)
    }

    /// Reads a voice from the bytes of such a file. `name` decides what they are and stands for them in messages.
    ///
    /// # Errors
    /// As [`Voice::load`].
    pub fn from_bytes(name: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        Self::of(name.as_ref(), &Array::from_bytes(name.as_ref(), bytes, KEY)?)
    }

    fn of(path: &Path, array: &Array) -> Result<Self> {
        let wrong = |reason: String| Error::VoiceFile { path: path.to_owned(), reason };
        let values = array.to_f32().ok_or_else(|| wrong(format!("its type is {}, not a float", array.element())))?;
        let voice = match *array.shape() {
            [_] => Voice::new(values),
            [_, dim] => rows(&values, dim).and_then(|voices| Voice::mean(&voices)),
            ref shape => return Err(wrong(format!("its shape is {shape:?}, not [numbers] or [clips, numbers]"))),
        };
        voice.map_err(|error| wrong(error.to_string()))
    }

    /// Writes the voice as float32 `[numbers]` to a `.npy`, `.npz` or `.safetensors` file, whole or not at all; where
    /// arrays have names, as `emb`.
    ///
    /// # Errors
    /// When the extension is another or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(Array::from_f32(&[self.dim()], self.as_slice())?.save(path, KEY)?)
    }
}

/// One voice for each row of `dim` numbers.
fn rows(values: &[f32], dim: usize) -> Result<Vec<Voice>> {
    values.chunks_exact(dim.max(1)).map(|row| Voice::new(row.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn refusal(&self, array: &Array) -> String {
            let path = self.path("voice.npz");
            array.save(&path, KEY).unwrap();
            Voice::load(&path).unwrap_err().to_string()
        }
    }

    #[test]
    fn voices_round_trip() {
        let (folder, voice) = (Folder::new(), Voice::new(vec![1.5, -2.0, 1e-20]).unwrap());
        for name in ["voice.npy", "voice.npz", "voice.safetensors"] {
            voice.save(folder.path(name)).unwrap();
            assert_eq!(Voice::load(folder.path(name)).unwrap(), voice, "{name}");
            let bytes = std::fs::read(folder.path(name)).unwrap();
            assert_eq!(Voice::from_bytes(name, &bytes).unwrap(), voice, "{name}");
            assert!(Voice::from_bytes(name, &bytes[..20]).unwrap_err().to_string().contains(name));
        }
        assert!(voice.save(folder.path("voice.pt")).unwrap_err().to_string().contains(".safetensors"));
        assert!(voice.save(folder.path("no such folder/voice.npy")).is_err());
        assert!(Voice::load(folder.path("none.npy")).unwrap_err().to_string().contains("none.npy"));
    }

    #[test]
    fn several_rows_are_averaged() {
        let folder = Folder::new();
        let array = Array::from_f32(&[2, 3], &[1.0, 2.0, 3.0, 3.0, 2.0, 1.0]).unwrap();
        array.save(folder.path("voices.npy"), KEY).unwrap();
        assert_eq!(Voice::load(folder.path("voices.npy")).unwrap().as_slice(), [2.0, 2.0, 2.0]);
    }

    #[test]
    fn arrays_that_are_no_voice_are_refused() {
        let folder = Folder::new();
        let floats = |shape: &[usize], values: &[f32]| folder.refusal(&Array::from_f32(shape, values).unwrap());
        assert!(floats(&[2], &[1.0, f32::NAN]).contains("number 1 is NaN"));
        assert!(floats(&[1, 2, 2], &[1.0; 4]).contains("[1, 2, 2]"));
        assert!(floats(&[], &[1.0]).contains("[]"));
        assert!(floats(&[0], &[]).contains("0 numbers"));
        assert!(floats(&[0, 4], &[]).contains("no voices"));
        assert!(floats(&[4, 0], &[]).contains("no voices"));
        assert!(floats(&[1 << 17], &vec![0.0; 1 << 17]).contains("131072 numbers"));
        assert!(folder.refusal(&Array::from_i32(&[2], &[1, 2]).unwrap()).contains("i32"));
    }

    #[test]
    fn pickled_objects_are_refused() {
        let folder = Folder::new();
        let header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
        let bytes = [&b"\x93NUMPY\x01\x00"[..], &[header.len() as u8, 0], header, b"\x80\x04K\x01."].concat();
        std::fs::write(folder.path("voice.npy"), bytes).unwrap();
        assert!(Voice::load(folder.path("voice.npy")).unwrap_err().to_string().contains("pickle"));
    }
}
