//! What is made from the definition of the command line.

use crate::support::Sandbox;

#[test]
fn help_tells_the_exit_codes_and_defaults() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).done().text();
    for words in ["Exit codes", "130", "ZONOS_HOME"] {
        assert!(help.contains(words), "{words}: {help}");
    }
    let say = sandbox.run(&["say", "--help"]).done().text();
    let default = zonos::Registry::load().unwrap().default;
    for words in ["else 0.18]", "Examples", "en_us", "ZONOS_MODEL", &format!("else {default}]")] {
        assert!(say.contains(words), "{words}: {say}");
    }
    assert!(sandbox.run(&["--version"]).done().text().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn nothing_at_all_shows_the_help() {
    let run = Sandbox::new().run(&[]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("Usage: zonos"), "{}", run.stderr);
}

#[test]
fn every_command_has_help() {
    let sandbox = Sandbox::new();
    for command in [
        "say",
        "voice",
        "voice add",
        "voice blend",
        "models",
        "models list",
        "models show",
        "models pull",
        "models path",
        "models verify",
        "models remove",
        "normalize",
        "encode",
        "decode",
        "quantize",
        "convert",
        "compare",
        "bench",
        "doctor",
        "man",
    ] {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        assert!(sandbox.run(&args).done().text().contains("Usage"), "{command}");
    }
    assert!(sandbox.run(&["normalize", "--help"]).done().text().contains("as it is"));
}

#[test]
fn completions_know_the_options() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.run(&["completions", shell]).done().text();
        assert!(script.contains("repetition-window"), "{shell}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(sandbox.run(&["completions", shell]).done().text().contains("pt_br"), "{shell}");
    }
    sandbox.run(&["completions", "tcsh"]).fails(2, &["tcsh", "bash"]);
}

#[cfg(unix)]
#[test]
fn the_completions_for_bash_are_a_script() {
    let sandbox = Sandbox::new();
    let script = sandbox.run(&["completions", "bash"]).done().stdout;
    sandbox.write("zonos.bash", script);
    let checked = std::process::Command::new("bash").arg("-n").arg(sandbox.path("zonos.bash")).status();
    match checked {
        Ok(status) => assert!(status.success()),
        Err(_) => println!("left out: no bash here"),
    }
}

#[test]
fn manual_pages_are_written() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["man"]).done().text();
    assert!(page.contains(".TH zonos 1") && page.contains("Exit codes"), "{page}");
    std::fs::create_dir(sandbox.path("man")).unwrap();
    sandbox.run(&["man", "--dir", "man"]).done();
    for name in ["zonos.1", "zonos-say.1", "zonos-voice-blend.1"] {
        assert!(sandbox.path("man").join(name).is_file(), "{name}");
    }
    sandbox.run(&["man", "--dir", "none"]).fails(1, &["none"]);
}
