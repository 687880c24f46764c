//! Models by name.

use crate::support::{Run, Sandbox, wav};

#[test]
fn a_model_may_bring_its_own_sampling_defaults() {
    let sandbox = Sandbox::new();
    let list = "default = \"calm\"\n[models.calm]\ndescription = \"The demo model, calmer.\"\nbuilt_in = true\n\
                [models.calm.sampling]\ntemperature = 0.5\nmin_p = 0.25\n";
    sandbox.write("models.toml", list);
    let say = |options: &[&str]| {
        let args = [&["say", "Hello.", "--seed", "3", "--max-frames", "12", "-o", "a.wav"], options].concat();
        Run::wait(sandbox.command(&args).env("ZONOS_MODELS", "models.toml").spawn().unwrap()).done();
        wav(&sandbox.read("a.wav"))
    };
    let own = say(&[]);
    assert!(own.notes.contains("temperature 0.5, top_k 106, top_p 0, min_p 0.25"), "{}", own.notes);
    let asked = say(&["--temperature", "1.5", "--top-k", "7"]);
    assert!(asked.notes.contains("temperature 1.5, top_k 7, top_p 0, min_p 0.25"), "{}", asked.notes);
    assert_ne!(own.data, asked.data);
}
