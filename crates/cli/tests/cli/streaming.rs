//! Samples while they are made, and speech that is cut short.

use std::io::Read;

use crate::support::{Run, Sandbox, TINY};

#[test]
fn streamed_samples_are_those_of_the_file() {
    let sandbox = Sandbox::new();
    for format in ["s16", "s24", "f32"] {
        let file = sandbox.said(&["--raw", "--sample-format", format]);
        for chunk in ["1", "7", "6144"] {
            let args = ["Hello there.", "-o", "-", "--raw", "--sample-format", format, "--chunk-frames", chunk];
            let run = sandbox.say(&args).done();
            assert!(run.stdout == file, "{format}, {chunk}");
            assert!(run.stderr.contains("seed 3"), "the seed that gives the same again: {}", run.stderr);
        }
    }
}

#[test]
fn samples_come_before_the_speech_is_over_and_its_reader_may_leave() {
    let sandbox = Sandbox::new();
    // Without an end, this would go on for seconds of speech.
    let args = ["say", "Hello there.", "--seed", "3", "--no-guard", "-o", "-", "--raw"];
    let mut child = sandbox.command(&[&args[..], &TINY].concat()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    drop(child.stdin.take());
    stdout.read_exact(&mut [0; 1024]).unwrap();
    drop(stdout);
    let run = Run::wait(child);
    assert!(run.code == Some(0) && !run.stderr.contains("error"), "{}", run.stderr);
}

#[test]
fn time_that_is_over_is_a_failure_without_a_file() {
    let sandbox = Sandbox::new();
    sandbox.say(&["Hi.", "--timeout", "0", "-o", "a.wav"]).fails(1, &["--timeout"]);
    assert_eq!(sandbox.files(), Vec::<String>::new());
    sandbox.say(&["Hi.", "--timeout", "600", "-o", "a.wav"]).done();
}
