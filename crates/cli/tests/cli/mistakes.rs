//! Mistakes on the command line and failures of the system: what is said, the exit code, and that no file is left.

use crate::support::Sandbox;

#[test]
fn every_parameter_out_of_range_is_named() {
    let sandbox = Sandbox::new();
    let infinite = "inf";
    for (arguments, name) in [
        (&["--temperature", "2.1"][..], "temperature"),
        (&["--temperature", "-1"], "temperature"),
        (&["--temperature", "nan"], "temperature"),
        (&["--top-k", "2049"], "top_k"),
        (&["--top-k", "-1"], "--top-k"),
        (&["--top-p", "1.5"], "top_p"),
        (&["--min-p", "-0.1"], "min_p"),
        (&["--repetition-window", "6145"], "repetition_window"),
        (&["--repetition-penalty", "0.5"], "repetition_penalty"),
        (&["--repetition-codebooks", "-2"], "repetition_codebooks"),
        (&["--repetition-codebooks", "10"], "repetition_codebooks"),
        (&["--max-frames", "0"], "max_frames"),
        (&["--max-frames", "6145"], "max_frames"),
        (&["--seed", "2147483648"], "seed"),
        (&["--seed", "-1"], "--seed"),
        (&["--speed", "0"], "speed"),
        (&["--rate", "-3"], "rate"),
        (&["--rate", infinite], "rate"),
        (&["--rate-bucket", "8"], "rate bucket"),
        (&["--quality", "loudness=3"], "loudness"),
        (&["--quality", "lufs=nan"], "quality"),
        (&["--quality", "lufs"], "--quality"),
        (&["--quality-bucket", "lufs=12"], "quality bucket"),
        (&["--quality-bucket", "lufs=x"], "--quality-bucket"),
        (&["--quality", "lufs=-1", "--quality-bucket", "lufs=1"], "lufs"),
        (&["--volume", "11"], "volume"),
        (&["--volume", "-1"], "volume"),
        (&["--fade-out", "10001"], "fade_out"),
        (&["--threads", "0"], "threads"),
        (&["--timeout", "-1"], "--timeout"),
        (&["--timeout", "soon"], "--timeout"),
        (&["--retries", "11"], "retries"),
        (&["--chunk-frames", "0"], "chunk_frames"),
        (&["--sample-format", "s8"], "s8"),
        (&["--dtype", "f8"], "--dtype"),
        (&["--device", "gpu"], "--device"),
        (&["--speed", "1", "--rate", "10"], "--rate"),
        (&["--expressive"], "--voice"),
        (&["--clean-background"], "--voice"),
        (&["--loud"], "--loud"),
    ] {
        let arguments = [&["say", "Hi.", "-o", "a.wav"], arguments].concat();
        sandbox.run_tiny(&arguments).fails(2, &[name]);
    }
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

#[test]
fn unknown_names_get_the_nearest() {
    let sandbox = Sandbox::new();
    sandbox.chirp("a.wav", 500.0);
    sandbox.run_tiny(&["voice", "add", "anna", "a.wav"]).done();
    sandbox.say(&["Hi.", "-o", "b.wav", "--voice", "ana"]).fails(2, &["`ana`", "did you mean `anna`?"]);
    sandbox.say(&["Hi.", "-o", "b.wav", "--language", "german"]).fails(2, &["german", "did you mean de?"]);
    sandbox.run(&["say", "Hi.", "-o", "b.wav", "--model", "dmeo"]).fails(2, &["`dmeo`", "did you mean `demo`"]);
    sandbox
        .run(&["say", "Hi.", "-o", "b.wav", "--model", "no/such"])
        .fails(2, &["`no/such`", "a folder, a file or one of"]);
    sandbox.run(&["say", "Hi.", "-o", "b.wav"]).fails(1, &["not on this machine", "try `demo`"]);
    sandbox.run(&["doctr"]).fails(2, &["doctr", "doctor"]);
    assert_eq!(sandbox.files(), ["a.wav"]);
}

#[test]
fn a_device_that_is_not_there_is_a_failure() {
    let compiled = [("cuda:1000", cfg!(feature = "cuda")), ("metal:1000", cfg!(feature = "metal"))];
    for (device, compiled) in compiled {
        let told = if compiled { device } else { "--features" };
        Sandbox::new().say(&["Hi.", "-o", "a.wav", "--device", device]).fails(1, &[device, told]);
    }
}

#[test]
fn outputs_that_cannot_be_written_are_told_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    // A model that is not there shows that the output is looked at first.
    let say = |output: &str| sandbox.run(&["say", "Hi.", "--model", "no/such", "-o", output]);
    say("none/a.wav").fails(1, &["there is no folder none"]);
    say("file/a.wav").fails(1, &["file/a.wav"]);
    say(".").fails(1, &["not a regular file"]);
    say("a.mp3").fails(2, &["cannot write mp3", ".wav"]);
    sandbox.run_tiny(&["say", "Hi."]).fails(2, &["--output"]);
    sandbox.run(&["encode", "file", "-o", "none/a.npy"]).fails(1, &["there is no folder"]);
    sandbox.run(&["encode", "file", "-o", "a.wav"]).fails(2, &[".npy"]);
    sandbox.run(&["voice", "embed", "file", "-o", "a.txt"]).fails(2, &[".npy"]);
    assert_eq!(sandbox.files(), ["file"]);
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_told_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let locked = sandbox.path("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o555)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        println!("left out: this user may write anywhere");
        return;
    }
    let run = sandbox.run(&["say", "Hi.", "--model", "no/such", "-o", "locked/a.wav"]);
    run.fails(1, &["locked/a.wav", "ermission denied"]);
}

#[test]
fn a_failed_run_keeps_the_old_file() {
    let sandbox = Sandbox::new();
    sandbox.write("a.wav", "old");
    sandbox.write("noise.mp3", "this is no audio");
    sandbox.say(&["Hi.", "-o", "a.wav", "--voice", "noise.mp3"]).fails(1, &["noise.mp3"]);
    sandbox.say(&["Hi.", "-o", "a.wav", "--rate-bucket", "99"]).fails(2, &["99"]);
    sandbox.run(&["say", "Hi.", "-o", "a.wav"]).fails(1, &["zonos2"]);
    assert_eq!(sandbox.read("a.wav"), b"old");
    assert_eq!(sandbox.files(), ["a.wav", "noise.mp3"]);
}

#[test]
fn models_are_names_before_they_are_folders() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("demo")).unwrap();
    sandbox.run(&["say", "Hi.", "-o", "b.wav", "--model", "demo", "--max-frames", "12"]).done();
    sandbox.run(&["say", "Hi.", "-o", "a.wav", "--model", "./demo"]).fails(1, &["no configuration", "params.json"]);
}
