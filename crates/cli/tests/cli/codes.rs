//! The codec alone.

use crate::support::{Sandbox, wav};

#[test]
fn audio_goes_to_codes_and_back() {
    let sandbox = Sandbox::new();
    sandbox.chirp("in.wav", 800.0);
    for codes in ["codes.npy", "codes.npz", "codes.safetensors"] {
        sandbox.run_tiny(&["encode", "in.wav", "-o", codes]).done();
        sandbox.run_tiny(&["decode", codes, "-o", &format!("{codes}.wav")]).done();
    }
    let out = wav(&sandbox.read("codes.npy.wav"));
    assert_eq!((out.channels, out.sample_rate, out.bits), (1, 44_100, 16));
    let frames = (2.0_f64 * 44_100.0 / 512.0).ceil() as usize;
    assert_eq!(out.data.len(), frames * 512 * 2);
    assert_eq!(sandbox.read("codes.npy.wav"), sandbox.read("codes.npz.wav"));
    assert_eq!(sandbox.read("codes.npy.wav"), sandbox.read("codes.safetensors.wav"));
}

#[test]
fn decoded_audio_goes_to_a_pipe_in_any_format() {
    let sandbox = Sandbox::new();
    sandbox.chirp("in.wav", 800.0);
    sandbox.run_tiny(&["encode", "in.wav", "-o", "codes.npy"]).done();
    let decode = ["decode", "codes.npy", "--sample-format", "s24", "-o", "-"];
    let piped = wav(&sandbox.run_tiny(&decode).done().stdout);
    assert_eq!((piped.bits, piped.sample_rate), (24, 44_100));
    let raw = sandbox.run_tiny(&[&decode[..], &["--raw"]].concat()).done().stdout;
    assert_eq!(raw, piped.data);
}

#[test]
fn the_codec_needs_no_other_part_of_a_model() {
    let sandbox = Sandbox::new();
    // There is no default model here; the error is about the codec that is named.
    sandbox.write("codec.safetensors", "broken");
    sandbox.chirp("in.wav", 800.0);
    let run = sandbox.run(&["encode", "in.wav", "-o", "codes.npy", "--codec", "codec.safetensors"]);
    run.fails(1, &["codec.safetensors"]);
}

#[test]
fn files_that_hold_no_codes_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("text.npy", "no array");
    zonos::Voice::new(vec![0.5; 9]).unwrap().save(sandbox.path("voice.npy")).unwrap();
    zonos::Codes::new(vec![0; 10], 2, 1024).unwrap().save(sandbox.path("two.npy")).unwrap();
    for (file, words) in [
        ("text.npy", "text.npy"),
        ("voice.npy", "holds no codes"),
        ("two.npy", "2 codebooks"),
        ("none.npy", "none.npy"),
    ] {
        sandbox.run_tiny(&["decode", file, "-o", "a.wav"]).fails(1, &[words]);
    }
    sandbox.run_tiny(&["encode", "text.npy", "-o", "a.npy"]).fails(1, &["no audio format"]);
    assert_eq!(sandbox.files(), ["text.npy", "two.npy", "voice.npy"]);
}
