//! Where text comes from, and the normalizer as a filter.

use crate::support::Sandbox;

#[test]
fn text_comes_from_the_line_a_file_or_standard_input() {
    let sandbox = Sandbox::new();
    let line = sandbox.said(&[]);
    let say = |args: &[&str], stdin: &str| {
        sandbox.say_with(&[args, &["-o", "other.wav"]].concat(), stdin).done();
        sandbox.read("other.wav")
    };
    sandbox.write("text.txt", "\u{feff}Hello there.\r\n");
    assert_eq!(say(&["-"], "Hello there.\n"), line);
    assert_eq!(say(&["-f", "-"], "Hello there."), line);
    assert_eq!(say(&["-f", "text.txt"], ""), line);
    assert_ne!(say(&["-"], "Hello  there."), line);
}

#[test]
fn a_text_that_begins_with_a_dash_goes_after_two() {
    Sandbox::new().say(&["-o", "a.wav", "--", "-5 degrees"]).done();
}

#[test]
fn text_that_cannot_be_spoken_is_refused() {
    let sandbox = Sandbox::new();
    let say = |text: &str| sandbox.say(&["-o", "a.wav", text]);
    for empty in ["", "  ", "\n\t"] {
        say(empty).fails(2, &["text is empty"]);
    }
    say("bell\u{7}").fails(2, &["U+0007"]);
    let stdin = |bytes: &[u8]| sandbox.say_with(&["-", "-o", "a.wav"], bytes);
    stdin(b"").fails(2, &["text is empty"]);
    stdin(b"caf\xe9").fails(2, &["standard input is not UTF-8", "byte 3"]);
    stdin(&b"x".repeat(5 << 20)).fails(2, &["text has", "bytes"]);
    sandbox.say(&["-o", "a.wav", "-f", "none.txt"]).fails(1, &["cannot read none.txt"]);
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

#[test]
fn text_is_given_once() {
    let sandbox = Sandbox::new();
    sandbox.say(&["-o", "a.wav"]).fails(2, &["TEXT", "--file"]);
    sandbox.say(&["-o", "a.wav", "Hi.", "-f", "b.txt"]).fails(2, &["cannot be used with"]);
}

#[test]
fn normalize_is_a_filter() {
    let sandbox = Sandbox::new();
    let text = "Hier\r\n\n  Größe ja\nlast";
    let filtered = sandbox.run_with(&["normalize", "-", "--language", "de"], text).done();
    assert_eq!(filtered.text(), format!("{text}\n"));
    assert_eq!(sandbox.run(&["normalize", "a\nb"]).done().text(), "a\nb\n");
    sandbox.write("text.txt", "one\ntwo\n");
    assert_eq!(sandbox.run(&["normalize", "-f", "text.txt"]).done().text(), "one\ntwo\n");
    assert_eq!(sandbox.run_with(&["normalize", "-"], "").done().text(), "");
    let broken = sandbox.run_with(&["normalize", "-"], b"good\nb\xff\n");
    assert_eq!((broken.code, broken.text().as_str()), (Some(2), "good\n"));
    sandbox.run(&["normalize", "a", "--language", "klingon"]).fails(2, &["klingon", "en_us"]);
    assert_eq!(sandbox.run(&["normalize", "I have 5."]).done().text(), "I have five.\n");
}

#[test]
fn known_readings_are_checked() {
    let sandbox = Sandbox::new();
    sandbox.write("en_us.tsv", "a\tI have 5.\tI have five.\t\na\t7\tsix\t\nb\t8\tnine\todd\n");
    let table = sandbox.run(&["normalize", "--check", "en_us.tsv", "--failures"]).done().text();
    for part in ["1/2  50.0 %", "known    six", "read     seven", "b (odd)"] {
        assert!(table.contains(part), "{part}\n{table}");
    }
    let json = sandbox.run(&["normalize", "--check", ".", "--json", "--language", "en_gb"]).done().text();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["all"]["sound"]["exact"], 1);
    assert_eq!(json[0]["language"], "en_gb");
    sandbox.run(&["normalize", "--check", "none.tsv"]).fails(2, &["none", "--language"]);
    sandbox.run(&["normalize", "--check", "de.tsv"]).fails(1, &["cannot read de.tsv"]);
    sandbox.write("ja.tsv", "two\tcolumns\n");
    sandbox.run(&["normalize", "--check", "ja.tsv"]).fails(2, &["ja.tsv", "line 1"]);
    sandbox.run(&["normalize", "a", "--check", "ja.tsv"]).fails(2, &["cannot be used with"]);
    sandbox.run(&["normalize", "a", "--json"]).fails(2, &["cannot be used with"]);
    sandbox.run(&["normalize", "--json"]).fails(2, &["--check"]);
}
