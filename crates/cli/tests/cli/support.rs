//! A sandbox to run the command in, and readers for what it makes.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

macro_rules! fixture {
    ($path:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/", $path)
    };
}

/// A tiny model of random weights, for whatever any model will do for.
pub const TINY: [&str; 6] = [
    "--model",
    fixture!("backbone_tiny"),
    "--codec",
    fixture!("vocoder/dac_tiny.safetensors"),
    "--speaker-encoder",
    fixture!("speaker"),
];

/// An empty folder to run in, with a data folder of its own.
pub struct Sandbox(TempDir);

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Names of the files in the folder, sorted; without the data folder.
    pub fn files(&self) -> Vec<String> {
        let items = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = items.map(|item| item.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "home");
        names.sort();
        names
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).unwrap();
        name.to_owned()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// A WAV file with a rising tone of two seconds, and its name.
    pub fn chirp(&self, name: &str, pitch: f32) -> String {
        let samples: Vec<f32> = (0..2 * 24_000)
            .map(|index| index as f32 / 24_000.0)
            .map(|time| (time * pitch * (1.0 + time)).sin() * 0.4)
            .collect();
        let options = zonos::WavOptions { sample_rate: 24_000, ..zonos::WavOptions::default() };
        zonos::save_wav(self.path(name), &samples, &options).unwrap();
        name.to_owned()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonos"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env("ZONOS_HOME", self.path("home"))
            .env("HF_HOME", self.path("home/hf"))
            // Nothing is ever asked of the real hub.
            .env("HF_ENDPOINT", "http://127.0.0.1:1");
        for name in ["ZONOS_MODELS", "ZONOS_MODEL", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, "")
    }

    pub fn run_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Run {
        let mut child = self.command(args).spawn().unwrap();
        // A command that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        Run::wait(child)
    }

    /// A command with the tiny model.
    pub fn run_tiny(&self, args: &[&str]) -> Run {
        self.run(&[args, &TINY].concat())
    }

    /// `zonos say` with the tiny model, a fixed seed and few frames, before the arguments given.
    pub fn say(&self, args: &[&str]) -> Run {
        self.say_with(args, "")
    }

    pub fn say_with(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Run {
        self.run_with(&[&["say", "--seed", "3", "--max-frames", "30"], &TINY[..], args].concat(), stdin)
    }

    /// What `zonos voice list` shows, without the voices that come with models.
    pub fn saved_voices(&self) -> Vec<String> {
        let list = self.run(&["voice", "list"]).done().text();
        list.lines().filter(|line| !line.ends_with(')')).map(str::to_owned).collect()
    }

    /// Says something to a file; gives its bytes.
    pub fn said(&self, args: &[&str]) -> Vec<u8> {
        self.say(&[&["Hello there.", "-o", "said.wav"], args].concat()).done();
        self.read("said.wav")
    }
}

/// A finished run.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    pub fn wait(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// Asserts success.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts a failure in one line that holds every one of the words, and nothing on standard output.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(self.stdout.is_empty());
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }
}

/// What the header of a WAV file says.
#[derive(Debug, PartialEq)]
pub struct Wav {
    pub tag: u16,
    pub channels: u16,
    pub sample_rate: u32,
    pub bits: u16,
    pub data: Vec<u8>,
    pub notes: String,
}

/// Reads a WAV file strictly: every length must fit.
pub fn wav(bytes: &[u8]) -> Wav {
    assert_eq!((&bytes[..4], &bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    assert_eq!(u32_at(bytes, 4) as usize, bytes.len() - 8);
    let format = chunk(bytes, b"fmt ").unwrap();
    Wav {
        tag: u16_at(format, 0),
        channels: u16_at(format, 2),
        sample_rate: u32_at(format, 4),
        bits: u16_at(format, 14),
        data: chunk(bytes, b"data").unwrap().to_vec(),
        notes: String::from_utf8_lossy(chunk(bytes, b"LIST").unwrap_or_default()).into_owned(),
    }
}

fn chunk<'a>(wav: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let mut rest = &wav[12..];
    while !rest.is_empty() {
        let length = u32_at(rest, 4) as usize;
        if &rest[..4] == name {
            return Some(&rest[8..8 + length]);
        }
        rest = &rest[8 + length.next_multiple_of(2)..];
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}
