//! Long texts, with a tiny model of random weights.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use zonos::{
    Engine, EngineOptions, Error, FinishReason, Guard, Level, Pauses, Polish, Reading, ReadingBatch, ReadingOptions,
    Request, SpokenPart,
};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

fn tiny() -> Engine {
    let options = EngineOptions {
        codec: Some(fixture("vocoder/dac_tiny.safetensors")),
        ..EngineOptions::model(fixture("backbone_tiny").to_str().unwrap())
    };
    Engine::with_options(&options).unwrap()
}

/// A request whose parts are short: the model rarely ends by itself.
fn request(text: &str) -> Request {
    let guard = Guard { watch_length: false, ..Guard::default() };
    Request { guard, ..Request::new(text).seed(7).max_frames(24) }
}

/// Parts of two seconds whose levels are left alone.
fn options() -> ReadingOptions {
    ReadingOptions { part_seconds: Some(2.0), level: Level::Free, ..ReadingOptions::default() }
}

fn read(engine: &Engine, text: &str, options: &ReadingOptions) -> Vec<SpokenPart> {
    let reading = Reading::plan(request(text), options).unwrap();
    engine.read(reading).unwrap().collect::<Result<_, _>>().unwrap()
}

fn whole(parts: &[SpokenPart]) -> Vec<f32> {
    parts.iter().flat_map(|part| part.samples.clone()).collect()
}

const TEXT: &str =
    "It rained. We stayed at home and read.\n\nThen it stopped.\n\nIt rained. Nobody minded it any more.";

#[test]
fn a_text_left_whole_is_the_request_itself() {
    let engine = tiny();
    let options = ReadingOptions { part_seconds: None, ..ReadingOptions::default() };
    // Not even its pause marks are read.
    let text = " A short text. [pause 99s] ";
    let parts = read(&engine, text, &options);
    assert_eq!(whole(&parts), engine.say(&request(text)).unwrap().samples);
    assert_eq!((parts.len(), parts[0].part.seed), (1, 7));
}

#[test]
fn a_part_is_repeated_by_its_seed() {
    let engine = tiny();
    let reading = Reading::plan(request(TEXT), &options()).unwrap();
    let number = 1;
    let alone = engine.say(&reading.part_request(number)).unwrap();
    assert_eq!(alone.report.seed, reading.parts()[number].seed);
    let part = &read(&engine, TEXT, &options())[number];
    // The fades of 5 ms aside, behind the pause.
    let own = &part.samples[part.samples.len() - alone.samples.len()..];
    let fade = 221;
    assert_eq!(own[fade..own.len() - fade], alone.samples[fade..alone.samples.len() - fade]);
}

#[test]
fn an_edited_paragraph_leaves_the_sound_of_the_others() {
    let engine = tiny();
    let before = read(&engine, TEXT, &options());
    let edited = TEXT.replace("Then it stopped.", "Much later, after lunch, it finally stopped raining at once.");
    let after = read(&engine, &edited, &options());
    assert!(after.len() > before.len());
    let (first, last) = (2, 2);
    assert_eq!(whole(&before[..first]), whole(&after[..first]));
    assert_eq!(whole(&before[before.len() - last..]), whole(&after[after.len() - last..]));
    assert_ne!(before[first].part.seed, after[first].part.seed);
}

#[test]
fn equal_texts_have_seeds_of_their_own_which_stay() {
    let seeds = |text: &str| -> Vec<u64> {
        Reading::plan(request(text), &options()).unwrap().parts().iter().map(|part| part.seed).collect()
    };
    let once = seeds("Yes.\n\nNo.\n\nYes.");
    assert_ne!(once[0], once[2]);
    assert_eq!(seeds("Yes.\n\nNo.\n\nYes.\n\nYes.")[..3], once);
    assert_eq!(seeds("  Yes.\n \nWell.\n\n\nYes.")[2], once[2]);
    let other = Reading::plan(request("Yes.").seed(8), &options()).unwrap();
    assert_ne!(other.parts()[0].seed, once[0]);
}

