//! Makes checkpoint files: safetensors with the crate of that name, torch archives and their pickles by hand.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};
use zonos_weights::{Checkpoint, ElementType, Error, Metadata, Result, TensorHead, write_gguf};

/// A folder for the files of one test.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Opens a checkpoint of these bytes.
pub fn open(bytes: &[u8]) -> Result<Checkpoint> {
    let folder = folder();
    Checkpoint::open(write(&folder, "some.file", bytes))
}

/// The error of opening these bytes.
#[track_caller]
pub fn refused(bytes: &[u8]) -> String {
    match open(bytes) {
        Ok(checkpoint) => panic!("opened with {:?}", checkpoint.names()),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
pub fn error_of<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error,
    }
}

/// A tensor as stored.
pub fn get(checkpoint: &Checkpoint, name: &str, shape: &[usize]) -> Result<Tensor> {
    checkpoint.weights(&Device::Cpu, None).get(name, shape)
}

pub fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

pub fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A safetensors file of float32 tensors.
pub fn safetensors(tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let bytes: Vec<_> = tensors.iter().map(|(_, _, values)| f32_bytes(values)).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| (*name, TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

/// A safetensors file with a header written by hand.
pub fn safetensors_raw(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// A GGUF file of tensors in any type, each with its bytes.
pub fn gguf(metadata: &Metadata, tensors: &[(&str, ElementType, &[usize], &[u8])]) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join("made.gguf");
    let head = |&(name, element, shape, _): &(&str, ElementType, &[usize], &[u8])| TensorHead {
        name: name.to_owned(),
        element,
        shape: shape.to_vec(),
    };
    let heads: Vec<_> = tensors.iter().map(head).collect();
    let write = |index: usize, file: &mut dyn Write| -> Result<()> {
        file.write_all(tensors[index].3).unwrap();
        Ok(())
    };
    write_gguf(&path, metadata, &heads, write).unwrap();
    std::fs::read(path).unwrap()
}

/// A zip archive of files stored as they are.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A torch archive as `torch.save` lays it out.
pub fn torch(pickle: Pickle, storages: &[(&str, &[u8])]) -> Vec<u8> {
    let pickle = pickle.finish();
    let names: Vec<_> = storages.iter().map(|(key, _)| format!("archive/data/{key}")).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("archive/data.pkl", &pickle), ("archive/byteorder", b"little")];
    files.extend(names.iter().zip(storages).map(|(name, (_, bytes))| (name.as_str(), *bytes)));
    files.push(("archive/version", b"3\n"));
    zip(&files)
}

/// A torch archive of one float32 tensor `w` over four numbers.
pub fn torch_view(offset: i64, shape: &[i64], stride: &[i64]) -> Vec<u8> {
    let view = View { offset, shape, stride, ..View::floats("0") };
    torch(Pickle::dict(&[("w", &|pickle| pickle.tensor(&view))]), &[("0", &f32_bytes(&[1., 2., 3., 4.]))])
}

/// How a pickled tensor lies in its storage.
pub struct View<'a> {
    pub class: &'a str,
    pub key: &'a str,
    pub offset: i64,
    pub shape: &'a [i64],
    pub stride: &'a [i64],
}

impl<'a> View<'a> {
    /// Two by two float32 numbers.
    pub fn floats(key: &'a str) -> Self {
        Self { class: "FloatStorage", key, offset: 0, shape: &[2, 2], stride: &[2, 1] }
    }
}

/// A pickle of protocol 2, written opcode by opcode.
#[derive(Clone)]
pub struct Pickle(Vec<u8>);

type Part<'a> = &'a dyn Fn(Pickle) -> Pickle;

impl Pickle {
    pub fn new() -> Self {
        Self(vec![0x80, 2])
    }

    /// A dictionary of names to whatever the parts write.
    pub fn dict(pairs: &[(&str, Part)]) -> Self {
        Self::new().pairs(pairs)
    }

    pub fn pairs(self, pairs: &[(&str, Part)]) -> Self {
        let open = self.raw(b"}(");
        pairs.iter().fold(open, |pickle, (name, part)| part(pickle.text(name))).raw(b"u")
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn text(self, text: &str) -> Self {
        self.raw(b"X").raw(&(text.len() as u32).to_le_bytes()).raw(text.as_bytes())
    }

    pub fn int(self, number: i64) -> Self {
        match u8::try_from(number) {
            Ok(small) => self.raw(&[b'K', small]),
            Err(_) => self.raw(&[0x8a, 8]).raw(&number.to_le_bytes()),
        }
    }

    pub fn ints(self, numbers: &[i64]) -> Self {
        numbers.iter().fold(self.raw(b"("), |pickle, &number| pickle.int(number)).raw(b"t")
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.raw(format!("c{module}\n{name}\n").as_bytes())
    }

    pub fn storage(self, class: &str, key: &str) -> Self {
        self.raw(b"(").text("storage").global("torch", class).text(key).text("cpu").int(4).raw(b"tQ")
    }

    pub fn tensor(self, view: &View) -> Self {
        let arguments = self.global("torch._utils", "_rebuild_tensor_v2").raw(b"(").storage(view.class, view.key);
        let sizes = arguments.int(view.offset).ints(view.shape).ints(view.stride);
        sizes.raw(&[0x89]).global("collections", "OrderedDict").raw(b")RtR")
    }

    pub fn finish(self) -> Vec<u8> {
        self.raw(b".").0
    }
}

/// Replaces the only occurrence of `old`.
#[track_caller]
pub fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let places: Vec<_> = (0..bytes.len()).filter(|&start| bytes[start..].starts_with(old)).collect();
    let [place] = places[..] else { panic!("{} occurrences", places.len()) };
    [&bytes[..place], new, &bytes[place + old.len()..]].concat()
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name)
}
