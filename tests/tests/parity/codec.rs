//! The codec against the reference's outputs.

use std::path::PathBuf;

use candle_core::{DType, Tensor};
use zonos_codec::{Codec, Codes, DecodeTrace};
use zonos_tests::{Goldens, assert_close, device, fixture, values};

const Z: f64 = 5e-6;
const BLOCK: f64 = 5e-5;
const WAV: f64 = 2e-5;
const ENCODER: f64 = 5e-5;

fn goldens() -> Goldens {
    Goldens::read("vocoder/goldens.safetensors")
}

/// The model file of the fixture with this extension, whatever it is called.
fn codec(extension: &str) -> Codec {
    let is_model = |path: &PathBuf| {
        path.extension().is_some_and(|found| found == extension) && !path.ends_with("goldens.safetensors")
    };
    let files = std::fs::read_dir(fixture("vocoder")).unwrap();
    let path = files.map(|item| item.unwrap().path()).find(is_model).unwrap();
    Codec::load(path, &device(), DType::F32).unwrap()
}

fn codes(codec: &Codec, goldens: &Goldens, name: &str) -> Codes {
    Codes::from_tensor(goldens.get(name), codec.codebook_size()).unwrap()
}

/// What stands before `suffix` in the names that end with it.
fn cases(goldens: &Goldens, suffix: &str) -> Vec<String> {
    let names = goldens.names().into_iter();
    let cases: Vec<String> = names.filter_map(|name| name.strip_suffix(suffix).map(str::to_owned)).collect();
    assert!(!cases.is_empty(), "no tensor's name ends with `{suffix}`");
    cases
}

fn assert_tensor(name: &str, actual: &Tensor, expected: &Tensor, max: f64) {
    assert_eq!(actual.dims(), expected.dims(), "{name}: shape");
    assert_close(name, &values(actual), &values(expected), max, None);
}

#[test]
fn decoded_samples_match() {
    let (codec, goldens) = (codec("safetensors"), goldens());
    for case in cases(&goldens, ".z") {
        let samples = codec.decode(&codes(&codec, &goldens, &format!("{case}.codes"))).unwrap();
        let name = format!("{case}.wav");
        assert_close(&name, &samples, &goldens.f32(&name), WAV, None);
    }
}

#[test]
fn every_stage_of_the_decoder_matches() {
    let (codec, goldens) = (codec("safetensors"), goldens());
    for case in cases(&goldens, ".z") {
        let trace = codec.decode_trace(&codes(&codec, &goldens, &format!("{case}.codes"))).unwrap();
        assert_tensor(&format!("{case}.z"), &trace.z, goldens.get(&format!("{case}.z")), Z);
        for (stage, tensor) in stages(&trace) {
            let name = format!("{case}.{stage}");
            // Long cases keep their ends only.
            if goldens.contains(&name) {
                assert_tensor(&name, tensor, goldens.get(&name), BLOCK);
            }
        }
    }
}

fn stages(trace: &DecodeTrace) -> Vec<(String, &Tensor)> {
    let blocks = trace.blocks.iter().enumerate();
    let blocks = blocks.map(|(index, block)| (format!("block{index}"), block));
    let ends = [("conv_in".to_owned(), &trace.conv_in), ("pre_tanh".to_owned(), &trace.pre_tanh)];
    blocks.chain(ends).collect()
}

#[test]
fn a_torch_archive_is_the_same_model() {
    let (plain, torch, goldens) = (codec("safetensors"), codec("pth"), goldens());
    assert_eq!(plain.config(), torch.config());
    for case in cases(&goldens, ".z") {
        let codes = codes(&plain, &goldens, &format!("{case}.codes"));
        assert_eq!(plain.decode(&codes).unwrap(), torch.decode(&codes).unwrap(), "{case}");
    }
}

#[test]
fn codes_beyond_the_codebook_are_clamped() {
    let (codec, goldens) = (codec("safetensors"), goldens());
    let frames = goldens.get("clamp.frames").t().unwrap().to_dtype(DType::U32).unwrap();
    let codes = frames.flatten_all().unwrap().to_vec1().unwrap();
    let codes = Codes::clamped(codes, codec.n_codebooks(), codec.codebook_size()).unwrap();
    let samples = codec.decode(&codes).unwrap();
    assert_close("clamp.wav", &samples, &goldens.f32("clamp.wav"), WAV, None);
}

#[test]
fn encoded_audio_matches() {
    let (codec, goldens) = (codec("safetensors"), goldens());
    for case in cases(&goldens, ".encoder_out") {
        let samples = goldens.f32(&format!("{case}.wav"));
        let trace = codec.encode_trace(&samples).unwrap();
        for (part, actual) in [("encoder_out", &trace.encoder_out), ("latents", &trace.latents), ("z_q", &trace.z)] {
            let name = format!("{case}.{part}");
            assert_tensor(&name, actual, goldens.get(&name), ENCODER);
        }
        assert_eq!(trace.codes, codes(&codec, &goldens, &format!("{case}.codes")), "{case}.codes");
        assert_eq!(codec.encode(&samples).unwrap(), trace.codes, "{case}: encoded in windows");
    }
}
