//! Ctrl-C.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command};
use std::time::Duration;

use crate::support::{Run, Sandbox, TINY};

fn interrupt(child: &Child) {
    let status = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
}

#[track_caller]
fn assert_interrupted(child: Child) {
    let run = Run::wait(child);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(run.stderr.contains("interrupted"), "{}", run.stderr);
}

#[test]
fn a_filter_that_waits_for_input_stops() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.command(&["normalize", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"a line\n").unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "a line\n");
    interrupt(&child);
    assert_interrupted(child);
    drop(stdin);
}

#[test]
fn speech_in_the_making_leaves_no_file() {
    let sandbox = Sandbox::new();
    sandbox.write("old.wav", "old");
    for output in ["new.wav", "old.wav"] {
        let mut child = sandbox.command(&[&["say", "-", "-o", output], &TINY[..]].concat()).spawn().unwrap();
        // Reading a prompt of this length takes seconds. More line ends than a pipe holds follow, so that the text
        // is being read, and Ctrl-C watched for, when all is written.
        let text = "word ".repeat(1180) + &"\n".repeat(1 << 20);
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        interrupt(&child);
        assert_interrupted(child);
    }
    assert_eq!(sandbox.files(), ["old.wav"]);
    assert_eq!(sandbox.read("old.wav"), b"old");
}

/// Speaks a text that takes minutes and interrupts it once the file has some of it.
fn interrupted_reading(sandbox: &Sandbox, args: &[&str]) {
    sandbox.write("book.txt", "A paragraph of a long book.\n\n".repeat(4000));
    let say = ["say", "-f", "book.txt", "--max-frames", "30", "-o", "book.wav"];
    let child = sandbox.command(&[&say[..], &TINY, args].concat()).spawn().unwrap();
    let grown = || {
        let items = std::fs::read_dir(sandbox.path(".")).unwrap().flatten();
        let part = items.filter(|item| item.file_name().to_string_lossy().ends_with(".part"));
        part.filter_map(|item| item.metadata().ok()).any(|file| file.len() > 200_000)
    };
    while !grown() {
        std::thread::sleep(Duration::from_millis(20));
    }
    interrupt(&child);
    assert_interrupted(child);
}

#[test]
fn a_long_text_that_is_stopped_leaves_no_file() {
    let sandbox = Sandbox::new();
    interrupted_reading(&sandbox, &[]);
    assert_eq!(sandbox.files(), ["book.txt"]);
}

#[test]
fn finished_parts_are_kept_when_asked_for() {
    let sandbox = Sandbox::new();
    interrupted_reading(&sandbox, &["--keep-partial"]);
    assert_eq!(sandbox.files(), ["book.txt", "book.wav"]);
    let kept = crate::support::wav(&sandbox.read("book.wav"));
    assert!(kept.data.len() > 100_000 && kept.notes.contains("Synthetic"));
}
