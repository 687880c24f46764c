//! Speech on the sound device, where there is none.

#[cfg(all(feature = "play", target_os = "linux"))]
use crate::support::Run;
use crate::support::Sandbox;

#[cfg(not(feature = "play"))]
#[test]
fn a_build_that_cannot_play_says_how_to_make_one_that_can() {
    let sandbox = Sandbox::new();
    sandbox.say(&["Hi.", "--play"]).fails(1, &["--features play", "-o"]);
    sandbox.say(&["Hi.", "--play", "-o", "a.wav"]).fails(1, &["--features play"]);
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

/// Also where there is a device: the configuration of ALSA is one that names none.
#[cfg(all(feature = "play", target_os = "linux"))]
#[test]
fn without_a_sound_device_nothing_is_spoken() {
    let sandbox = Sandbox::new();
    let config = sandbox.path(&sandbox.write("alsa.conf", ""));
    for output in [&[][..], &["-o", "a.wav"]] {
        let args = [&["say", "Hi.", "--model", "no/such", "--play"], output].concat();
        let child = sandbox.command(&args).env("ALSA_CONFIG_PATH", &config).spawn().unwrap();
        let run = Run::wait(child);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        run.fails(1, &["needs a sound device", "-o"]);
    }
    assert_eq!(sandbox.files(), ["alsa.conf"]);
}

#[test]
fn speech_is_written_or_played() {
    let sandbox = Sandbox::new();
    sandbox.say(&["Hi.", "--play", "--keep-partial"]).fails(2, &["--keep-partial", "-o"]);
    let run = sandbox.say(&["Hi."]);
    assert!(run.code == Some(2) && run.stderr.contains("--output"), "{}", run.stderr);
}
