//! The demo model as a newcomer meets it.

use crate::support::{Run, Sandbox, wav};

/// Says a sentence with the demo model.
fn say(sandbox: &Sandbox, args: &[&str]) -> Run {
    let say = ["say", "Please open the window.", "--model", "demo", "--seed", "7", "-o", "out.wav"];
    sandbox.run(&[&say[..], args].concat())
}

fn said(sandbox: &Sandbox, args: &[&str]) -> Vec<u8> {
    say(sandbox, &[&["--max-frames", "30"], args].concat()).done();
    wav(&sandbox.read("out.wav")).data
}

#[test]
fn the_first_command_of_the_readme_speaks() {
    let sandbox = Sandbox::new();
    let json = say(&sandbox, &["--json"]).done().json();
    assert_eq!(json["finish_reason"], "end_of_audio");
    assert!((0.8..3.5).contains(&json["seconds"].as_f64().unwrap()), "{json}");
    assert!(wav(&sandbox.read("out.wav")).notes.contains("model demo"));
}

#[test]
fn the_voices_that_come_with_it_have_names() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["voice", "list"]).done().text();
    assert_eq!(list, "awb (demo)\nkal16 (demo)\nrms (demo)\nslt (demo)\n");
    let plain = said(&sandbox, &[]);
    assert!(said(&sandbox, &["--voice", "slt"]) == plain);
    let rms = said(&sandbox, &["--voice", "rms"]);
    assert!(rms != plain);
    say(&sandbox, &["--voice", "rmss"]).fails(2, &["`rmss`", "did you mean `rms`"]);
    sandbox.say(&["Hi.", "--voice", "rms", "-o", "a.wav"]).fails(2, &["no voice `rms`"]);
    let shown = sandbox.run(&["voice", "show", "rms"]).done().text();
    assert!(shown.contains("comes with  demo"), "{shown}");
    let json = sandbox.run(&["voice", "list", "--json"]).done().json();
    assert_eq!((&json[2]["name"], &json[2]["model"], &json[2]["file"]), (&"rms".into(), &"demo".into(), &().into()));
    sandbox.write("jobs.jsonl", r#"{"text": "Please open the window.", "voice": "rms", "seed": 7, "max_frames": 30}"#);
    sandbox.run(&["batch", "jobs.jsonl", "-o", "speech", "--model", "demo"]).done();
    // A text that may be split fades where parts meet.
    assert!(wav(&sandbox.read("speech/000001.wav")).data == said(&sandbox, &["--voice", "rms", "--no-split"]));
}

#[test]
fn voices_of_ones_own_come_first() {
    let sandbox = Sandbox::new();
    let (rms, awb) = (said(&sandbox, &["--voice", "rms"]), said(&sandbox, &["--voice", "awb"]));
    sandbox.run(&["voice", "add", "rms", "awb", "--model", "demo"]).done();
    assert!(said(&sandbox, &["--voice", "rms"]) == awb);
    assert_eq!(sandbox.saved_voices(), ["rms"]);
    let shown = sandbox.run(&["voice", "show", "rms"]).done().text();
    assert!(shown.contains("rms.safetensors"), "{shown}");
    sandbox.run(&["voice", "remove", "rms"]).done();
    assert!(said(&sandbox, &["--voice", "rms"]) == rms);
    sandbox.run(&["voice", "remove", "rms"]).fails(2, &["no voice `rms`"]);
}

#[test]
fn it_is_a_model_like_others() {
    let sandbox = Sandbox::new();
    let shown = sandbox.run(&["models", "show", "demo"]).done().text();
    assert!(shown.contains("built in") && shown.contains("awb, kal16, rms, slt"), "{shown}");
    assert_eq!(sandbox.run(&["doctor", "--model", "demo", "--json"]).done().json()["asked"]["ready"], true);
    sandbox.run(&["quantize", "demo", "-o", "small.gguf", "--experts", "q4_k", "--spine", "q8_0"]).done();
    let found = sandbox.run(&["compare", "demo", "small.gguf", "--frames", "4", "--json"]).done().json();
    let bytes = |side: &str| found[side]["bytes"].as_u64().unwrap();
    assert!(bytes("second") < bytes("first") && found["kl"].as_f64().unwrap() < 0.5, "{found}");
    sandbox.chirp("in.wav", 800.0);
    sandbox.run(&["encode", "in.wav", "-o", "codes.npy", "--model", "demo"]).fails(1, &["hold no encoder"]);
    sandbox.run(&["convert", "demo", "-o", "a.safetensors"]).fails(1, &["cannot be stored as q8_0"]);
}
