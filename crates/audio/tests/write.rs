//! Written files: what other readers make of them, and that they are whole or absent.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use proptest::prelude::*;
use zonos_audio::{
    Error, ReadLimits, SampleFormat, WavOptions, WavWriter, read, read_bytes, save_pcm, save_wav, wav_comment,
    write_pcm, write_wav,
};

const FORMATS: [SampleFormat; 3] = [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32];

fn options(format: SampleFormat, comment: Option<&str>) -> WavOptions {
    WavOptions { format, comment: comment.map(str::to_owned), software: Some("zonos".into()), ..Default::default() }
}

/// Half a step of a format: how far rounding may move a sample.
fn half_step(format: SampleFormat) -> f32 {
    match format {
        SampleFormat::I16 => 0.5 / 32_768.0,
        SampleFormat::I24 => 0.5 / 8_388_608.0,
        SampleFormat::F32 => 0.0,
    }
}

/// The samples as hound, which shares no code with us, reads them.
fn read_with_hound(bytes: &[u8]) -> (hound::WavSpec, Vec<f32>) {
    let reader = hound::WavReader::new(Cursor::new(bytes)).unwrap();
    let spec = reader.spec();
    let scale = (1_u32 << (spec.bits_per_sample - 1)) as f32;
    let samples = match spec.sample_format {
        hound::SampleFormat::Int => reader.into_samples::<i32>().map(|s| s.unwrap() as f32 / scale).collect(),
        hound::SampleFormat::Float => reader.into_samples::<f32>().map(Result::unwrap).collect(),
    };
    (spec, samples)
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn wav_round_trip(
        samples in prop::collection::vec(-1.0_f32..1.0, 1..300),
        format in prop::sample::select(&FORMATS[..]),
        comment in prop::option::of("[^\0]{0,40}"),
        sample_rate in prop::sample::select(&[8_000_u32, 44_100, 48_000][..]),
    ) {
        let options = WavOptions { sample_rate, ..options(format, comment.as_deref()) };
        let mut bytes = Vec::new();
        write_wav(&mut bytes, &samples, &options).unwrap();
        prop_assert_eq!(bytes.len() % 2, 0);
        prop_assert_eq!(bytes.len(), 8 + u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize);
        let (spec, theirs) = read_with_hound(&bytes);
        prop_assert_eq!((spec.channels, spec.sample_rate), (1, sample_rate));
        prop_assert_eq!(spec.bits_per_sample, format.bytes() * 8);
        let ours = read_bytes(&bytes, &ReadLimits::default()).unwrap();
        prop_assert_eq!(&ours.samples, &theirs);
        prop_assert_eq!(ours.sample_rate, sample_rate);
        prop_assert_eq!(theirs.len(), samples.len());
        // One step is missing at the top of the integers.
        let bound = half_step(format) * 2.0;
        prop_assert!(samples.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= bound));
        // Writing what was read changes nothing.
        let mut again = Vec::new();
        write_wav(&mut again, &theirs, &options).unwrap();
        prop_assert_eq!(again, bytes);
    }
}

#[test]
fn comments_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    for comment in [None, Some(""), Some("odd"), Some("even"), Some("{\"seed\": 7, \"text\": \"Grüße, 世界\"}")] {
        save_wav(&path, &[0.0, 0.5, -0.5], &options(SampleFormat::I24, comment)).unwrap();
        assert_eq!(wav_comment(&path).unwrap().as_deref(), comment);
        assert_eq!(read(&path, &ReadLimits::default()).unwrap().samples, [0.0, 0.5, -0.5]);
    }
    save_wav(&path, &[0.0], &WavOptions::default()).unwrap();
    assert_eq!(wav_comment(&path).unwrap(), None);
    assert_eq!(fs::metadata(&path).unwrap().len(), 46);
    save_wav(&path, &[0.0], &options(SampleFormat::I16, Some("cut\0here"))).unwrap();
    assert_eq!(wav_comment(&path).unwrap().as_deref(), Some("cuthere"));
}

#[test]
fn comments_of_strange_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    assert!(matches!(wav_comment(&path), Err(Error::Open { .. })));
    for not_wav in [&b""[..], b"RIFF", b"RIFF____AVI fmt "] {
        fs::write(&path, not_wav).unwrap();
        assert!(matches!(wav_comment(&path), Err(Error::NotWav { .. })));
    }
    let mut bytes = Vec::new();
    write_wav(&mut bytes, &[0.1; 9], &options(SampleFormat::I24, Some("a comment"))).unwrap();
    for len in 12..bytes.len() {
        fs::write(&path, &bytes[..len]).unwrap();
        wav_comment(&path).unwrap();
    }
    // Lists that lie about their lengths.
    for at in 12..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] = 0xff;
        fs::write(&path, damaged).unwrap();
        wav_comment(&path).unwrap();
    }
    assert_eq!(wav_comment(common::fixture("alaw.wav")).unwrap(), None);
}

