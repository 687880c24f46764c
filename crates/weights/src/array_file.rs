//! Small array files: `.npy`, `.npz` and `.safetensors`, read whole into memory.

use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::array::{Array, Element};
use crate::{Error, Result, npy};

/// Bytes of the largest file, and of the largest array once unpacked. A voice has 8 kB; an hour of codes 11 MB.
const MAX_BYTES: u64 = 64 << 20;

type Outcome<T> = std::result::Result<T, String>;

#[derive(Clone, Copy)]
enum Format {
    Npy,
    Npz,
    Safetensors,
}

impl Array {
    /// Reads an array from a `.npy`, `.npz` or `.safetensors` file; the extension decides. Where arrays have names, it
    /// is the one named `key` or the only one. Python objects (pickles) are refused.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than 64 MiB, is damaged, or holds no such array.
    pub fn load(path: impl AsRef<Path>, key: &str) -> Result<Self> {
        let path = path.as_ref();
        let malformed = |reason| Error::Malformed { path: path.to_owned(), reason };
        Format::of(path)?;
        let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::from_bytes(path, &read_limited(file).map_err(malformed)?, key)
    }

    /// Reads an array from the bytes of such a file. `name` decides what they are and stands for them in messages.
    ///
    /// # Errors
    /// As [`Array::load`].
    pub fn from_bytes(name: impl AsRef<Path>, bytes: &[u8], key: &str) -> Result<Self> {
        let path = name.as_ref();
        let malformed = |reason| Error::Malformed { path: path.to_owned(), reason };
        Format::of(path)?.read(bytes, key).map_err(malformed)
    }

    /// Writes the array to a `.npy`, `.npz` or `.safetensors` file, whole or not at all; the extension decides. Where
    /// arrays have names, as `key`.
    ///
    /// # Errors
    /// When the extension is another or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, key: &str) -> Result<()> {
        let path = path.as_ref();
        let bytes = Format::of(path)?.write(self, key);
        Ok(zonos_output::write_atomically(path, |file| file.write_all(&bytes?))?)
    }
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("npy") => Ok(Self::Npy),
            Some("npz") => Ok(Self::Npz),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(Error::Extension { path: path.to_owned() }),
        }
    }

    fn read(self, bytes: &[u8], key: &str) -> Outcome<Array> {
        match self {
            Self::Npy => npy::read(bytes),
            Self::Npz => read_npz(bytes, key),
            Self::Safetensors => read_safetensors(bytes, key),
        }
    }

    fn write(self, array: &Array, key: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::Npy => Ok(npy::write(array)),
            Self::Npz => write_npz(array, key),
            Self::Safetensors => write_safetensors(array, key),
        }
    }
}

/// Everything that is left to read, whatever a header says about its length.
fn read_limited(reader: impl Read) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} MiB, too large for a voice or for codes", MAX_BYTES >> 20));
    }
    Ok(bytes)
}

fn read_npz(bytes: &[u8], key: &str) -> Outcome<Array> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("no .npz archive: {error}"))?;
    let names: Vec<String> = archive.file_names().flatten().map(String::from).collect();
    let arrays: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".npy")).collect();
    let name = format!("{}.npy", choose(&arrays, key)?);
    let member = archive.by_name(&name).map_err(|error| format!("`{name}`: {error}"))?;
    npy::read(&read_limited(member)?).map_err(|reason| format!("`{name}`: {reason}"))
}

fn write_npz(array: &Array, key: &str) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    archive.start_file(format!("{key}.npy"), options)?;
    archive.write_all(&npy::write(array))?;
    Ok(archive.finish()?.into_inner())
}

fn read_safetensors(bytes: &[u8], key: &str) -> Outcome<Array> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let names = tensors.names();
    let tensor = tensors.tensor(choose(&names, key)?).map_err(|error| error.to_string())?;
    let element = from_safetensors(tensor.dtype()).ok_or_else(|| format!("its type is {:?}", tensor.dtype()))?;
    Array::new(element, tensor.shape().to_vec(), tensor.data())
}

fn write_safetensors(array: &Array, key: &str) -> io::Result<Vec<u8>> {
    let view = TensorView::new(to_safetensors(array.element()), array.shape().to_vec(), array.bytes());
    let tensors = [(key, view.map_err(io::Error::other)?)];
    safetensors::serialize(tensors, None).map_err(io::Error::other)
}

