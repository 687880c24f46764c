//! Every format, against the signal that was encoded: shape, level, length, and nothing moved in time.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::{find, fixture, signal};
use zonos_audio::{Audio, Error, ReadLimits, read, read_bytes, read_from};

struct Case {
    file: &'static str,
    rate: u32,
    channels: usize,
    /// By how many samples the encoder makes the signal late and no reader knows.
    delay: isize,
    /// The least correlation with the signal; how much a codec may change it.
    like: f64,
}

const fn case(file: &'static str, rate: u32, channels: usize, delay: isize, like: f64) -> Case {
    Case { file, rate, channels, delay, like }
}

const CASES: [Case; 20] = [
    case("aac.aac", 44_100, 1, 1024, 0.99),
    case("aac.m4a", 44_100, 1, 1024, 0.99),
    case("adpcm-ima.wav", 16_000, 1, 0, 0.998),
    case("adpcm-ms.wav", 16_000, 1, 0, 0.998),
    case("alac.m4a", 16_000, 1, 0, 0.999_999),
    case("alaw.wav", 8_000, 1, 0, 0.9999),
    case("flac.flac", 16_000, 1, 0, 0.999_999),
    case("flac.ogg", 16_000, 1, 0, 0.999_999),
    case("mp3.mp3", 44_100, 1, 0, 0.999),
    case("mulaw.wav", 8_000, 1, 0, 0.9999),
    case("opus-mono.opus", 48_000, 1, 0, 0.99),
    case("opus-silk.opus", 48_000, 1, 0, 0.99),
    case("opus-stereo.opus", 48_000, 2, 0, 0.999),
    case("opus.mp4", 48_000, 1, 0, 0.999),
    case("opus.webm", 48_000, 1, 0, 0.999),
    case("s16be.aiff", 8_000, 1, 0, 0.999_999),
    case("s16be.caf", 8_000, 1, 0, 0.999_999),
    case("stereo-id3.mp3", 44_100, 2, 0, 0.999),
    case("vorbis.ogg", 44_100, 2, 0, 0.96),
    case("vorbis.webm", 44_100, 2, 0, 0.96),
];

fn check(case: &Case, audio: &Audio) {
    let Case { file, rate, channels, .. } = *case;
    assert_eq!((audio.sample_rate, audio.source_channels), (rate, channels), "{file}");
    let signal = signal(rate);
    let found = find(&signal, &audio.samples, 2000);
    assert!(found.correlation >= case.like, "{file}: {found:?}");
    // The speech mode of Opus is two samples early by design of its filters.
    assert!((found.lag - case.delay).abs() <= 2, "{file}: {found:?}");
    let level = if channels == 2 { 0.75 } else { 1.0 };
    assert!((found.gain / level - 1.0).abs() < 0.06, "{file}: {found:?}");
    // Codecs fill their last block with silence, and containers do not always say how much.
    let extra = audio.samples.len() as i64 - signal.len() as i64;
    assert!((0..=2048).contains(&extra), "{file}: {extra} samples too many");
}

#[test]
fn every_format_gives_the_signal() {
    for case in &CASES {
        let audio = read(fixture(case.file), &ReadLimits::default());
        check(case, &audio.unwrap_or_else(|error| panic!("{error}")));
    }
}

#[test]
fn formats_with_a_stated_length_keep_it() {
    for file in ["mp3.mp3", "stereo-id3.mp3", "vorbis.ogg", "opus-mono.opus", "opus-silk.opus", "alac.m4a"] {
        let audio = read(fixture(file), &ReadLimits::default()).unwrap();
        assert!((audio.seconds() - common::SECONDS).abs() < 1e-9, "{file}: {} s", audio.seconds());
    }
}

#[test]
fn streams_and_memory_give_what_files_give() {
    for case in &CASES {
        let bytes = fs::read(fixture(case.file)).unwrap();
        let file = read(fixture(case.file), &ReadLimits::default()).unwrap();
        assert_eq!(read_bytes(&bytes, &ReadLimits::default()).unwrap(), file, "{}", case.file);
        assert_eq!(read_from(&*bytes, &ReadLimits::default()).unwrap(), file, "{}", case.file);
    }
}

#[test]
fn a_wrong_extension_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    for (from, name) in [("mp3.mp3", "voice.wav"), ("opus-mono.opus", "voice.mp3"), ("alaw.wav", "voice")] {
        let path = folder.path().join(name);
        fs::copy(fixture(from), &path).unwrap();
        let original = read(fixture(from), &ReadLimits::default()).unwrap();
        assert_eq!(read(&path, &ReadLimits::default()).unwrap(), original, "{from} as {name}");
    }
}

#[test]
fn surround_opus_is_a_clear_error() {
    let error = read(fixture("opus-surround.opus"), &ReadLimits::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("Opus with 6 channels"), "{error}");
    assert!(error.to_string().contains("opus-surround.opus"), "{error}");
}

#[test]
fn audio_changes_its_rate() {
    let audio = read(fixture("s16be.aiff"), &ReadLimits::default()).unwrap();
    assert_eq!(audio.clone().into_rate(8_000).unwrap(), audio.samples);
    let found = find(&signal(24_000), &audio.into_rate(24_000).unwrap(), 100);
    assert!(found.lag == 0 && found.correlation > 0.9999, "{found:?}");
}
