//! Ends that come too late and too early, from models that follow a script.

use zonos::{Batch, Event, FinishReason, Guard, Request, StreamOptions};

use crate::support::ending_at;

/// Some 100 letters: seven seconds, 600 frames, at the usual pace.
fn text() -> String {
    "abcde fghij ".repeat(10)
}

fn watched(text: &str, retries: u32) -> Request {
    let mut request = Request::new(text).seed(5);
    request.guard = Guard { watch_length: true, retries };
    request
}

#[test]
fn speech_that_does_not_end_is_stopped() {
    let speech = ending_at(|_| None).say(&watched("Hi.", 0)).unwrap();
    assert_eq!(speech.report.finish_reason, FinishReason::Runaway);
    assert!((3.0..6.0).contains(&speech.report.seconds), "{}", speech.report.seconds);
    assert_eq!(speech.report.attempts, 1);
}

#[test]
fn a_limit_that_was_asked_for_is_no_runaway() {
    let speech = ending_at(|_| None).say(&watched("Hi.", 3).max_frames(40)).unwrap();
    assert_eq!((speech.report.finish_reason, speech.report.attempts), (FinishReason::MaxFrames, 1));
}

#[test]
fn an_end_that_comes_too_early_is_told() {
    let say = |audible: usize| ending_at(move |_| Some(audible)).say(&watched(&text(), 0)).unwrap().report;
    assert_eq!(say(40).finish_reason, FinishReason::EarlyEnd);
    assert_eq!(say(40).frames, 40);
    assert_eq!(say(300).finish_reason, FinishReason::EndOfAudio);
}

#[test]
fn odd_ends_are_tried_again_with_other_seeds() {
    // Only the request's own seed goes wrong.
    for (text, wrong) in [("Hi.".to_owned(), None), (text(), Some(20))] {
        let engine = ending_at(move |seed| if seed == 5 { wrong } else { Some(250) });
        let report = engine.say(&watched(&text, 2)).unwrap().report;
        assert_eq!((report.finish_reason, report.attempts, report.frames), (FinishReason::EndOfAudio, 2, 250));
        assert_eq!(report.seed, 5);
    }
}

#[test]
fn the_last_attempt_is_returned_as_it_is() {
    let report = ending_at(|_| Some(20)).say(&watched(&text(), 2)).unwrap().report;
    assert_eq!((report.finish_reason, report.attempts, report.frames), (FinishReason::EarlyEnd, 3, 20));
}

#[test]
fn a_batch_tries_again_as_well() {
    let engine = ending_at(|seed| Some(if seed == 5 { 20 } else { 250 }));
    let mut batch = Batch::new(&engine, 2).unwrap();
    batch.join(&watched(&text(), 1)).unwrap();
    batch.join(&watched(&text(), 0)).unwrap();
    let mut reports = Vec::new();
    while !batch.is_empty() {
        for (_, event) in batch.step().unwrap() {
            let Event::Spoken(speech) = event else { panic!("{event:?}") };
            reports.push((speech.report.attempts, speech.report.frames));
        }
    }
    assert_eq!(reports, [(1, 20), (2, 250)]);
}

#[test]
fn a_stream_is_tried_again_until_something_was_handed_out() {
    let streamed = |wrong: usize| {
        let engine = ending_at(move |seed| Some(if seed == 5 { wrong } else { 250 }));
        let report = engine.stream_to(&watched(&text(), 1), &StreamOptions::default(), |_| true).unwrap();
        (report.finish_reason, report.attempts, report.frames)
    };
    assert_eq!(streamed(3), (FinishReason::EndOfAudio, 2, 250));
    assert_eq!(streamed(40), (FinishReason::EarlyEnd, 1, 40));
}

#[test]
fn the_guard_can_be_turned_off() {
    let mut request = watched(&text(), 0);
    request.guard.watch_length = false;
    assert_eq!(ending_at(|_| Some(1)).say(&request).unwrap().report.finish_reason, FinishReason::EndOfAudio);
    assert_eq!(ending_at(|_| None).say(&request).unwrap().report.finish_reason, FinishReason::ContextFull);
}
