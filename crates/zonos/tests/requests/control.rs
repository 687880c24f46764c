//! Cancelling, time limits and threads.

use std::time::Duration;

use zonos::{Batch, CancelToken, Engine, Event, FinishReason};

use crate::support::{ending_at, essence, request, tiny};

#[test]
fn engines_go_everywhere() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    is_shared::<Engine>();
    is_shared::<CancelToken>();
    is_sent::<zonos::SpeechStream>();
    is_sent::<Batch>();
}

#[test]
fn threads_that_share_an_engine_do_not_disturb_each_other() {
    let numbers = [0u64, 1, 2, 3];
    let alone: Vec<_> = numbers.map(|number| essence(&tiny().say(&request(number, 30)).unwrap())).into();
    let threads = numbers.map(|number| {
        let engine = tiny().clone();
        std::thread::spawn(move || essence(&engine.say(&request(number, 30)).unwrap()))
    });
    let together: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(together == alone);
}

#[test]
fn a_token_stops_speech_between_frames() {
    let token = CancelToken::new();
    let engine = ending_at(|_| None);
    let request = request(0, 300).cancel(token.clone());
    let speech = engine.say_with(&request, |progress| {
        if progress.frames == 12 {
            token.cancel();
        }
        true
    });
    let report = speech.unwrap().report;
    assert_eq!((report.finish_reason, report.frames), (FinishReason::Cancelled, 4));
    assert_eq!(engine.stream(&request).unwrap().count(), 0, "cancelled from the start");
}

#[test]
fn time_that_is_used_up_stops_speech() {
    let engine = ending_at(|_| None);
    let request = request(0, 300).timeout(Duration::ZERO);
    assert_eq!(engine.say(&request).unwrap().report.finish_reason, FinishReason::TimedOut);
    let mut batch = Batch::new(&engine, 1).unwrap();
    batch.join(&request).unwrap();
    let events = batch.step().unwrap();
    assert!(
        matches!(&events[..], [(_, Event::Spoken(speech))] if speech.report.finish_reason == FinishReason::TimedOut)
    );
    let patient = crate::support::request(0, 20).timeout(Duration::MAX);
    assert_eq!(engine.say(&patient).unwrap().report.finish_reason, FinishReason::MaxFrames);
}
