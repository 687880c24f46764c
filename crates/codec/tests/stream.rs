//! Decoding frames while they come gives, bit for bit, what decoding them at once gives.
#![allow(clippy::unwrap_used)]

use candle_core::{DType, Device};
use proptest::prelude::*;
use zonos_codec::{Codec, CodecConfig, Codes, DecodeStream, Stages};

/// Wide enough for sums of more terms than a matrix product adds up at once.
fn wide() -> CodecConfig {
    CodecConfig {
        codebook_size: 32,
        latent_dim: 160,
        decoder: Stages { dim: 96, rates: vec![4, 4, 2] },
        encoder: None,
        ..CodecConfig::released()
    }
}

/// The released strides, so the released receptive field.
fn released_strides() -> CodecConfig {
    CodecConfig { latent_dim: 12, decoder: Stages { dim: 32, rates: vec![8, 8, 4, 2] }, ..wide() }
}

fn codec(config: &CodecConfig) -> Codec {
    Codec::random(3, config, &Device::Cpu, DType::F32).unwrap()
}

fn frames(codec: &Codec, count: usize) -> Vec<u32> {
    (0..count * codec.n_codebooks()).map(|i| (i * i * 31 % 1009 % codec.codebook_size()) as u32).collect()
}

fn at_once(codec: &Codec, frames: &[u32]) -> Vec<f32> {
    let codes = Codes::from_frames(frames, codec.n_codebooks(), codec.codebook_size()).unwrap();
    codec.decode(&codes).unwrap()
}

/// Pushes pieces of the given sizes, over and over, and decodes whatever is ready in pieces of the given sizes.
fn streamed(codec: &Codec, frames: &[u32], pushes: &[usize], pulls: &[usize]) -> Vec<f32> {
    let mut stream = DecodeStream::new(codec);
    let (mut pushes, mut pulls) = (pushes.iter().cycle(), pulls.iter().cycle());
    let mut rest = frames;
    let mut samples = Vec::new();
    while !rest.is_empty() {
        let size = (pushes.next().unwrap() * codec.n_codebooks()).min(rest.len());
        let (piece, after) = rest.split_at(size);
        stream.push(piece);
        rest = after;
        if rest.is_empty() {
            stream.finish();
        }
        while stream.ready() > 0 {
            samples.extend(stream.decode(codec, *pulls.next().unwrap()).unwrap());
        }
    }
    samples
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_pieces_give_the_same_bits(
        count in 1usize..90,
        pushes in prop::collection::vec(1usize..30, 1..6),
        pulls in prop::collection::vec(1usize..30, 1..6),
    ) {
        let codec = codec(&wide());
        let frames = frames(&codec, count);
        prop_assert_eq!(streamed(&codec, &frames, &pushes, &pulls), at_once(&codec, &frames));
    }
}

#[test]
fn many_windows_give_the_same_bits() {
    let codec = codec(&released_strides());
    let frames = frames(&codec, 600);
    assert!(streamed(&codec, &frames, &[1], &[37, 1, 300]) == at_once(&codec, &frames));
}

#[test]
fn a_frame_is_ready_once_its_context_is_there_and_no_sooner() {
    let codec = codec(&released_strides());
    let frames = frames(&codec, 12);
    let mut stream = DecodeStream::new(&codec);
    for (count, frame) in frames.chunks(codec.n_codebooks()).enumerate() {
        stream.push(frame);
        assert_eq!(stream.ready(), (count + 1).saturating_sub(10), "after {} frames", count + 1);
    }
    let first = stream.decode(&codec, 99).unwrap();
    assert_eq!(first.len(), 2 * codec.hop());
    assert_eq!(first, at_once(&codec, &frames)[..2 * codec.hop()]);
    stream.finish();
    assert_eq!(stream.ready(), 10);
}

#[test]
fn a_stream_without_frames_is_silent() {
    let codec = codec(&wide());
    let mut stream = DecodeStream::new(&codec);
    assert!(stream.decode(&codec, 5).unwrap().is_empty());
    stream.finish();
    assert!(stream.decode(&codec, 5).unwrap().is_empty());
}

#[test]
fn codes_that_the_codec_does_not_have_are_refused() {
    let codec = codec(&wide());
    let mut stream = DecodeStream::new(&codec);
    stream.push(&[99; 9]);
    stream.finish();
    assert!(stream.decode(&codec, 1).is_err());
}
