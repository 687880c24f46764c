//! Standard output.

use std::io::Read;

use crate::support::{Run, Sandbox, TINY, wav};

#[test]
fn speech_on_standard_output_is_the_file() {
    let sandbox = Sandbox::new();
    let file = sandbox.said(&[]);
    let piped = sandbox.say(&["Hello there.", "-o", "-"]).done();
    assert_eq!(piped.stdout, file);
    let raw = sandbox.say(&["Hello there.", "-o", "-", "--raw"]).done();
    assert_eq!(raw.stdout, wav(&file).data);
    assert_eq!(sandbox.files(), ["said.wav"]);
}

#[test]
fn audio_and_json_do_not_share_standard_output() {
    Sandbox::new().say(&["Hi.", "-o", "-", "--json"]).fails(2, &["--json", "-o -"]);
}

/// Far more than a pipe holds goes to a reader that takes ten bytes.
fn read_ten_bytes(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut child = sandbox.command(args).spawn().unwrap();
    let mut beginning = [0; 10];
    let mut stdout = child.stdout.take().unwrap();
    drop(child.stdin.take());
    stdout.read_exact(&mut beginning).unwrap();
    drop(stdout);
    Run::wait(child)
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let text = "Hello there, reader. ".repeat(20_000);
    sandbox.write("long.txt", &text);
    let filter = read_ten_bytes(&sandbox, &["normalize", "-f", "long.txt"]).done();
    assert_eq!(filter.stderr, "");
    sandbox.chirp("long.wav", 900.0);
    sandbox.run_tiny(&["encode", "long.wav", "-o", "codes.npy"]).done();
    let audio = ["decode", "codes.npy", "-o", "-", "--sample-format", "f32"];
    assert!(!read_ten_bytes(&sandbox, &[&audio[..], &TINY].concat()).done().stderr.contains("error"));
    read_ten_bytes(&sandbox, &["completions", "bash"]).done();
}
