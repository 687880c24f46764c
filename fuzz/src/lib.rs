//! What the fuzz targets share: a folder for the bytes of a run, and what is done with a file that opens.

use std::path::PathBuf;
use std::sync::LazyLock;

use candle_core::Device;
use tempfile::TempDir;
use zonos_weights::Checkpoint;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder for temporary files"));

/// A file of this name that holds `bytes`. The next call with the name replaces it.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.path().join(name);
    // A file that was mapped before must not be cut short, so it is replaced.
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).expect("room for temporary files");
    path
}

/// A file of the repository's fixtures.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures")).join(name);
    std::fs::read(path).expect("the fixtures of the repository")
}

/// Opens a checkpoint that may be damaged and reads every tensor that it claims to hold.
pub fn read_all(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::open(file("checkpoint", bytes)) else {
        return;
    };
    let weights = checkpoint.weights(&Device::Cpu, None);
    for name in checkpoint.names() {
        let shape = weights.shape(name).expect("a name of the checkpoint").expect("a stored tensor");
        let tensor = weights.get(name, shape).expect("a tensor inside of its file");
        assert_eq!(tensor.dims(), shape);
        let _ = weights.get_part(name, shape, 0);
        if let Some(quantized) = weights.get_quantized(name, shape).expect("a tensor inside of its file") {
            assert_eq!(quantized.dequantize().len(), shape.iter().product::<usize>());
        }
    }
}
