//! Decoding and encoding in windows gives what the whole would give.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device, Tensor};
use zonos_codec::{Codec, CodecConfig, Codes, Error, Stages};

fn small(rates: &[usize]) -> CodecConfig {
    let mirrored = rates.iter().rev().copied().collect();
    CodecConfig {
        codebook_size: 32,
        latent_dim: 12,
        decoder: Stages { dim: 16 << rates.len(), rates: rates.to_vec() },
        encoder: Some(Stages { dim: 4, rates: mirrored }),
        ..CodecConfig::released()
    }
}

fn codec(rates: &[usize], dtype: DType) -> Codec {
    Codec::random(3, &small(rates), &Device::Cpu, dtype).unwrap()
}

fn codes(codec: &Codec, frames: usize) -> Codes {
    let ids = (0..frames * codec.n_codebooks()).map(|index| (index * index * 31 % 1009 % codec.codebook_size()) as u32);
    Codes::from_frames(&ids.collect::<Vec<_>>(), codec.n_codebooks(), codec.codebook_size()).unwrap()
}

fn cut(codec: &Codec, codes: &Codes, start: usize, end: usize) -> Codes {
    let width = codec.n_codebooks();
    Codes::from_frames(&codes.to_frames()[start * width..end * width], width, codec.codebook_size()).unwrap()
}

/// Samples before the tanh, in the precision of the codec.
fn raw(codec: &Codec, codes: &Codes) -> Vec<f64> {
    numbers(&codec.decode_trace(codes).unwrap().pre_tanh)
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// How much a frame in the middle changes when only `context` frames around it are decoded, in float64.
fn error_with_context(codec: &Codec, context: usize) -> f64 {
    let (frame, hop) = (40, codec.hop());
    let codes = codes(codec, 81);
    let whole = raw(codec, &codes);
    let part = raw(codec, &cut(codec, &codes, frame - context, frame + context + 1));
    largest_difference(&part[context * hop..][..hop], &whole[frame * hop..][..hop])
}

#[test]
fn the_context_is_enough_and_no_more_than_needed() {
    for rates in [&[8, 8, 4, 2][..], &[4, 4, 2], &[3, 2]] {
        let codec = codec(rates, DType::F64);
        let context = codec.context_frames();
        let (enough, less) = (error_with_context(&codec, context), error_with_context(&codec, context - 1));
        println!("{rates:?}: {context} frames: {enough:.1e}, one less: {less:.1e}");
        assert!(enough < 1e-14, "{rates:?}, {context} frames: {enough}");
        assert!(less > 1e-12, "{rates:?}, {context} frames less one: {less}");
    }
}

#[test]
fn the_released_geometry_needs_ten_frames() {
    let codec = codec(&[8, 8, 4, 2], DType::F32);
    assert_eq!(codec.context_frames(), 10);
}

#[test]
fn a_long_decode_equals_one_window() {
    let codec = codec(&[4, 4, 2], DType::F32);
    // Several windows, the last of a single frame.
    let codes = codes(&codec, 513);
    let whole: Vec<f64> = raw(&codec, &codes).iter().map(|sample| sample.tanh()).collect();
    let windows: Vec<f64> = codec.decode(&codes).unwrap().into_iter().map(f64::from).collect();
    let difference = largest_difference(&windows, &whole);
    assert!(difference < 1e-6, "{difference}");
}

#[test]
fn a_range_is_a_stretch_of_the_whole() {
    for rates in [&[8, 8, 4, 2][..], &[4, 4, 2], &[3, 2]] {
        let codec = codec(rates, DType::F32);
        let codes = codes(&codec, 150);
        let (whole, hop) = (codec.decode(&codes).unwrap(), codec.hop());
        for range in [0..1, 0..150, 60..149, 149..150, 97..98, 77..77] {
            let part = codec.decode_range(&codes, range.clone()).unwrap();
            assert!(part == whole[range.start * hop..range.end * hop], "{rates:?}, {range:?}");
        }
        assert!(matches!(codec.decode_range(&codes, 100..151), Err(Error::FrameRange { end: 151, frames: 150, .. })));
        let reversed = std::ops::Range { start: 3, end: 2 };
        assert!(matches!(codec.decode_range(&codes, reversed), Err(Error::FrameRange { .. })));
    }
}

#[test]
fn encoding_in_windows_equals_one_window() {
    let codec = codec(&[4, 2], DType::F32);
    let samples: Vec<f32> = (0..300 * codec.hop() - 3).map(|index| (index as f32 * 0.37).sin() * 0.5).collect();
    let whole = codec.encode_trace(&samples).unwrap().codes;
    assert_eq!((whole.frames(), whole.n_codebooks()), (300, 9));
    assert_eq!(codec.encode(&samples).unwrap(), whole);
}

#[test]
fn no_frames_make_no_samples() {
    let codec = codec(&[4, 2], DType::F32);
    assert!(codec.decode(&codes(&codec, 0)).unwrap().is_empty());
    assert_eq!(codec.encode(&[]).unwrap().frames(), 0);
}

/// float32 runs on kernels of our own, float64 on candle's.
#[test]
fn element_types_and_kernels_agree() {
    for rates in [&[4, 2][..], &[3, 2], &[5], &[1, 2]] {
        let samples: Vec<f32> = (0..700).map(|index| (index as f32 * 0.37).sin() * 0.5).collect();
        let exact = codec(rates, DType::F64);
        let codes = codes(&exact, 12);
        for (dtype, bound) in [(DType::F32, 1e-5), (DType::BF16, 0.1), (DType::F16, 0.02)] {
            let codec = codec(rates, dtype);
            let difference = largest_difference(&raw(&codec, &codes), &raw(&exact, &codes));
            assert!(difference < bound, "{rates:?}, {dtype:?}: {difference}");
            let latent = |codec: &Codec| numbers(&codec.encode_trace(&samples).unwrap().encoder_out);
            let difference = largest_difference(&latent(&codec), &latent(&exact));
            assert!(difference < bound * 10.0, "{rates:?}, {dtype:?}, encoded: {difference}");
        }
    }
}