#[test]
fn side_by_side_sounds_like_one_after_the_other() {
    let engine = tiny();
    let text = [TEXT; 3].join("\n\n");
    let alone = read(&engine, &text, &ReadingOptions { level: Level::AsFirst, ..options() });
    for slots in [2, 5, 64] {
        let beside = read(&engine, &text, &ReadingOptions { slots, level: Level::AsFirst, ..options() });
        assert_eq!(alone, beside, "{slots}");
    }
}

#[test]
fn pauses_are_those_of_the_table_and_of_the_text() {
    let engine = tiny();
    let pauses = Pauses { sentence: Duration::ZERO, paragraph: Duration::from_millis(500), ..Pauses::default() };
    let parts = read(
        &engine,
        "[pause 0.25s]One.\n\nTwo. [pause 1.5s] Three. [pause 2s]",
        &ReadingOptions { pauses, ..options() },
    );
    let own = |part: &SpokenPart| part.seconds;
    let gaps: Vec<f64> = parts.windows(2).map(|pair| pair[1].start_s - pair[0].start_s - own(&pair[0])).collect();
    // The model's noise has no silence that counts as pause.
    for (gap, expected) in [(parts[0].start_s, 0.25), (gaps[0], 0.5), (gaps[1], 1.5)] {
        assert!((gap - expected).abs() < 0.05, "{gap} {expected}");
    }
    let samples = whole(&parts);
    let tail = samples.iter().rev().take_while(|&&sample| sample == 0.0).count();
    assert!((tail as f64 / 44_100.0 - 2.0).abs() < 0.05, "{tail}");
}

#[test]
fn stopping_keeps_what_is_finished() {
    let engine = tiny();
    let mut stream = engine.read(Reading::plan(request(TEXT), &options()).unwrap()).unwrap();
    let mut parts = Vec::new();
    while let Some(part) = stream.next_part(|progress| progress.parts_done < 2).unwrap() {
        parts.push(part);
    }
    assert!(!parts.is_empty() && parts.len() < 4, "{}", parts.len());
    assert_eq!(stream.report().whole.finish_reason, FinishReason::Cancelled);
    assert_eq!(stream.report().parts_done, parts.len());
    assert_eq!(whole(&parts), whole(&read(&engine, TEXT, &options())[..parts.len()]));
    assert!(stream.next_part(|_| true).unwrap().is_none());
}

/// Memory stays bounded: what is spoken ahead waits, and little of it may.
#[test]
fn few_parts_wait_for_those_before_them() {
    let engine = tiny();
    let slots = 2;
    let text = ["A first part of some length.", "Two.", "Three.", "Four."].join("\n\n").repeat(5);
    let reading = Reading::plan(request(&text), &ReadingOptions { slots, ..options() }).unwrap();
    let mut stream = engine.read(reading).unwrap();
    let mut handed_out = 0;
    while let Some(_part) = stream
        .next_part(|progress| {
            assert!(progress.parts_done <= handed_out + 2 * slots);
            true
        })
        .unwrap()
    {
        handed_out += 1;
    }
    assert_eq!(handed_out, stream.report().parts);
}

#[test]
fn progress_rises_to_the_whole() {
    let engine = tiny();
    let reading = Reading::plan(request(TEXT), &ReadingOptions { slots: 2, ..options() }).unwrap();
    let expected = reading.expected_seconds();
    assert!((3.0..20.0).contains(&expected), "{expected}");
    let parts = reading.parts().len();
    let mut stream = engine.read(reading).unwrap();
    let mut shares = Vec::new();
    while let Some(_part) = stream
        .next_part(|progress| {
            assert!(progress.parts == parts && (0.0..=1.0).contains(&progress.share));
            shares.push(progress.share);
            true
        })
        .unwrap()
    {}
    assert!(shares.is_sorted() && *shares.last().unwrap() > 0.99, "{:?}", shares.last());
    let report = stream.report();
    assert_eq!((report.parts, report.parts_done), (parts, parts));
    assert!(report.whole.frames > 0 && report.whole.real_time_factor.is_some());
    assert!(stream.comment().contains("seed 7"));
}

