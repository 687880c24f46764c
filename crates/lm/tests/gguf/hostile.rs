//! Files whose header was tampered with: what they say is refused in words, or makes a model that computes.

use std::sync::LazyLock;

use candle_core::Device;
use proptest::prelude::*;
use zonos_lm::{Backbone, Config};
use zonos_weights::Checkpoint;

use crate::support::{F16, Made, Q8_0, logits, tiny, tiny_config};

static TINY: LazyLock<Vec<u8>> =
    LazyLock::new(|| std::fs::read(Made::new(&tiny_config(), tiny("model.safetensors"), Q8_0, F16).path()).unwrap());
/// About where keys end and the table of tensors begins.
const KEYS: usize = 1300;

fn load(bytes: &[u8]) -> Option<Backbone> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(&path).ok()?;
    let config = Config::of(&checkpoint, None).ok()?;
    Backbone::load(config, checkpoint, &Device::Cpu, None).ok()
}

#[test]
fn the_whole_file_loads() {
    logits(&load(&TINY).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_headers_do_not_panic(flips in prop::collection::vec((0..KEYS, any::<u8>()), 1..4)) {
        let mut bytes = TINY.clone();
        flips.iter().for_each(|&(place, bits)| bytes[place] ^= bits);
        if let Some(backbone) = load(&bytes) {
            let _ = backbone.bytes_per_frame();
        }
    }
}
