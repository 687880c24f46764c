//! The built-in demo model speaks: as far as that shows without hearing words. Nothing here knows what one training gave;
//! draws depend on the processor, so that of many speeches a few may fail.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use zonos::{Audio, Engine, EngineOptions, FinishReason, Guard, Request, Speech, Voice, preset_voices};

/// Sentences that training never saw.
const SENTENCES: [&str; 2] = ["The valley opens on Saturday in February.", "The tenth cup is lucky."];

type Voices = BTreeMap<String, Voice>;

static DEMO: LazyLock<Engine> = LazyLock::new(|| Engine::load("demo").unwrap());
static VOICES: LazyLock<Voices> = LazyLock::new(|| preset_voices(&EngineOptions::model("demo")).unwrap());
/// Every sentence in every voice that comes with the model.
static SPOKEN: LazyLock<Vec<Spoken>> = LazyLock::new(|| speak(&SENTENCES, &VOICES));

struct Spoken {
    /// The name of the voice that was asked for.
    voice: String,
    text: &'static str,
    speech: Speech,
    /// The voice that is heard in it.
    heard: Voice,
}

impl Spoken {
    fn is_in_its_voice(&self) -> bool {
        nearest(&self.heard, &VOICES) == self.voice
    }
}

/// Every sentence in every voice, side by side.
fn speak(sentences: &[&'static str], voices: &Voices) -> Vec<Spoken> {
    let pairs: Vec<(&String, &'static str)> =
        voices.keys().flat_map(|name| sentences.iter().map(move |&text| (name, text))).collect();
    let requests = pairs.iter().map(|&(name, text)| Request::new(text).voice(voices[name].clone()).seed(1));
    let spoken = DEMO.say_all(requests, pairs.len()).unwrap();
    let spoken = spoken.map(|(place, speech)| {
        let ((name, text), speech) = (pairs[place], speech.unwrap());
        let audio = Audio { samples: speech.samples.clone(), sample_rate: speech.sample_rate, source_channels: 1 };
        Spoken { voice: name.clone(), text, heard: DEMO.embed(audio).unwrap(), speech }
    });
    spoken.collect()
}

/// The name of the voice whose direction is nearest.
fn nearest<'a>(voice: &Voice, voices: &'a Voices) -> &'a str {
    let cosine = |other: &Voice| {
        let dot = |a: &Voice, b: &Voice| a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum::<f32>();
        dot(voice, other) / (dot(voice, voice) * dot(other, other)).sqrt()
    };
    voices.iter().max_by(|a, b| cosine(a.1).total_cmp(&cosine(b.1))).unwrap().0
}

/// What tells speech from noise.
#[derive(Debug)]
struct Shape {
    /// How far the loud windows lie above the quiet ones: speech has pauses, stops and hisses.
    range_db: f32,
    /// Share of the loud windows that repeat themselves at the pitch of a person.
    voiced: f32,
}

impl Shape {
    fn of(speech: &Speech) -> Self {
        const AVERAGED: usize = 4;
        let rate = speech.sample_rate as f32 / AVERAGED as f32;
        let samples: Vec<f32> = speech.samples.chunks_exact(AVERAGED).map(|part| part.iter().sum::<f32>()).collect();
        let windows: Vec<&[f32]> = samples.chunks_exact((rate * 0.04) as usize).collect();
        let level = |window: &[f32]| 10.0 * (window.iter().map(|x| x * x).sum::<f32>() + 1e-9).log10();
        let mut levels: Vec<f32> = windows.iter().map(|window| level(window)).collect();
        levels.sort_by(f32::total_cmp);
        let (quiet, loud) = (levels[levels.len() / 10], levels[levels.len() * 9 / 10]);
        let spoken: Vec<_> = windows.into_iter().filter(|window| level(window) > loud - 15.0).collect();
        let voiced = spoken.iter().filter(|window| periodicity(window, rate) > 0.6).count();
        Self { range_db: loud - quiet, voiced: voiced as f32 / spoken.len() as f32 }
    }

