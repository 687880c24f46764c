//! The library example of the README compiles and runs.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use zonos_tests::own_fixture;

mod hello {
    include!("readme/example.rs");

    pub fn run() -> zonos::Result<()> {
        main()
    }
}

#[test]
fn the_example_of_the_readme_is_the_one_that_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let example = include_str!("readme/example.rs");
    assert!(readme.contains(&format!("```rust\n{example}```")), "README.md and readme/example.rs differ");
}

#[test]
fn the_example_writes_speech() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(own_fixture("audio/mp3.mp3"), folder.path().join("reference.mp3")).unwrap();
    // The only test of this program that depends on the current folder.
    std::env::set_current_dir(folder.path()).unwrap();
    hello::run().unwrap();
    let comment = zonos::wav_comment(folder.path().join("hello.wav")).unwrap().unwrap();
    assert!(comment.contains("Synthetic speech"), "{comment}");
}
