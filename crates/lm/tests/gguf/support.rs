//! Files made from the reference checkpoint and from random ones, and what to hold them against.

use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use tempfile::TempDir;
use zonos_lm::{Backbone, Conditioning, Config, Prompt, QuantizeOptions, QuantizeReport, quantize};
use zonos_weights::{BlockType, Checkpoint, ElementType};

pub const F16: ElementType = ElementType::Plain(DType::F16);
pub const BF16: ElementType = ElementType::Plain(DType::BF16);
pub const Q8_0: ElementType = ElementType::Blocks(BlockType::Q8_0);
pub const Q4_K: ElementType = ElementType::Blocks(BlockType::Q4K);

pub fn tiny_config() -> Config {
    Config::read(&fixture("backbone_tiny/params.json")).unwrap()
}

pub fn tiny_but(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = tiny_config();
    change(&mut config);
    config
}

pub fn tiny(file: &str) -> Checkpoint {
    Checkpoint::open(fixture(&format!("backbone_tiny/{file}"))).unwrap()
}

/// A configuration with rows that fill every kind of block.
pub fn wide_config() -> Config {
    tiny_but(|config| (config.dim, config.inner) = (256, 512))
}

pub struct Made {
    pub folder: TempDir,
    pub report: QuantizeReport,
}

impl Made {
    pub fn new(config: &Config, checkpoint: Checkpoint, experts: ElementType, spine: ElementType) -> Self {
        let options = QuantizeOptions { experts, spine, head: None, name: "test".to_owned() };
        Self::with(config, checkpoint, &options)
    }

    pub fn with(config: &Config, checkpoint: Checkpoint, options: &QuantizeOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut last = None;
        let path = folder.path().join("model.gguf");
        let report = quantize(config, checkpoint, &path, options, |progress| {
            last = Some(progress);
            true
        });
        let report = report.unwrap();
        let last = last.unwrap();
        assert_eq!((last.done, last.total), (report.bytes, report.bytes));
        Self { folder, report }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("model.gguf")
    }

    pub fn open(&self) -> Checkpoint {
        Checkpoint::open(self.path()).unwrap()
    }

    pub fn config(&self) -> Config {
        Config::of(&self.open(), None).unwrap()
    }

    pub fn load(&self, dtype: Option<DType>) -> Backbone {
        Backbone::load(self.config(), self.open(), &Device::Cpu, dtype).unwrap()
    }
}

/// Logits after every row of a prompt with a voice, then after some frames.
pub fn logits(backbone: &Backbone) -> Vec<f32> {
    let config = backbone.config();
    let voice: Vec<f32> = (0..config.speaker.unwrap().embedding_dim).map(|n| (n as f32 * 0.7).sin()).collect();
    let prompt = Prompt::build(config, "Quantized.", Some(&voice), &Conditioning::defaults(config)).unwrap();
    let mut cache = backbone.new_cache().unwrap();
    let mut all = vec![values(&backbone.observe(&prompt, &mut cache, &mut ()).unwrap())];
    for step in 0..4 {
        let frame: Vec<u32> = (0..config.codebooks as u32).map(|codebook| step * 31 + codebook * 7).collect();
        let row: Tensor = backbone.decode(&[&frame], &mut [&mut cache]).unwrap();
        all.push(values(&row));
    }
    all.concat()
}

/// A path below the reference outputs.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures")).join(name)
}

pub fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Root of the mean squared difference.
pub fn rms_difference(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (squares / a.len() as f64).sqrt()
}
