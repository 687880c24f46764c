//! Speech to files.

use crate::support::{Sandbox, TINY, wav};

/// Frames that --max-frames 30 leaves: the last eight are not known in all codebooks.
const FRAMES: usize = 22;

#[test]
fn speech_is_a_wav_file_that_says_what_it_is() {
    let sandbox = Sandbox::new();
    let speech = wav(&sandbox.said(&[]));
    assert_eq!((speech.tag, speech.channels, speech.sample_rate, speech.bits), (1, 1, 44_100, 16));
    assert_eq!(speech.data.len(), FRAMES * 512 * 2);
    assert!(speech.notes.contains("Synthetic speech") && speech.notes.contains("seed 3"), "{}", speech.notes);
    assert!(speech.notes.contains("backbone_tiny"));
    assert_eq!(sandbox.files(), ["said.wav"]);
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let sandbox = Sandbox::new();
    let first = sandbox.said(&[]);
    assert_eq!(first, sandbox.said(&[]));
    assert_eq!(wav(&first).data, wav(&sandbox.said(&["--threads", "1"])).data);
}

#[test]
fn another_seed_gives_another() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["say", "Hello there.", "--seed", "4", "--max-frames", "30", "-o", "b.wav"]).done();
    assert_ne!(wav(&sandbox.said(&[])).data, wav(&sandbox.read("b.wav")).data);
}

#[test]
fn a_drawn_seed_is_told_and_repeats() {
    let sandbox = Sandbox::new();
    let say = ["say", "Hello.", "--max-frames", "30"];
    let drawn = sandbox.run_tiny(&[&say[..], &["--json", "-o", "a.wav"]].concat()).done();
    let seed = drawn.json()["seed"].as_u64().unwrap().to_string();
    assert!(drawn.stderr.contains(&format!("seed {seed}")), "{}", drawn.stderr);
    sandbox.run_tiny(&[&say[..], &["--seed", &seed, "-o", "b.wav"]].concat()).done();
    assert_eq!(sandbox.read("a.wav"), sandbox.read("b.wav"));
}

#[test]
fn json_tells_how_it_went() {
    let sandbox = Sandbox::new();
    let run = sandbox.say(&["Hello there.", "--json", "-o", "a.wav", "--language", "EN-gb"]).done();
    let json = run.json();
    assert_eq!(json["seed"], 3);
    assert_eq!(json["frames"], FRAMES);
    assert_eq!(json["finish_reason"], "max_frames");
    assert_eq!(json["output"], "a.wav");
    assert_eq!(json["model"], TINY[1]);
    assert_eq!(json["language"], "en_gb");
    assert_eq!(json["voices"].as_array().unwrap().len(), 0);
    assert!((json["seconds"].as_f64().unwrap() - FRAMES as f64 * 512.0 / 44_100.0).abs() < 1e-9);
    assert!(json["real_time_factor"].as_f64().unwrap() > 0.0);
    for stage in ["prefill_s", "decode_s", "codec_s"] {
        assert!(json["timings"][stage].as_f64().unwrap() >= 0.0, "{stage}");
    }
    assert!(run.stderr.contains("--max-frames"), "{}", run.stderr);
}

#[test]
fn quiet_says_nothing() {
    let sandbox = Sandbox::new();
    let run = sandbox.say(&["Hello there.", "-q", "-o", "a.wav"]).done();
    assert_eq!((run.stderr.as_str(), run.stdout.len()), ("", 0));
}

#[test]
fn samples_come_in_every_format() {
    let sandbox = Sandbox::new();
    for (format, tag, bits) in [("s16", 1, 16), ("S24", 1, 24), ("f32", 3, 32)] {
        let speech = wav(&sandbox.said(&["--sample-format", format]));
        assert_eq!((speech.tag, speech.bits), (tag, bits), "{format}");
        let raw = sandbox.said(&["--sample-format", format, "--raw"]);
        assert_eq!(raw, speech.data, "{format}");
        assert_eq!(raw.len(), FRAMES * 512 * usize::from(bits) / 8);
    }
}

