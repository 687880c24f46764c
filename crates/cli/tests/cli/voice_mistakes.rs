//! Voices that are none.

use crate::support::Sandbox;

#[test]
fn files_that_hold_no_voice_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("text.wav", "Dear diary, this is not audio.");
    sandbox.write("empty.wav", "");
    sandbox.write("text.npy", "not an array");
    sandbox.write("text.txt", "plain");
    let cases = [
        ("text.wav", "no audio format"),
        ("empty.wav", "empty"),
        ("text.npy", "text.npy"),
        ("text.txt", "no audio format"),
        ("none.wav", "cannot read voice none.wav"),
        ("none/voice", "cannot read voice none/voice"),
    ];
    for (file, words) in cases {
        sandbox.say(&["Hi.", "-o", "a.wav", "--voice", file]).fails(1, &[file, words]);
        sandbox.run_tiny(&["voice", "add", "new", file]).fails(1, &[words]);
        sandbox.run_tiny(&["voice", "embed", file, "-o", "new.npy"]).fails(1, &[words]);
    }
    assert!(sandbox.saved_voices().is_empty());
    assert_eq!(sandbox.files(), ["empty.wav", "text.npy", "text.txt", "text.wav"]);
}

#[test]
fn a_clip_can_be_too_short() {
    let sandbox = Sandbox::new();
    zonos::save_wav(sandbox.path("short.wav"), &[0.1; 100], &zonos::WavOptions::default()).unwrap();
    sandbox.say(&["Hi.", "-o", "a.wav", "--voice", "short.wav"]).fails(1, &["too few"]);
}

#[test]
fn a_voice_of_another_model_is_refused() {
    let sandbox = Sandbox::new();
    zonos::Voice::new(vec![0.5; 7]).unwrap().save(sandbox.path("other.npy")).unwrap();
    sandbox.say(&["Hi.", "-o", "a.wav", "--voice", "other.npy"]).fails(1, &["7 numbers", "256"]);
}

#[test]
fn names_must_be_new_and_names() {
    let sandbox = Sandbox::new();
    sandbox.chirp("a.wav", 500.0);
    sandbox.run_tiny(&["voice", "add", "anna", "a.wav"]).done();
    // Told before a model is looked for.
    sandbox.run(&["voice", "add", "anna", "a.wav", "--model", "no/such"]).fails(2, &["anna", "already"]);
    sandbox.run(&["voice", "blend", "anna", "a.wav", "a.wav"]).fails(2, &["already"]);
    for name in ["../anna", "a/b", ".anna", "", "an na"] {
        sandbox.run_tiny(&["voice", "add", name, "a.wav"]).fails(2, &["name of a voice"]);
    }
    sandbox.run(&["voice", "show", "../anna"]).fails(2, &["name of a voice"]);
    for args in [&["show", "ana"][..], &["remove", "anna", "ana"], &["blend", "new", "anna", "ana"]] {
        sandbox.run(&[&["voice"], args].concat()).fails(2, &["`ana`", "did you mean `anna`"]);
    }
    sandbox.run(&["voice", "blend", "new", "anna", "anna", "--weight", "1.5"]).fails(2, &["weight", "0 to 1"]);
    sandbox.run(&["voice", "blend", "new", "anna", "anna", "--weight", "-1"]).fails(2, &["weight", "0 to 1"]);
    sandbox.run(&["voice", "add", "new"]).fails(2, &["FILE"]);
    assert_eq!(sandbox.saved_voices(), ["anna"]);
}