    fn is_speech(&self) -> bool {
        self.range_db > 12.0 && self.voiced > 0.4
    }
}

/// How well a window repeats itself after the period of a pitch of 70 to 350 Hz, at best 1.
fn periodicity(window: &[f32], rate: f32) -> f32 {
    let likeness = |lag: usize| {
        let (a, b) = (&window[lag..], &window[..window.len() - lag]);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-9)
    };
    ((rate / 350.0) as usize..(rate / 70.0) as usize).map(likeness).fold(0.0, f32::max)
}

#[test]
fn it_speaks_unseen_sentences_in_the_voices_that_come_with_it() {
    assert_eq!(VOICES.keys().collect::<Vec<_>>(), ["awb", "kal16", "rms", "slt"]);
    let mut good = 0;
    for spoken in SPOKEN.iter() {
        let Spoken { voice, text, speech, heard } = spoken;
        let bytes_per_second = text.len() as f64 / speech.report.seconds;
        let (shape, end) = (Shape::of(speech), speech.report.finish_reason);
        println!("{voice}: {text} {end:?}, {bytes_per_second:.1} bytes/s, {shape:?}, {}", nearest(heard, &VOICES));
        let ends = end == FinishReason::EndOfAudio && (7.0..28.0).contains(&bytes_per_second);
        good += usize::from(ends && shape.is_speech() && spoken.is_in_its_voice());
    }
    assert!(good + 1 >= SPOKEN.len(), "{good} of {}", SPOKEN.len());
}

#[test]
fn a_voice_is_cloned_from_a_few_seconds() {
    let clips = SPOKEN.iter().filter(|spoken| spoken.text == SENTENCES[0]);
    let clones: Voices = clips.map(|clip| (clip.voice.clone(), clip.heard.clone())).collect();
    let spoken = speak(&SENTENCES[1..], &clones);
    let matched = spoken.iter().filter(|spoken| spoken.is_in_its_voice()).count();
    assert!(matched + 1 >= spoken.len(), "{matched} of {}", spoken.len());
}

/// The measure can fail: random weights make something else.
#[test]
fn random_weights_do_not_speak() {
    let fixture =
        |path: &str| -> PathBuf { Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path) };
    let options = EngineOptions {
        codec: Some(fixture("vocoder/dac_tiny.safetensors")),
        ..EngineOptions::model(fixture("backbone_tiny").to_str().unwrap())
    };
    let engine = Engine::with_options(&options).unwrap();
    let guard = Guard { watch_length: false, ..Guard::default() };
    let say = |seed| engine.say(&Request { guard, ..Request::new(SENTENCES[0]).seed(seed).max_frames(120) }).unwrap();
    // Now and then it ends at once.
    let noise = (0..).map(say).find(|speech| speech.report.frames > 50).unwrap();
    assert!(!Shape::of(&noise).is_speech(), "{:?}", Shape::of(&noise));
}

#[test]
fn it_has_a_voice_where_a_request_names_none() {
    let request = Request::new("Hello there.").seed(3).max_frames(30);
    let plain = DEMO.say(&request).unwrap();
    let named = DEMO.say(&request.voice(VOICES["slt"].clone())).unwrap();
    assert_eq!((plain.samples, plain.comment), (named.samples, named.comment));
}

#[test]
fn streams_and_batches_say_the_same() {
    let request = |seed| Request::new("Hello there.").seed(seed);
    let alone = [0, 1].map(|seed| DEMO.say(&request(seed)).unwrap());
    assert_ne!(alone[0].codes, alone[1].codes);
    for (place, together) in DEMO.say_all((0..2).map(request), 2).unwrap() {
        assert_eq!(together.unwrap().samples, alone[place].samples);
    }
    let chunks = DEMO.stream(&request(0)).unwrap();
    assert_eq!(chunks.flat_map(|chunk| chunk.unwrap().samples).collect::<Vec<f32>>(), alone[0].samples);
}
