//! Streams are the speech, sooner.

use proptest::prelude::*;
use zonos::{Chunk, Engine, FinishReason, Polish, Request, Speech, StreamOptions};

use crate::support::{ending_at, request, tiny};

/// Aligned frames that the codec must see after a frame before its samples are final.
const LOOKAHEAD: usize = 10;
/// Steps from the first code of a moment to its last: the delay pattern of nine codebooks.
const DELAY: usize = 8;

fn chunks(engine: &Engine, request: &Request, first_frames: usize, chunk_frames: usize) -> Vec<Chunk> {
    let stream = engine.stream_with(request, &StreamOptions { first_frames, chunk_frames }).unwrap();
    stream.map(Result::unwrap).collect()
}

fn joined(chunks: &[Chunk]) -> Vec<f32> {
    chunks.iter().flat_map(|chunk| chunk.samples.iter().copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_chunk_size_gives_the_samples_of_the_whole(
        number in 0u64..40, frames in 1usize..80, first in 1usize..20, size in 1usize..50,
    ) {
        let request = request(number, frames);
        let whole = tiny().say(&request).unwrap();
        let chunks = chunks(tiny(), &request, first, size);
        prop_assert!(joined(&chunks) == whole.samples);
        let starts: Vec<usize> = chunks.iter().map(|chunk| chunk.start).collect();
        let ends = chunks.iter().scan(0, |end, chunk| { *end += chunk.samples.len(); Some(*end) });
        let expected: Vec<usize> = std::iter::once(0).chain(ends).take(chunks.len()).collect();
        prop_assert_eq!(starts, expected);
        prop_assert!(chunks.iter().all(|chunk| !chunk.samples.is_empty()));
    }
}

#[test]
fn the_first_chunk_comes_after_the_fewest_frames_that_make_it_final() {
    let engine = ending_at(|_| None);
    let mut stream = engine.stream(&request(0, 60)).unwrap();
    let first = stream.next().unwrap().unwrap();
    assert_eq!(first.samples.len(), 512);
    assert_eq!(stream.progress().frames, 1 + LOOKAHEAD + DELAY);
    let second = stream.next().unwrap().unwrap();
    assert_eq!((second.start, second.samples.len()), (512, 43 * 512));
}

#[test]
fn chunks_have_the_size_that_was_asked_for() {
    let request = request(0, 60);
    let sizes = |first, size| -> Vec<usize> {
        chunks(&ending_at(|_| None), &request, first, size).iter().map(|chunk| chunk.samples.len() / 512).collect()
    };
    assert_eq!(sizes(1, 20), [1, 20, 20, 11]);
    assert_eq!(sizes(30, 22), [30, 22]);
    assert_eq!(sizes(6144, 6144), [52]);
}

#[test]
fn an_end_within_the_lookahead_is_heard_to_its_last_frame() {
    for audible in [0, 1, 9, 10, 11, 12] {
        let engine = ending_at(move |_| Some(audible));
        let whole = engine.say(&request(0, 60)).unwrap();
        assert_eq!(whole.report.frames, audible);
        assert!(joined(&chunks(&engine, &request(0, 60), 1, 5)) == whole.samples, "{audible}");
    }
}

#[test]
fn a_stream_reports_what_the_whole_reports() {
    let request = request(4, 50);
    let whole = tiny().say(&request).unwrap();
    let mut stream = tiny().stream(&request).unwrap();
    assert_eq!((stream.seed(), stream.comment(), stream.sample_rate()), (4, whole.comment.as_str(), 44_100));
    stream.by_ref().for_each(|chunk| drop(chunk.unwrap()));
    assert!(stream.next().is_none());
    let report = stream.report();
    assert_eq!((report.frames, report.seconds), (whole.report.frames, whole.report.seconds));
    assert_eq!(report.finish_reason, whole.report.finish_reason);
    assert!(report.timings.first_audio_s.unwrap() <= report.timings.total_s());
}

#[test]
fn a_stopped_stream_hands_out_what_was_made() {
    let engine = ending_at(|_| None);
    let mut stream = engine.stream(&request(0, 300)).unwrap();
    let mut samples = stream.next().unwrap().unwrap().samples;
    stream.stop();
    stream.by_ref().for_each(|chunk| samples.extend(chunk.unwrap().samples));
    assert_eq!(samples.len(), (1 + LOOKAHEAD) * 512);
    assert_eq!(stream.report().finish_reason, FinishReason::Cancelled);
}

#[test]
fn a_function_gets_the_chunks_until_it_has_enough() {
    let engine = ending_at(|_| None);
    let options = StreamOptions { chunk_frames: 10, ..StreamOptions::default() };
    let mut count = 0;
    let report = engine
        .stream_to(&request(0, 300), &options, |_| {
            count += 1;
            count < 3
        })
        .unwrap();
    assert_eq!((count, report.finish_reason), (3, FinishReason::Cancelled));
    let mut samples = Vec::new();
    let report = engine
        .stream_to(&request(0, 40), &options, |chunk| {
            samples.extend(chunk.samples);
            true
        })
        .unwrap();
    let Speech { samples: whole, .. } = engine.say(&request(0, 40)).unwrap();
    assert!(samples == whole && report.finish_reason == FinishReason::MaxFrames);
}

#[test]
fn polish_that_needs_the_end_is_held_back_for_it() {
    let mut request = request(0, 60);
    request.polish = Polish { fade_out_ms: 200.0, trim_silence: true, volume: 0.5 };
    let engine = ending_at(|_| None);
    let whole = engine.say(&request).unwrap();
    for size in [1, 7, 100] {
        assert!(joined(&chunks(&engine, &request, 1, size)) == whole.samples, "{size}");
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    for options in [
        StreamOptions { first_frames: 0, ..StreamOptions::default() },
        StreamOptions { chunk_frames: 0, ..StreamOptions::default() },
        StreamOptions { chunk_frames: 6145, ..StreamOptions::default() },
    ] {
        let message = tiny().stream_with(&request(0, 20), &options).err().unwrap().to_string();
        assert!(message.contains("1 to 6144"), "{message}");
    }
}
