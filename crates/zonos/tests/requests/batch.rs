//! Company changes nothing.

use std::collections::HashMap;

use proptest::prelude::*;
use zonos::{Batch, Error, Event, FinishReason, Request, StreamOptions, Ticket};

use crate::support::{ending_at, essence, request, tiny};

/// What a batch does next with its requests.
#[derive(Clone, Debug)]
enum Act {
    Join {
        number: u64,
        frames: usize,
        chunk: Option<usize>,
    },
    Steps(usize),
    /// Takes one of those that are in away.
    Leave(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let join = (0u64..100, 1usize..40, prop::option::of(1usize..20)).prop_map(|(number, frames, chunk)| Act::Join {
        number,
        frames,
        chunk,
    });
    let act = prop_oneof![4 => join, 4 => (1usize..12).prop_map(Act::Steps), 1 => (0usize..4).prop_map(Act::Leave)];
    prop::collection::vec(act, 1..24)
}

/// The requests that are in a batch, and the samples that came of each so far.
#[derive(Default)]
struct Company {
    requests: HashMap<Ticket, (Request, Vec<f32>)>,
}

impl Company {
    fn step(&mut self, batch: &mut Batch) {
        for (ticket, event) in batch.step().unwrap() {
            let (request, samples) = self.requests.get_mut(&ticket).unwrap();
            match event {
                Event::Chunk(chunk) => {
                    assert_eq!(chunk.start, samples.len());
                    samples.extend(chunk.samples);
                    continue;
                }
                Event::Spoken(speech) => {
                    assert!(essence(&speech) == essence(&tiny().say(request).unwrap()), "{request:?}");
                }
                Event::Ended(report) => {
                    let alone = tiny().say(request).unwrap();
                    assert!(*samples == alone.samples, "{request:?}");
                    assert_eq!(report.finish_reason, alone.report.finish_reason);
                }
                Event::Failed(error) => unreachable!("{error}"),
            }
            self.requests.remove(&ticket);
        }
    }