#[test]
fn the_polish_is_that_of_the_whole() {
    let engine = tiny();
    let plain = whole(&read(&engine, TEXT, &options()));
    let polish = Polish { fade_out_ms: 100.0, volume: 0.5, ..Polish::default() };
    let reading = Reading::plan(Request { polish, ..request(TEXT) }, &options()).unwrap();
    let parts: Vec<SpokenPart> = engine.read(reading).unwrap().map(Result::unwrap).collect();
    let polished = whole(&parts);
    assert_eq!(plain.len(), polished.len());
    let fade = 4410;
    let steady = plain.len() - fade;
    assert!(plain[..steady].iter().zip(&polished).all(|(plain, polished)| plain * 0.5 == *polished));
    assert!(polished.last().unwrap().abs() < 1e-6);
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let long = Duration::from_secs(11);
    let cases = [
        ("part", ReadingOptions { part_seconds: Some(1.0), ..options() }),
        ("part", ReadingOptions { part_seconds: Some(f64::NAN), ..options() }),
        ("slots", ReadingOptions { slots: 0, ..options() }),
        ("loudness", ReadingOptions { level: Level::Lufs(0.0), ..options() }),
        ("pause", ReadingOptions { pauses: Pauses { clause: long, ..Pauses::default() }, ..options() }),
        ("pause", ReadingOptions { tail_silence: Some(long), ..options() }),
    ];
    for (name, options) in cases {
        let message = Reading::plan(request("Hi."), &options).unwrap_err().to_string();
        assert!(message.starts_with(name), "{name}: {message}");
    }
    assert!(matches!(Reading::plan(request("a [pause 11s] b"), &options()), Err(Error::Text(_))));
    assert!(matches!(Reading::plan(request("[pause 1s]"), &options()), Err(Error::Text(_))));
    assert!(Reading::plan(request("Hi.").max_frames(0), &options()).is_err());
}

#[test]
fn readings_that_share_slots_are_as_if_each_were_alone() {
    let engine = tiny();
    let texts = [TEXT, "One part.", "Two parts.\n\nOf a short text."];
    let plan = |text: &str| Reading::plan(request(text), &options()).unwrap();
    for slots in [1, 2, 5] {
        let mut batch = ReadingBatch::new(&engine, slots).unwrap();
        let tickets: Vec<_> = texts.iter().map(|text| batch.join(plan(text)).unwrap()).collect();
        let mut spoken = 0;
        while !batch.is_empty() {
            for (ticket, result) in batch.step().unwrap() {
                let speech = result.unwrap();
                let text = texts[tickets.iter().position(|own| *own == ticket).unwrap()];
                assert_eq!(speech.samples, whole(&read(&engine, text, &options())), "{text}, {slots} slots");
                assert_eq!(speech.report.parts_done, speech.report.parts);
                spoken += 1;
            }
        }
        assert_eq!(spoken, texts.len());
    }
}

#[test]
fn a_reading_that_fails_leaves_the_others_alone() {
    let engine = tiny();
    let mut batch = ReadingBatch::new(&engine, 4).unwrap();
    let endless = "word ".repeat(3000);
    let uncut = ReadingOptions { part_seconds: None, ..options() };
    let failing = batch.join(Reading::plan(request(&endless), &uncut).unwrap()).unwrap();
    let spoken = batch.join(Reading::plan(request("One part."), &options()).unwrap()).unwrap();
    let mut results = Vec::new();
    while !batch.is_empty() {
        results.extend(batch.step().unwrap());
    }
    let is_spoken = |own| results.iter().any(|(ticket, result)| *ticket == own && result.is_ok());
    assert!(results.len() == 2 && is_spoken(spoken) && !is_spoken(failing));
}
