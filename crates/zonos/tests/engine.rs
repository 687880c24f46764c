//! The library as a program that embeds it sees it, with a tiny model of random weights, as files and in folders.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use zonos::{
    Audio, Codes, DeviceChoice, Engine, EngineOptions, Error, FinishReason, Pace, Polish, Precision, Quality, Request,
    Sampling, VoiceLibrary,
};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

/// The tiny reference model, of random weights.
fn tiny_options() -> EngineOptions {
    EngineOptions {
        codec: Some(fixture("vocoder/dac_tiny.safetensors")),
        speaker_encoder: Some(fixture("speaker")),
        ..EngineOptions::model(fixture("backbone_tiny").to_str().unwrap())
    }
}

fn tiny() -> Engine {
    Engine::with_options(&tiny_options()).unwrap()
}

fn chirp(seconds: f32, pitch: f32) -> Audio {
    let samples = (0..(seconds * 24_000.0) as usize).map(|i| {
        let time = i as f32 / 24_000.0;
        (time * pitch * (1.0 + time)).sin() * 0.4
    });
    Audio { samples: samples.collect(), sample_rate: 24_000, source_channels: 1 }
}

/// A folder with the tiny reference model: backbone, codec and, if asked for, speaker encoder.
fn model_folder(weights: &str, speaker: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(fixture(from), to).unwrap();
    };
    copy("backbone_tiny/params.json", "params.json");
    copy(&format!("backbone_tiny/{weights}"), weights);
    copy("vocoder/dac_tiny.safetensors", "codec/model.safetensors");
    copy("vocoder/config.json", "codec/config.json");
    if speaker {
        copy("speaker/model.safetensors", "speaker_encoder/model.safetensors");
        copy("speaker/config.json", "speaker_encoder/config.json");
    }
    folder
}

fn in_folder(folder: &tempfile::TempDir) -> zonos::Result<Engine> {
    Engine::load(folder.path().to_str().unwrap())
}

#[test]
fn the_same_request_gives_the_same_speech() {
    let engine = tiny();
    let request = Request::new("Hello there.").seed(5).max_frames(24);
    let (first, again) = (engine.say(&request).unwrap(), engine.say(&request).unwrap());
    assert_eq!(first.samples, again.samples);
    assert_eq!(first.codes, again.codes);
    assert_eq!(first.samples.len(), first.codes.frames() * 512);
    assert!(first.samples.iter().all(|sample| sample.is_finite()));
    let other = engine.say(&request.seed(6)).unwrap();
    assert_ne!(first.codes, other.codes);
}

#[test]
fn a_drawn_seed_is_reported_and_repeats() {
    let engine = tiny();
    let drawn = engine.say(&Request::new("Hi.").max_frames(20)).unwrap();
    let again = engine.say(&Request::new("Hi.").max_frames(20).seed(drawn.report.seed)).unwrap();
    assert_eq!(drawn.codes, again.codes);
    assert!(drawn.comment.contains(&format!("seed {}", drawn.report.seed)));
}

#[test]
fn a_voice_changes_the_speech() {
    let engine = tiny();
    let (low, high) = (engine.embed(chirp(2.0, 500.0)).unwrap(), engine.embed(chirp(2.0, 3000.0)).unwrap());
    let request = Request::new("Hello.").seed(1).max_frames(24);
    let low = engine.say(&request.clone().voice(low)).unwrap();
    let high = engine.say(&request.voice(high)).unwrap();
    assert_ne!(low.codes, high.codes);
    assert_eq!(low.report.prompt_rows, high.report.prompt_rows);
}

#[test]
fn models_in_folders_speak_whatever_their_files() {
    let request = Request::new("Testing.").seed(3).max_frames(20);
    let speeches: Vec<_> = ["model.safetensors", "model.pth"]
        .map(|weights| in_folder(&model_folder(weights, true)).unwrap().say(&request).unwrap().codes)
        .into();
    assert_eq!(speeches[0], speeches[1]);
}