    fn join(&mut self, batch: &mut Batch, number: u64, frames: usize, chunk: Option<usize>) {
        let request = request(number, frames);
        let joined = match chunk {
            None => batch.join(&request),
            Some(chunk_frames) => {
                batch.join_stream(&request, &StreamOptions { chunk_frames, ..StreamOptions::default() })
            }
        };
        match joined {
            Ok(ticket) => drop(self.requests.insert(ticket, (request, Vec::new()))),
            Err(error) => assert!(matches!(error, Error::BatchFull { slots: 4 }) && self.requests.len() == 4),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn whoever_joins_and_leaves_each_is_as_alone(acts in acts()) {
        let mut batch = Batch::new(tiny(), 4).unwrap();
        let mut company = Company::default();
        for act in acts {
            match act {
                Act::Join { number, frames, chunk } => company.join(&mut batch, number, frames, chunk),
                Act::Steps(count) => (0..count).for_each(|_| company.step(&mut batch)),
                Act::Leave(place) => {
                    let mut tickets: Vec<Ticket> = company.requests.keys().copied().collect();
                    tickets.sort();
                    if let Some(ticket) = tickets.get(place) {
                        assert!(batch.leave(*ticket) && !batch.leave(*ticket));
                        company.requests.remove(ticket);
                    }
                }
            }
            assert_eq!((batch.len(), batch.free()), (company.requests.len(), 4 - company.requests.len()));
        }
        while !batch.is_empty() {
            company.step(&mut batch);
        }
        prop_assert!(company.requests.is_empty());
    }
}

#[test]
fn a_thousand_through_sixteen_slots_are_a_thousand_alone() {
    let requests: Vec<Request> = (0..1000).map(|number| request(number, 10 + number as usize % 7)).collect();
    let mut done = vec![false; requests.len()];
    for (place, speech) in tiny().say_all(requests.clone(), 16).unwrap() {
        let alone = tiny().say(&requests[place]).unwrap();
        assert!(essence(&speech.unwrap()) == essence(&alone), "request {place}");
        assert!(!std::mem::replace(&mut done[place], true), "request {place} came twice");
    }
    assert!(done.iter().all(|&done| done));
}

#[test]
fn a_long_prompt_lets_the_others_speak() {
    let engine = ending_at(|_| None);
    let long = Request { text: "Word after word. ".repeat(20), ..request(1, 12) };
    let mut batch = Batch::new(&engine, 3).unwrap();
    let speaking = batch.join(&request(0, 200)).unwrap();
    batch.step().unwrap();
    let first = batch.join_stream(&long, &StreamOptions::default()).unwrap();
    let stopped = batch.join(&long).unwrap();
    batch.step().unwrap();
    let frames = |batch: &Batch, ticket| batch.progress(ticket).unwrap().frames;
    assert_eq!([speaking, first, stopped].map(|ticket| frames(&batch, ticket)), [2, 0, 0]);
    batch.stop(stopped);
    let (mut samples, mut report) = (Vec::new(), None);
    while report.is_none() {
        for (ticket, event) in batch.step().unwrap() {
            match event {
                Event::Chunk(chunk) => samples.extend(chunk.samples),
                Event::Ended(ended) => report = Some(ended),
                // It was stopped before its prompt was run.
                Event::Spoken(speech) => assert!(ticket == stopped && speech.samples.is_empty()),
                Event::Failed(error) => unreachable!("{error}"),
            }
        }
    }
    assert!(samples == engine.say(&long).unwrap().samples);
    assert!(report.unwrap().timings.prefill_s > 0.0);
    assert!(frames(&batch, speaking) > 12, "{}", frames(&batch, speaking));
}

#[test]
fn a_request_that_cannot_be_spoken_leaves_the_others_alone() {
    let requests = [request(0, 20), Request::new(" "), request(1, 20), request(2, 20).max_frames(0), request(3, 20)];
    let mut results: Vec<(usize, bool)> =
        tiny().say_all(requests, 2).unwrap().map(|(place, speech)| (place, speech.is_ok())).collect();
    results.sort_unstable();
    assert_eq!(results, [(0, true), (1, false), (2, true), (3, false), (4, true)]);
}

#[test]
fn requests_are_taken_when_there_is_room() {
    let taken = std::cell::Cell::new(0);
    let requests = (0..10).map(|number| {
        taken.set(taken.get() + 1);
        request(number, 12)
    });
    let mut all = tiny().say_all(requests, 3).unwrap();
    all.next().unwrap().1.unwrap();
    assert!(taken.get() <= 4, "{}", taken.get());
    assert_eq!(all.count(), 9);
    assert_eq!(taken.get(), 10);
}

#[test]
fn a_stopped_request_gives_what_was_made() {
    let engine = ending_at(|_| None);
    let mut batch = Batch::new(&engine, 2).unwrap();
    let (stopped, other) = (batch.join(&request(0, 200)).unwrap(), batch.join(&request(0, 15)).unwrap());
    (0..12).for_each(|_| assert!(batch.step().unwrap().is_empty()));
    assert_eq!(batch.progress(stopped).unwrap().frames, 12);
    batch.stop(stopped);
    let events = batch.step().unwrap();
    assert!(matches!(&events[..], [(ticket, Event::Spoken(speech))]
        if *ticket == stopped && speech.report.finish_reason == FinishReason::Cancelled && speech.report.frames == 4));
    assert!(batch.progress(stopped).is_none() && batch.progress(other).is_some());
}

#[test]
fn slots_out_of_range_are_refused() {
    for slots in [0, 1025] {
        assert!(Batch::new(tiny(), slots).err().unwrap().to_string().contains("1 to 1024"));
    }
    assert!(Batch::new(tiny(), 1).unwrap().step().unwrap().is_empty());
}
