//! Long texts.

use crate::support::{Sandbox, wav};

/// Four parts of two seconds at most.
const TEXT: &str = "It rained. We stayed at home and read.\n\nThen it stopped.\n\nNobody minded it any more.";

/// Samples that `--max-frames 30` leaves of a part at most.
const PART: usize = 22 * 512;

fn samples(bytes: &[u8]) -> Vec<i16> {
    wav(bytes).data.as_chunks::<2>().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect()
}

#[test]
fn a_long_text_is_spoken_in_parts() {
    let sandbox = Sandbox::new();
    sandbox.write("long.txt", TEXT);
    let run = sandbox.say(&["-f", "long.txt", "--part", "2", "--json", "-o", "a.wav"]).done();
    let json = run.json();
    let parts = json["parts"].as_u64().unwrap() as usize;
    assert!(parts >= 3 && json["parts_done"] == json["parts"]);
    assert!((1..=22 * parts as u64).contains(&json["frames"].as_u64().unwrap()));
    let spoken = samples(&sandbox.read("a.wav"));
    assert!(spoken.len() as u64 > json["frames"].as_u64().unwrap() * 512, "there are pauses");
    assert!((json["seconds"].as_f64().unwrap() - spoken.len() as f64 / 44_100.0).abs() < 1e-6);
    let beside = sandbox.say(&["-f", "long.txt", "--part", "2", "--jobs", "1", "-q", "-o", "b.wav"]).done();
    assert_eq!((beside.stderr.as_str(), samples(&sandbox.read("b.wav"))), ("", spoken.clone()));
    // A pipe gets the same, as it comes.
    let raw = sandbox.say(&["-f", "long.txt", "--part", "2", "--raw", "-o", "-"]).done();
    assert_eq!(raw.stdout, wav(&sandbox.read("a.wav")).data);
    let one = sandbox.say(&["One.", "--raw", "-o", "-"]).done();
    sandbox.say(&["One.", "--raw", "-o", "one.pcm"]).done();
    assert_eq!(one.stdout, sandbox.read("one.pcm"));
    let piped = sandbox.say(&["-f", "long.txt", "--part", "2", "-o", "-"]).done();
    assert_eq!(piped.stdout, sandbox.read("a.wav"));
}

#[test]
fn pauses_in_the_text_are_heard_and_can_be_switched_off() {
    let sandbox = Sandbox::new();
    let length = |args: &[&str]| {
        sandbox.say(&[&["One. [pause 2s] Two.", "-o", "a.wav"], args].concat()).done();
        samples(&sandbox.read("a.wav")).len()
    };
    let paused = length(&[]);
    assert!((2 * 44_100..=2 * 44_100 + 2 * PART).contains(&paused), "{paused}");
    assert!(length(&["--no-pause-marks"]) <= PART);
    assert!(length(&["--no-split"]) <= PART);
    sandbox.say(&["One. [pause 99s] Two.", "-o", "a.wav"]).fails(2, &["[pause 99s]", "byte 5", "[pause 0.8s]"]);
    sandbox.say(&["[pause 1s]", "-o", "a.wav"]).fails(2, &["empty"]);
}

#[test]
fn pauses_between_paragraphs_are_as_long_as_asked_for() {
    let sandbox = Sandbox::new();
    let length = |seconds: &str| {
        sandbox.say(&["One.\n\nTwo.", "--pause-paragraph", seconds, "-o", "a.wav"]).done();
        samples(&sandbox.read("a.wav")).len()
    };
    let (short, long) = (length("0.5"), length("3"));
    assert_eq!(long - short, 44_100 * 5 / 2);
}

#[test]
fn a_text_that_is_not_split_must_fit_the_context() {
    let sandbox = Sandbox::new();
    let text = "word ".repeat(2000);
    sandbox.write("long.txt", &text);
    sandbox.say(&["-f", "long.txt", "--no-split", "-o", "a.wav"]).fails(2, &["context"]);
    assert_eq!(sandbox.files(), ["long.txt"]);
}

#[test]
fn loudness_and_silence_are_as_asked_for() {
    let sandbox = Sandbox::new();
    let peak = |args: &[&str]| {
        sandbox.say(&[&["One.\n\nTwo.", "-o", "a.wav"], args].concat()).done();
        samples(&sandbox.read("a.wav")).into_iter().map(i16::unsigned_abs).max().unwrap()
    };
    assert!(peak(&["--loudness", "-40"]) < peak(&["--loudness", "-20"]));
    assert!(peak(&["--loudness", "-5"]) < 32_000, "no clipping");
    peak(&["--no-level", "--lead-silence", "0", "--tail-silence", "0.1"]);
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    let fails = |args: &[&str], words: &[&str]| sandbox.say(&[&["Hi.", "-o", "a.wav"], args].concat()).fails(2, words);
    fails(&["--part", "1"], &["part", "2 to 45"]);
    fails(&["--part", "nan"], &["part"]);
    fails(&["--jobs", "0"], &["slots", "1 to 1024"]);
    fails(&["--loudness", "3"], &["loudness", "LUFS"]);
    fails(&["--pause-sentence", "11"], &["0 to 10"]);
    fails(&["--tail-silence", "-1"], &["--tail-silence"]);
    fails(&["--lead-silence", "11"], &["0 to 10"]);
    fails(&["--part", "9", "--no-split"], &["--no-split"]);
    sandbox.say(&["Hi.", "--keep-partial", "-o", "-"]).fails(2, &["--keep-partial"]);
    assert!(sandbox.files().is_empty());
}
