//! A file that the `gguf` Python package wrote under the published names, beside the checkpoint that it was made from.
//! `tools/gguf-check` makes both.

use candle_core::{DType, Device};
use zonos_lm::{Backbone, Config};
use zonos_weights::{Checkpoint, ElementType};

use crate::support::{F16, Made, Q8_0, fixture, rms_difference, values};

fn written_by_the_package() -> Checkpoint {
    Checkpoint::open(fixture("gguf/backbone-q8_0.gguf")).unwrap()
}

fn source() -> (Config, Checkpoint) {
    let config = Config::read(&fixture("gguf/params.json")).unwrap();
    (config, Checkpoint::open(fixture("gguf/model.safetensors")).unwrap())
}

#[test]
fn it_holds_what_is_written_here() {
    let (config, checkpoint) = source();
    let made = Made::new(&config, checkpoint, Q8_0, F16);
    let (ours, theirs) = (made.open(), written_by_the_package());
    assert_eq!(ours.names(), theirs.names());
    for name in theirs.names() {
        let (ours, theirs) = (ours.raw(name).unwrap(), theirs.raw(name).unwrap());
        assert_eq!((ours.element, ours.shape), (theirs.element, theirs.shape), "{name}");
        if theirs.element.is_plain() {
            assert_eq!(ours.bytes, theirs.bytes, "{name}");
        }
    }
    assert_eq!(theirs.architecture(), Some("zonos2"));
    let keys = |checkpoint: &Checkpoint| {
        let keys = checkpoint.metadata().iter().filter(|(key, _)| key.starts_with("zonos2."));
        keys.map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
    };
    let (ours, theirs) = (keys(&ours), keys(&theirs));
    assert!(theirs.iter().all(|key| ours.contains(key)), "{theirs:?} are not all in {ours:?}");
}

#[test]
fn its_logits_are_those_of_its_source() {
    let (config, checkpoint) = source();
    let theirs = written_by_the_package();
    let stated = Config::of(&theirs, None).unwrap();
    assert_eq!((stated.layers, stated.inner, stated.moe.clone()), (config.layers, config.inner, config.moe.clone()));
    let found = logits(&Backbone::load(stated, theirs, &Device::Cpu, None).unwrap());
    let expected = logits(&Backbone::load(config, checkpoint, &Device::Cpu, Some(DType::F32)).unwrap());
    let size = rms_difference(&expected, &vec![0.0; expected.len()]);
    let error = rms_difference(&found, &expected) / size;
    println!("error {error:.5} of logits of size {size:.3}");
    assert!(error > 0.0 && error < 0.02, "{error}");
}

/// Logits after each of some frames, without a prompt: the codebooks are too small for its silence.
fn logits(backbone: &Backbone) -> Vec<f32> {
    let mut cache = backbone.new_cache().unwrap();
    let mut row = |step: u32| {
        let frame: Vec<u32> = (0..backbone.config().codebooks as u32).map(|book| (step * 5 + book * 3) % 16).collect();
        values(&backbone.decode(&[&frame], &mut [&mut cache]).unwrap())
    };
    (0..6).flat_map(&mut row).collect()
}

#[test]
fn its_types_are_those_of_the_published_files() {
    let file = written_by_the_package();
    let element = |name: &str| file.raw(name).unwrap().element;
    assert_eq!(element("blk.1.ffn_up_exps.weight"), Q8_0);
    assert_eq!(element("blk.0.attn_q.weight"), F16);
    assert_eq!(element("blk.1.router_bias"), ElementType::from(DType::F32));
}
