//! The voice library.

use crate::support::{Sandbox, wav};

fn voice(sandbox: &Sandbox, args: &[&str]) -> String {
    sandbox.run(&[&["voice"], args].concat()).done().text()
}

fn with_two_voices() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.chirp("low.wav", 600.0);
    sandbox.chirp("high.wav", 4000.0);
    sandbox.run_tiny(&["voice", "add", "low", "low.wav"]).done();
    sandbox.run_tiny(&["voice", "add", "high", "high.wav"]).done();
    sandbox
}

#[test]
fn voices_are_added_listed_shown_and_removed() {
    let sandbox = with_two_voices();
    assert_eq!(sandbox.saved_voices(), ["high", "low"]);
    let shown = voice(&sandbox, &["show", "low"]);
    assert!(shown.contains("numbers  256") && shown.contains("low.safetensors"), "{shown}");
    let json = sandbox.run(&["voice", "show", "low", "--json"]).done().json();
    assert_eq!((&json["name"], &json["numbers"]), (&"low".into(), &256.into()));
    let list = sandbox.run(&["voice", "list", "--json"]).done().json();
    assert_eq!((&list[0]["name"], &list[1]), (&"high".into(), &json));
    voice(&sandbox, &["remove", "low", "high"]);
    assert!(sandbox.saved_voices().is_empty());
}

#[test]
fn a_saved_voice_speaks_like_its_clip() {
    let sandbox = with_two_voices();
    let data = |voice: &str| wav(&sandbox.said(&["--voice", voice])).data;
    let clip = data("low.wav");
    assert_eq!(data("low"), clip);
    for file in ["low.npy", "low.npz", "low.safetensors"] {
        sandbox.run_tiny(&["voice", "embed", "low.wav", "-o", file]).done();
        assert_eq!(data(file), clip, "{file}");
    }
    assert_eq!(data(sandbox.path("low.wav").to_str().unwrap()), clip);
}

#[test]
fn several_clips_are_one_voice() {
    let sandbox = with_two_voices();
    sandbox.run_tiny(&["voice", "add", "both", "low.wav", "high.wav"]).done();
    voice(&sandbox, &["add", "named", "low", "high"]);
    sandbox.run_tiny(&["voice", "embed", "low", "high.wav", "-o", "both.npy"]).done();
    let data = |voices: &[&str]| wav(&sandbox.said(voices)).data;
    let both = data(&["--voice", "both"]);
    assert_eq!(data(&["--voice", "named"]), both);
    assert_eq!(data(&["--voice", "both.npy"]), both);
    assert_eq!(data(&["--voice", "low", "--voice", "high.wav"]), both);
}

#[test]
fn blends_go_from_one_voice_to_the_other() {
    let sandbox = with_two_voices();
    for (name, weight) in [("start", "0"), ("end", "1"), ("between", "0.4")] {
        voice(&sandbox, &["blend", name, "low", "high", "--weight", weight]);
    }
    sandbox.run_tiny(&["voice", "blend", "clips", "low.wav", "high.wav", "--weight", "0.4"]).done();
    let data = |voice: &str| wav(&sandbox.said(&["--voice", voice])).data;
    assert_eq!(data("start"), data("low"));
    assert_eq!(data("end"), data("high"));
    assert_eq!(data("clips"), data("between"));
    assert_ne!(data("between"), data("low"));
}

#[test]
fn a_name_with_a_dot_is_found_in_the_library() {
    let sandbox = with_two_voices();
    sandbox.run_tiny(&["voice", "add", "low.v2", "low.wav"]).done();
    sandbox.said(&["--voice", "low.v2"]);
    std::fs::create_dir(sandbox.path("high")).unwrap();
    sandbox.said(&["--voice", "high"]);
}