#[test]
fn a_file_of_weights_is_a_model_with_what_lies_beside_it() {
    let folder = model_folder("model.safetensors", false);
    let file = folder.path().join("model.safetensors");
    let engine = Engine::load(file.to_str().unwrap()).unwrap();
    assert!(matches!(engine.embed(chirp(1.0, 400.0)), Err(Error::NoSpeakerEncoder)));
    let options = EngineOptions {
        speaker_encoder: Some(fixture("speaker")),
        precision: Some(Precision::Bf16),
        device: DeviceChoice::Cpu,
        ..EngineOptions::model(file.to_str().unwrap())
    };
    let engine = Engine::with_options(&options).unwrap();
    assert_eq!(engine.embed(chirp(1.0, 400.0)).unwrap().dim(), 256);
}

#[test]
fn what_is_missing_is_named() {
    let folder = model_folder("model.safetensors", false);
    let message = |result: zonos::Result<Engine>| result.err().unwrap().to_string();
    std::fs::remove_dir_all(folder.path().join("codec")).unwrap();
    assert!(message(in_folder(&folder)).contains("no codec"));
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert!(message(in_folder(&folder)).contains("no weights"));
    std::fs::remove_file(folder.path().join("params.json")).unwrap();
    assert!(message(in_folder(&folder)).contains("params.json"));
    assert!(message(Engine::load("dema")).contains("did you mean `demo`"));
    assert!(message(Engine::load("no/such/model")).contains("no/such"));
}

#[test]
fn weights_in_parts_load_and_a_part_that_is_not_there_is_named() {
    let folder = model_folder("model.safetensors", false);
    let (whole, part) = (folder.path().join("model.safetensors"), |n| folder.path().join(n));
    std::fs::rename(whole, part("model-00001-of-00001.safetensors")).unwrap();
    in_folder(&folder).unwrap();
    std::fs::rename(part("model-00001-of-00001.safetensors"), part("model-00001-of-00002.safetensors")).unwrap();
    let message = in_folder(&folder).err().unwrap().to_string();
    assert!(message.contains("00002-of-00002"), "{message}");
}

#[test]
fn parts_that_do_not_fit_each_other_are_refused() {
    let engine = tiny();
    let voice = zonos::Voice::new(vec![0.5; 7]).unwrap();
    let message = engine.say(&Request::new("Hi.").voice(voice)).unwrap_err().to_string();
    assert!(message.contains("7 numbers"), "{message}");
}

#[test]
fn stopping_gives_what_was_made() {
    let engine = tiny();
    let speech = engine.say_with(&Request::new("Hello.").seed(2), |progress| progress.frames < 12).unwrap();
    assert_eq!(speech.report.finish_reason, FinishReason::Cancelled);
    assert_eq!(speech.report.frames, 12 - 8);
}

#[test]
fn limits_end_the_speech() {
    let engine = tiny();
    let speech = engine.say(&Request::new("Hello.").seed(2).max_frames(9)).unwrap();
    assert_eq!((speech.report.finish_reason, speech.report.frames), (FinishReason::MaxFrames, 1));
    let long = Request::new("a".repeat(6144));
    assert!(
        matches!(engine.say(&long), Err(Error::Lm(zonos_lm_error)) if zonos_lm_error.to_string().contains("split"))
    );
}

#[test]
fn every_parameter_out_of_range_is_refused_by_name() {
    let engine = tiny();
    let request = || Request::new("Hello.").max_frames(9);
    let with = |change: fn(&mut Request)| {
        let mut request = request();
        change(&mut request);
        request
    };
    let cases = [
        ("seed", request().seed(1 << 31)),
        ("max_frames", request().max_frames(0)),
        ("max_frames", request().max_frames(6145)),
        ("temperature", request().sampling(Sampling { temperature: 3.0, ..Sampling::default() })),
        ("top_k", request().sampling(Sampling { top_k: 4000, ..Sampling::default() })),
        ("volume", with(|request| request.polish = Polish { volume: 11.0, ..Polish::default() })),
        ("fade_out_ms", with(|request| request.polish = Polish { fade_out_ms: -1.0, ..Polish::default() })),
        ("speaking rate bucket", with(|request| request.pace = Pace::Bucket(8))),
        ("speed", with(|request| request.pace = Pace::Speed(-1.0))),
        ("speaking rate", with(|request| request.pace = Pace::BytesPerSecond(f64::INFINITY))),
        ("quality feature", with(|request| request.quality = vec![("loud".to_owned(), Quality::Value(1.0))])),
        ("quality bucket", with(|request| request.quality = vec![("lufs".to_owned(), Quality::Bucket(12))])),
    ];
    for (name, request) in cases {
        let message = engine.say(&request).unwrap_err().to_string();
        assert!(message.starts_with(name), "{name}: {message}");
    }
    assert!(engine.say(&Request::new(" \n")).is_err());
    assert!(engine.say(&Request::new("a\0b")).is_err());
}

