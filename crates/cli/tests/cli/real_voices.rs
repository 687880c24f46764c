//! Recordings of real people, where the machine has some.

use crate::support::{Sandbox, wav};

/// Set `ZONOS_VOICES` to a folder of audio files.
#[test]
fn recordings_give_voices_that_differ() {
    let Some(folder) = std::env::var_os("ZONOS_VOICES") else {
        println!("left out: ZONOS_VOICES names no folder of recordings");
        return;
    };
    let sandbox = Sandbox::new();
    let mut speeches = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        let speech = wav(&sandbox.said(&["--voice", path.to_str().unwrap()])).data;
        assert!(!speech.is_empty() && !speeches.contains(&speech), "{}", path.display());
        speeches.push(speech);
    }
    assert!(!speeches.is_empty(), "the folder is empty");
}
