//! Input that is broken, huge, empty or lying.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::Cursor;

use common::{find, fixture, signal};
use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;
use zonos_audio::{Audio, Error, ReadLimits, Result, read, read_bytes, read_from};

fn decode(bytes: &[u8]) -> Result<Audio> {
    read_bytes(bytes, &ReadLimits::default())
}

/// A float WAV file with one value per frame in all channels.
fn wav(channels: u16, rate: u32, frames: impl IntoIterator<Item = f32>) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: 32, sample_format: SampleFormat::Float };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
    for sample in frames {
        (0..channels).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    bytes
}

/// A WAV file of integers: the same value in every frame.
fn int_wav(bits: u16, value: i32) -> Vec<u8> {
    let spec = WavSpec { channels: 1, sample_rate: 16_000, bits_per_sample: bits, sample_format: SampleFormat::Int };
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).unwrap();
    (0..160).for_each(|_| writer.write_sample(value).unwrap());
    writer.finalize().unwrap();
    bytes
}

#[test]
fn integers_of_all_widths() {
    for bits in [8, 16, 24, 32] {
        let audio = decode(&int_wav(bits, 1 << (bits - 2))).unwrap();
        assert_eq!(audio.samples, [0.5; 160], "{bits} bits");
    }
}

#[test]
fn empty_file() {
    let path = tempfile::NamedTempFile::new().unwrap();
    let error = read(path.path(), &ReadLimits::default()).unwrap_err();
    assert!(matches!(&error, Error::Empty { origin } if origin == &path.path().display().to_string()), "{error}");
    assert!(matches!(decode(&[]), Err(Error::Empty { .. })));
    assert!(matches!(read_from(&[][..], &ReadLimits::default()), Err(Error::Empty { .. })));
}

#[test]
fn missing_file_and_folder() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.wav"), folder.path().to_owned()] {
        let error = read(&path, &ReadLimits::default()).unwrap_err();
        assert!(matches!(&error, Error::Open { path: named, .. } if *named == path), "{error}");
    }
}

#[test]
fn text_named_wav() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.wav");
    fs::write(&path, "These are my notes, not a recording. ".repeat(500)).unwrap();
    let error = read(&path, &ReadLimits::default()).unwrap_err();
    assert!(matches!(error, Error::UnknownFormat { .. }), "{error}");
    assert!(error.to_string().contains("notes.wav"), "{error}");
}

#[test]
fn no_sound_at_all() {
    assert!(matches!(decode(&wav(1, 44_100, [])), Err(Error::NoSamples { .. })));
}

#[test]
fn ten_milliseconds() {
    let audio = decode(&wav(1, 44_100, [0.25; 441])).unwrap();
    assert_eq!((audio.samples, audio.sample_rate), (vec![0.25; 441], 44_100));
}

#[test]
fn one_sample() {
    assert_eq!(decode(&wav(1, 44_100, [0.25])).unwrap().samples, [0.25]);
}

#[test]
fn eight_channels_and_the_mean_of_them() {
    let audio = decode(&wav(8, 48_000, signal(48_000))).unwrap();
    assert_eq!(audio.source_channels, 8);
    assert!(audio.samples.iter().zip(signal(48_000)).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn low_and_high_rates() {
    for rate in [8_000, 192_000] {
        let audio = decode(&wav(2, rate, signal(rate))).unwrap();
        assert_eq!((audio.sample_rate, audio.samples.len()), (rate, signal(rate).len()));
    }
    for rate in [3_999, 768_001] {
        let error = decode(&wav(1, rate, [0.0; 10])).unwrap_err();
        assert!(matches!(error, Error::SampleRate { rate: named, .. } if named == rate), "{error}");
    }
}

/// A 16-bit WAV file of the plain kind, which says nothing about where its channels go.
fn plain_wav(channels: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    zonos_audio::write_wav(&mut bytes, &vec![0.5; usize::from(channels) * 10], &Default::default()).unwrap();
    bytes[22..24].copy_from_slice(&channels.to_le_bytes());
    bytes[32..34].copy_from_slice(&(channels * 2).to_le_bytes());
    bytes
}

#[test]
fn too_many_channels() {
    let audio = decode(&plain_wav(24)).unwrap();
    assert_eq!((audio.source_channels, audio.samples), (24, vec![0.5; 10]));
    let error = decode(&plain_wav(25)).unwrap_err();
    assert!(matches!(error, Error::Channels { channels: 25, max: 24, .. }), "{error}");
}

#[test]
fn not_a_number() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = decode(&wav(1, 8_000, [0.0, 0.5, bad])).unwrap_err();
        assert!(matches!(error, Error::NonFinite { index: 2, .. }), "{error}");
    }
    // Finite channels whose sum is not.
    let error = decode(&wav(2, 8_000, [f32::MAX])).unwrap_err();
    assert!(matches!(error, Error::NonFinite { index: 0, .. }), "{error}");
}