#[test]
fn conditions_reach_the_prompt() {
    let engine = tiny();
    let rows = |request: &Request| engine.say(request).unwrap().report.prompt_rows;
    let plain = Request::new("Hello.").seed(1).max_frames(9);
    let mut paced = plain.clone();
    paced.pace = Pace::Speed(1.0);
    assert_eq!(rows(&paced), rows(&plain) + 1);
    let mut free = plain.clone();
    free.quality = vec![("trailing_silence_s".to_owned(), Quality::Free)];
    assert_eq!(rows(&free), rows(&plain) - 1);
    let voiced = plain.clone().voice(engine.embed(chirp(1.0, 900.0)).unwrap());
    assert_eq!(rows(&voiced), rows(&plain) + 3);
}

#[test]
fn codes_survive_a_file_and_the_codec_takes_audio() {
    let engine = tiny();
    let folder = tempfile::tempdir().unwrap();
    let codes = engine.encode(chirp(0.5, 700.0)).unwrap();
    for name in ["codes.npy", "codes.safetensors"] {
        let path = folder.path().join(name);
        codes.save(&path).unwrap();
        let again: Codes = engine.load_codes(&path).unwrap();
        assert_eq!(codes, again);
    }
    assert_eq!(engine.decode(&codes).unwrap().len(), codes.frames() * 512);
}

#[test]
fn voices_are_kept_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let library = VoiceLibrary::open(folder.path().join("voices"));
    assert!(library.names().unwrap().is_empty());
    let voice = tiny().embed(chirp(1.0, 800.0)).unwrap();
    library.add("anna", &voice).unwrap();
    assert_eq!(library.names().unwrap(), ["anna"]);
    assert_eq!(library.load("anna").unwrap(), voice);
    assert!(matches!(library.add("anna", &voice), Err(Error::VoiceExists(_))));
    assert!(library.load("ana").unwrap_err().to_string().contains("did you mean `anna`"));
    for name in ["", "../anna", "a/b", "a\\b", ".hidden", "a b", &"x".repeat(65)] {
        assert!(matches!(library.add(name, &voice), Err(Error::VoiceName(_))), "{name}");
    }
    library.remove("anna").unwrap();
    assert!(matches!(library.remove("anna"), Err(Error::UnknownVoice { .. })));
}

#[test]
fn saved_voices_are_loaded_and_audio_is_embedded() {
    let engine = tiny();
    let folder = tempfile::tempdir().unwrap();
    let voice = engine.embed(chirp(1.0, 800.0)).unwrap();
    for name in ["voice.npy", "voice.npz", "voice.safetensors"] {
        let path = folder.path().join(name);
        voice.save(&path).unwrap();
        assert_eq!(engine.voice(&path).unwrap(), voice, "{name}");
    }
    let text = folder.path().join("text.wav");
    std::fs::write(&text, "this is no audio").unwrap();
    assert!(matches!(engine.voice(&text), Err(Error::Audio(_))));
}

#[test]
fn devices_that_are_not_here_say_so() {
    let load = |device| Engine::with_options(&EngineOptions { device, ..tiny_options() });
    assert_eq!(load(DeviceChoice::Cpu).unwrap().device(), "cpu");
    if !cfg!(feature = "cuda") {
        assert!(load(DeviceChoice::Cuda(0)).err().unwrap().to_string().contains("--features cuda"));
    }
    if !cfg!(feature = "metal") {
        assert!(load(DeviceChoice::Metal(0)).err().unwrap().to_string().contains("--features metal"));
    }
}