/// `key` if it is among the names, else the only name.
fn choose<'a>(names: &[&'a str], key: &str) -> Outcome<&'a str> {
    match names.iter().find(|name| **name == key) {
        Some(name) => Ok(name),
        None => match names {
            [] => Err("it holds no arrays".to_owned()),
            [only] => Ok(only),
            _ => Err(format!("it holds {} arrays, none of them named `{key}`", names.len())),
        },
    }
}

fn from_safetensors(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::BF16 => Element::BF16,
        Dtype::F16 => Element::F16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        Dtype::I8 => Element::I8,
        Dtype::I16 => Element::I16,
        Dtype::I32 => Element::I32,
        Dtype::I64 => Element::I64,
        Dtype::U8 => Element::U8,
        Dtype::U16 => Element::U16,
        Dtype::U32 => Element::U32,
        Dtype::U64 => Element::U64,
        _ => return None,
    })
}

fn to_safetensors(element: Element) -> Dtype {
    match element {
        Element::BF16 => Dtype::BF16,
        Element::F16 => Dtype::F16,
        Element::F32 => Dtype::F32,
        Element::F64 => Dtype::F64,
        Element::I8 => Dtype::I8,
        Element::I16 => Dtype::I16,
        Element::I32 => Dtype::I32,
        Element::I64 => Dtype::I64,
        Element::U8 => Dtype::U8,
        Element::U16 => Dtype::U16,
        Element::U32 => Dtype::U32,
        Element::U64 => Dtype::U64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [Format; 3] = [Format::Npy, Format::Npz, Format::Safetensors];

    fn array() -> Array {
        Array::from_f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, f32::MIN_POSITIVE]).unwrap()
    }

    #[test]
    fn arrays_round_trip_through_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.npy", "a.npz", "a.safetensors", "a.NPY"] {
            let path = folder.path().join(name);
            array().save(&path, "emb").unwrap();
            assert_eq!(Array::load(&path, "emb").unwrap(), array(), "{name}");
            assert_eq!(Array::load(&path, "the only one will do").unwrap(), array(), "{name}");
        }
        let unknown = array().save(folder.path().join("a.pt"), "emb").unwrap_err().to_string();
        assert!(unknown.contains(".npz"), "{unknown}");
        assert!(matches!(Array::load(folder.path().join("none.npy"), "emb"), Err(Error::Io { .. })));
    }

    #[test]
    fn among_several_arrays_the_named_one_is_taken() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, size) in [("other", 1), ("emb", 2)] {
            // As numpy.savez_compressed does.
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            archive.start_file(format!("{name}.npy"), options).unwrap();
            archive.write_all(&npy::write(&Array::from_i32(&[size], &vec![7; size]).unwrap())).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        assert_eq!(Format::Npz.read(&bytes, "emb").unwrap().shape(), [2]);
        assert!(Format::Npz.read(&bytes, "voice").unwrap_err().contains("2 arrays"));
        let empty = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
        assert!(Format::Npz.read(&empty, "emb").unwrap_err().contains("no arrays"));
    }

    #[test]
    fn an_array_that_unpacks_beyond_all_measure_is_refused() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file("emb.npy", options).unwrap();
        archive.write_all(&vec![0; MAX_BYTES as usize + 1]).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20);
        assert!(Format::Npz.read(&bytes, "emb").unwrap_err().contains("larger than 64 MiB"));
    }

    #[test]
    fn a_huge_safetensors_header_is_refused() {
        let bytes = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
        assert!(Format::Safetensors.read(&bytes, "emb").is_err());
        assert!(Format::Safetensors.read(b"", "emb").is_err());
    }

    #[test]
    fn every_cut_is_an_error() {
        for format in FORMATS {
            let bytes = format.write(&array(), "emb").unwrap();
            for len in 0..bytes.len() {
                assert!(format.read(&bytes[..len], "emb").is_err());
            }
        }
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(format in 0usize..3, places in prop::collection::vec(any::<(u16, u8)>(), 1..8)) {
            let mut bytes = FORMATS[format].write(&array(), "emb").unwrap();
            for (place, byte) in places {
                let place = usize::from(place) % bytes.len();
                bytes[place] = byte;
            }
            let _ = FORMATS[format].read(&bytes, "emb");
        }
    }
}