#[test]
fn too_long() {
    let bytes = wav(1, 4_000, std::iter::repeat_n(0.0, 4_000 * 3));
    assert_eq!(read_bytes(&bytes, &ReadLimits { max_seconds: 3 }).unwrap().seconds(), 3.0);
    let error = read_bytes(&bytes, &ReadLimits { max_seconds: 2 }).unwrap_err();
    assert!(matches!(error, Error::TooLong { max_seconds: 2, .. }), "{error}");
}

#[test]
fn an_hour() {
    let bytes = wav(1, 4_000, std::iter::repeat_n(0.0, 4_000 * 3_600));
    assert!(matches!(decode(&bytes), Err(Error::TooLong { max_seconds: 600, .. })));
}

/// Programs that write into a pipe cannot go back and fill in the length.
#[test]
fn a_header_that_promises_more_than_there_is() {
    let mut bytes = wav(1, 8_000, [0.25; 800]);
    let data = bytes.windows(4).position(|window| window == b"data").unwrap();
    bytes[data + 4..data + 8].fill(0xff);
    bytes[4..8].fill(0xff);
    assert_eq!(decode(&bytes).unwrap().samples, [0.25; 800]);
}

#[test]
fn cut_files_give_what_they_have() {
    for file in ["mp3.mp3", "flac.flac", "aac.aac", "alaw.wav", "adpcm-ms.wav"] {
        let bytes = fs::read(fixture(file)).unwrap();
        let audio = decode(&bytes[..bytes.len() * 3 / 4]).unwrap_or_else(|error| panic!("{file}: {error}"));
        let part = (signal(audio.sample_rate).len() / 4).min(audio.samples.len());
        let found = find(&signal(audio.sample_rate)[..part], &audio.samples, 1200);
        assert!(found.correlation > 0.9, "{file}: {found:?}");
    }
}

#[test]
fn damage_in_the_middle_is_stepped_over() {
    let mut bytes = fs::read(fixture("mp3.mp3")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0x55);
    let audio = decode(&bytes).unwrap();
    assert!(audio.seconds() > 0.3, "{} s", audio.seconds());
}

#[test]
fn a_head_alone_is_damaged() {
    for file in ["vorbis.ogg", "flac.flac", "opus-mono.opus", "aac.m4a", "opus.webm", "alaw.wav"] {
        let bytes = fs::read(fixture(file)).unwrap();
        for len in [13, 40] {
            let error = decode(&bytes[..len]).unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "{file}: {error:?}");
        }
    }
}

#[test]
fn a_byte_is_no_format() {
    assert!(matches!(decode(b"R"), Err(Error::UnknownFormat { .. })));
}

#[test]
fn a_stream_that_breaks_names_the_reason() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("unplugged"))
        }
    }
    let error = read_from(Broken, &ReadLimits::default()).unwrap_err();
    assert!(matches!(error, Error::Read { .. }) && error.to_string().contains("unplugged"), "{error}");
}

const FILES: [&str; 12] = [
    "aac.m4a",
    "aac.aac",
    "adpcm-ima.wav",
    "adpcm-ms.wav",
    "alac.m4a",
    "flac.flac",
    "mp3.mp3",
    "opus-mono.opus",
    "opus-stereo.opus",
    "opus.webm",
    "s16be.caf",
    "vorbis.ogg",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    /// Whatever is done to a file, there is an answer: sound samples or an error.
    #[test]
    fn mutated_files(
        file in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        keep in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.3),
    ) {
        let mut bytes = fs::read(fixture(file)).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len()));
        }
        if let Ok(audio) = decode(&bytes) {
            prop_assert!(!audio.samples.is_empty() && audio.samples.iter().all(|sample| sample.is_finite()));
        }
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = decode(&bytes);
    }
}