#[test]
fn the_comment_can_be_left_out() {
    assert_eq!(wav(&Sandbox::new().said(&["--no-comment"])).notes, "");
}

#[test]
fn the_sound_is_finished_as_asked() {
    let sandbox = Sandbox::new();
    let samples = |args: &[&str]| -> Vec<f32> {
        let raw = sandbox.said(&[&["--raw", "--sample-format", "f32"], args].concat());
        raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let plain = samples(&[]);
    let quiet = samples(&["--volume", "0.5"]);
    assert!(plain.iter().zip(&quiet).all(|(plain, quiet)| plain * 0.5 == *quiet));
    let faded = samples(&["--fade-out", "100"]);
    assert_eq!(plain[..1000], faded[..1000]);
    assert!(faded.last().unwrap().abs() < 1e-4 && plain != faded);
    assert!(plain.starts_with(&samples(&["--trim"])));
}

#[test]
fn parameters_change_the_speech() {
    let sandbox = Sandbox::new();
    let plain = wav(&sandbox.said(&[])).data;
    for parameters in [
        &["--temperature", "0"][..],
        &["--top-k", "5"],
        &["--top-p", "0.3"],
        &["--min-p", "0.9"],
        &["--repetition-penalty", "10", "--repetition-codebooks", "-1"],
        &["--repetition-penalty", "10", "--repetition-window", "3"],
        &["--speed", "2"],
        &["--rate", "40"],
        &["--rate-bucket", "0"],
        &["--quality", "lufs=-20"],
        &["--quality-bucket", "lufs=3", "--quality", "max_pause=2"],
        &["--quality-bucket", "trailing_silence_s=none"],
    ] {
        assert_ne!(wav(&sandbox.said(parameters)).data, plain, "{parameters:?}");
    }
}

#[test]
fn voices_and_what_is_said_of_them_change_the_speech() {
    let sandbox = Sandbox::new();
    let (low, high) = (sandbox.chirp("low.wav", 600.0), sandbox.chirp("high.wav", 4000.0));
    let (low, high) = (low.as_str(), high.as_str());
    let data = |args: &[&str]| wav(&sandbox.said(args)).data;
    let speeches = [
        data(&[]),
        data(&["--voice", low]),
        data(&["--voice", high]),
        data(&["--voice", low, "--voice", high]),
        data(&["--voice", low, "--clean-background"]),
        data(&["--voice", low, "--expressive"]),
    ];
    for (place, speech) in speeches.iter().enumerate() {
        assert!(!speeches[..place].contains(speech), "{place}");
    }
    assert_eq!(data(&["--voice", low, "--voice", high]), data(&["--voice", high, "--voice", low]));
    let json = sandbox.say(&["Hi.", "--voice", low, "--voice", high, "--json", "-o", "a.wav"]).done().json();
    assert_eq!(json["voices"], serde_json::json!(["low.wav", "high.wav"]));
}

#[test]
fn an_end_without_a_sound_is_a_valid_file_and_a_warning() {
    let sandbox = Sandbox::new();
    // Eight frames are as many as the delay pattern needs before the first can be heard.
    let run = sandbox.run_tiny(&["say", "Hi.", "--seed", "1", "--max-frames", "8", "-q", "-o", "a.wav"]).done();
    assert!(run.stderr.contains("without a sound"), "{}", run.stderr);
    assert!(wav(&sandbox.read("a.wav")).data.is_empty());
}

#[test]
fn an_existing_file_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("said.wav", "old");
    assert_eq!(wav(&sandbox.said(&[])).sample_rate, 44_100);
}

#[test]
fn the_environment_names_the_model_where_the_command_line_does_not() {
    let sandbox = Sandbox::new();
    let say = |model: &str| {
        sandbox.command(&["say", "Hi.", "--max-frames", "12", "-o", "a.wav"]).env("ZONOS_MODEL", model).output()
    };
    assert!(say("demo").unwrap().status.success());
    let unknown = say("dema").unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `demo`"));
}
