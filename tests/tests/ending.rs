//! End of audio and the delay pattern against the reference: exact, down to the sound that is heard.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device};
use serde_json::Value;
use zonos_codec::{Codec, Codes};
use zonos_lm::delay::{delay, undelay};
use zonos_lm::{EndOfAudio, Frames};
use zonos_tests::{Goldens, assert_close, fixture, ids, index, json};

/// The scripted frames, then the filler for as long as it takes.
fn frames(case: &Value, codebooks: usize) -> Vec<Vec<u32>> {
    let mut frames: Vec<Vec<u32>> = ids(&case["frames"]).chunks(codebooks).map(<[u32]>::to_vec).collect();
    let filler: Vec<u32> = ids(&Value::Array(vec![case["filler_frame_after_script"].clone()]));
    frames.resize(index(&case["max_tokens"]).unwrap(), filler);
    frames
}

#[test]
fn the_end_of_audio_is_found_where_the_reference_finds_it() {
    let eos = json("eos/eos.json");
    let codebooks = index(&eos["n_codebooks"]).unwrap();
    let end_code = index(&eos["eoa_id"]).unwrap() as u32;
    let cases = eos["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let mut ending = EndOfAudio::new(end_code);
        let frames = frames(case, codebooks);
        let ignored = case["ignore_eos"] == true;
        let last = frames.iter().position(|frame| ending.observe(frame) && !ignored).unwrap_or(frames.len() - 1);
        let expected = &case["tts_sequence"];
        assert_eq!(Some(last + 1), index(&expected["frames_until_finished"]), "{}", case["name"]);
        assert_eq!(ending.end(), index(&expected["eos_frame"]), "{}", case["name"]);
    }
}

#[test]
fn the_delay_pattern_equals_the_reference() {
    let goldens = Goldens::read("vocoder/goldens.safetensors");
    let cases: Vec<&str> = goldens.names().into_iter().filter_map(|name| name.strip_suffix(".sheared")).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let frames = |part: &str| {
            let name = format!("{case}.{part}");
            Frames::from_ids(goldens.shape(&name)[1], goldens.ids(&name))
        };
        let raw = frames("frames");
        assert_eq!(delay(&raw, 1025), frames("sheared"), "{case}");
        assert_eq!(undelay(&frames("sheared"), 1025), frames("unsheared"), "{case}");
        assert_eq!(undelay(&raw, 1025), frames("unshear_of_raw"), "{case}");
    }
}

#[test]
fn what_is_heard_ends_where_the_reference_ends() {
    let (goldens, json) = (Goldens::read("vocoder/goldens.safetensors"), json("vocoder/goldens.json"));
    let codec = Codec::load(fixture("vocoder/dac_tiny.safetensors"), &Device::Cpu, DType::F32).unwrap();
    let streams = json["streams"].as_array().unwrap().iter();
    // Without an end the reference voices half-known frames; we drop them, so there is nothing to compare.
    let ended: Vec<&Value> = streams.filter(|stream| !stream["eos_frame"].is_null()).collect();
    assert!(!ended.is_empty());
    for stream in ended {
        let name = stream["name"].as_str().unwrap();
        let sampled = format!("stream.{name}.frames");
        let codebooks = goldens.shape(&sampled)[1];
        let mut aligned = undelay(&Frames::from_ids(codebooks, goldens.ids(&sampled)), 1025);
        aligned.truncate(index(&stream["eos_frame"]).unwrap());
        let ids: Vec<u32> = aligned.ids().iter().map(|&id| id.min(1023)).collect();
        let codes = Codes::from_frames(&ids, codebooks, codec.codebook_size()).unwrap();
        let expected = goldens.f32(&format!("stream.{name}.oneshot_wav"));
        assert_close(name, &codec.decode(&codes).unwrap(), &expected, 2e-5, None);
    }
}