#[test]
fn integers_round_to_nearest_and_stop_at_the_ends() {
    let step = 1.0 / 32_768.0;
    let samples = [0.0, 0.4 * step, 0.6 * step, -0.6 * step, 1.0, 7.0, -1.0, -7.0];
    let mut bytes = Vec::new();
    write_pcm(&mut bytes, &samples, SampleFormat::I16).unwrap();
    let integers: Vec<i16> = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    assert_eq!(integers, [0, 0, 1, -1, 32_767, 32_767, -32_768, -32_768]);
}

#[test]
fn raw_pcm() {
    let samples = [0.5, -1.0];
    for (format, expected) in [
        (SampleFormat::I16, &[0x00, 0x40, 0x00, 0x80][..]),
        (SampleFormat::I24, &[0x00, 0x00, 0x40, 0x00, 0x00, 0x80]),
        (SampleFormat::F32, &[0x00, 0x00, 0x00, 0x3f, 0x00, 0x00, 0x80, 0xbf]),
    ] {
        let mut bytes = Vec::new();
        write_pcm(&mut bytes, &samples, format).unwrap();
        assert_eq!(bytes, expected);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcm");
        save_pcm(&path, &samples, format).unwrap();
        assert_eq!(fs::read(path).unwrap(), expected);
    }
}

#[test]
fn formats_by_name() {
    for (name, format) in [
        ("s16", SampleFormat::I16),
        ("I16", SampleFormat::I16),
        ("s24", SampleFormat::I24),
        ("i24", SampleFormat::I24),
        ("f32", SampleFormat::F32),
    ] {
        assert_eq!(name.parse::<SampleFormat>().unwrap(), format);
    }
    let error = "s8".parse::<SampleFormat>().unwrap_err();
    assert_eq!(error.to_string(), "\"s8\" is no sample format: say s16, s24 or f32");
    assert_eq!(SampleFormat::default(), SampleFormat::I16);
}

#[test]
fn what_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.wav");
    for format in FORMATS {
        for bad in [f32::NAN, f32::INFINITY] {
            let error = save_wav(&path, &[0.0, bad], &options(format, None)).unwrap_err();
            assert!(matches!(&error, Error::NonFinite { origin, index: 1 } if origin.contains("a.wav")), "{error}");
            assert!(matches!(save_pcm(&path, &[bad], format), Err(Error::NonFinite { index: 0, .. })));
            assert!(matches!(write_pcm(io::sink(), &[bad], format), Err(Error::NonFinite { .. })));
        }
    }
    let options = WavOptions { sample_rate: 0, ..Default::default() };
    assert!(matches!(save_wav(&path, &[0.0], &options), Err(Error::SampleRate { rate: 0, .. })));
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_pipe_that_closes() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert!(matches!(write_pcm(Full, &[0.0], SampleFormat::I16), Err(Error::Stream(_))));
    assert!(matches!(write_wav(Full, &[0.0], &WavOptions::default()), Err(Error::Stream(_))));
}

#[cfg(unix)]
#[test]
fn devices_are_not_replaced() {
    let error = save_wav("/dev/null", &[0.0], &WavOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Output(_)), "{error}");
}

/// Pieces of any size make the file that all samples at once make.
#[test]
fn pieces_make_the_same_file() {
    let samples: Vec<f32> = (0..1001).map(|at| (at as f32 * 0.1).sin()).collect();
    for format in [SampleFormat::I16, SampleFormat::I24, SampleFormat::F32] {
        let options = WavOptions { format, comment: Some("a note".to_owned()), ..WavOptions::default() };
        let mut whole = Vec::new();
        write_wav(&mut whole, &samples, &options).unwrap();
        for size in [1, 7, 512, 1001] {
            let mut wav = WavWriter::new(std::io::Cursor::new(Vec::new()), &options).unwrap();
            samples.chunks(size).for_each(|piece| wav.push(piece).unwrap());
            assert_eq!(wav.finish().unwrap().into_inner(), whole, "{format:?} {size}");
        }
    }
    let mut wav = WavWriter::new(std::io::Cursor::new(Vec::new()), &WavOptions::default()).unwrap();
    assert!(matches!(wav.push(&[f32::NAN]), Err(Error::NonFinite { .. })));
}
