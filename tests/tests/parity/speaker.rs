//! The speaker encoder against the reference's outputs.

use candle_core::Tensor;
use zonos_speaker::{EncoderTrace, SpeakerEncoder};
use zonos_tests::{Goldens, assert_close, device, fixture, values};

const FILTERBANK: f64 = 1e-6;
const LOG_MEL: f64 = 2e-3;
const LOG_MEL_RMS: f64 = 5e-5;
const STAGE: f64 = 5e-5;
const EMBEDDING: f64 = 5e-5;
const END_TO_END: f64 = 2e-4;

fn goldens() -> Goldens {
    Goldens::read("speaker/goldens.safetensors")
}

fn encoder() -> SpeakerEncoder {
    SpeakerEncoder::load(fixture("speaker"), &device()).unwrap()
}

/// The clips, whatever they are called.
fn clips(goldens: &Goldens) -> Vec<String> {
    let names = goldens.names().into_iter();
    let clips: Vec<String> = names.filter_map(|name| name.strip_suffix(".logmel").map(str::to_owned)).collect();
    assert!(!clips.is_empty());
    clips
}

#[test]
fn the_filterbank_and_the_window_match() {
    let (encoder, goldens) = (encoder(), goldens());
    let front_end = encoder.log_mel();
    assert_close("filterbank", &front_end.filterbank(), &goldens.f32("mel_filterbank"), FILTERBANK, None);
    assert_close("window", &front_end.window(), &goldens.f32("hann_window"), FILTERBANK, None);
}

#[test]
fn log_mel_frames_match() {
    let (encoder, goldens) = (encoder(), goldens());
    for clip in clips(&goldens) {
        let (name, samples) = (format!("{clip}.logmel"), goldens.f32(&format!("{clip}.wav")));
        let frames = encoder.log_mel().compute(&samples, &device()).unwrap();
        assert_eq!(frames.dims(), goldens.shape(&name), "{name}: shape");
        assert_close(&name, &values(&frames), &goldens.f32(&name), LOG_MEL, Some(LOG_MEL_RMS));
    }
}

#[test]
fn every_stage_of_the_encoder_matches() {
    let (encoder, goldens) = (encoder(), goldens());
    for clip in clips(&goldens) {
        let trace = encoder.trace(&goldens.get(&format!("{clip}.logmel")).to_device(&device()).unwrap()).unwrap();
        for (stage, tensor) in stages(&trace) {
            let name = format!("{clip}.{stage}");
            // Long clips keep their ends only.
            if goldens.contains(&name) {
                assert_eq!(tensor.dims(), goldens.shape(&name), "{name}: shape");
                assert_close(&name, &values(tensor), &goldens.f32(&name), STAGE, None);
            }
        }
        let name = format!("{clip}.embedding");
        assert_close(&name, &values(&trace.embedding), &goldens.f32(&name), EMBEDDING, None);
    }
}

fn stages(trace: &EncoderTrace) -> Vec<(String, &Tensor)> {
    let blocks = trace.blocks.iter().enumerate();
    let blocks = blocks.map(|(index, block)| (format!("block{index}"), block));
    let ends = [("mfa".to_owned(), &trace.mfa), ("pooled".to_owned(), &trace.pooled)];
    blocks.chain(ends).collect()
}

#[test]
fn voices_match_from_end_to_end() {
    let (encoder, goldens) = (encoder(), goldens());
    for clip in clips(&goldens) {
        let voice = encoder.embed(&goldens.f32(&format!("{clip}.wav"))).unwrap();
        let name = format!("{clip}.embedding");
        assert_close(&format!("{name} end to end"), voice.as_slice(), &goldens.f32(&name), END_TO_END, None);
    }
}
