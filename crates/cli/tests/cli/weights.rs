//! Quantizing, converting and comparing models.

use crate::support::Sandbox;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/backbone_tiny");

fn tiny(file: &str) -> String {
    format!("{TINY}/{file}")
}

/// How far one model is from another.
fn distance(sandbox: &Sandbox, first: &str, second: &str) -> serde_json::Value {
    sandbox.run(&["compare", first, second, "--frames", "4", "--json"]).done().json()
}

#[test]
fn a_quantized_model_is_smaller_and_near() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["quantize", &tiny("model.pth"), "-o", "small.gguf", "--experts", "q8_0"]).done();
    assert!(run.stderr.contains("small.gguf: ") && run.stderr.contains("tensors, "), "{}", run.stderr);
    let found = distance(&sandbox, TINY, "small.gguf");
    let (kl, bytes) = (found["kl"].as_f64().unwrap(), |side: &str| found[side]["bytes"].as_u64().unwrap());
    assert!(kl > 0.0 && kl < 0.05, "{found}");
    assert!(bytes("second") < bytes("first"), "{found}");
    assert_eq!((found["frames"].as_u64(), found["codebooks"].as_array().map(Vec::len)), (Some(24), Some(9)));
    let table = sandbox.run(&["compare", TINY, "small.gguf", "--frames", "2"]).done().text();
    assert!(table.contains("codebook 8  KL 0.0") && table.contains("read for each frame"), "{table}");
    sandbox.run(&["quantize", "small.gguf", "-o", "again.gguf", "--experts", "f16", "--spine", "q8_0", "-q"]).done();
    assert_eq!(sandbox.files(), ["again.gguf", "small.gguf"]);
}

#[test]
fn rows_that_do_not_fill_blocks_are_told() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["quantize", TINY, "-o", "a.gguf", "--experts", "q4_k"]).done();
    assert!(run.stderr.contains("stored as q8_0: rows of 96 numbers do not fill blocks of q4_k"), "{}", run.stderr);
}

#[test]
fn a_converted_model_is_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("params.json", std::fs::read(tiny("params.json")).unwrap());
    sandbox.run(&["convert", &tiny("model.pth"), "-o", "model.safetensors"]).done();
    let found = distance(&sandbox, &tiny("model.pth"), ".");
    assert_eq!((found["kl"].as_f64(), found["agreement"].as_f64()), (Some(0.0), Some(1.0)));
    assert_eq!(found["first"]["bytes"], found["second"]["bytes"]);
}

#[test]
fn a_folder_with_a_gguf_file_speaks() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("model")).unwrap();
    sandbox.run(&["quantize", TINY, "-o", "model/tiny-q8_0.gguf"]).done();
    sandbox.write("model/dac.safetensors", std::fs::read(tiny("../vocoder/dac_tiny.safetensors")).unwrap());
    let say = |model: &str, output: &str| {
        sandbox.run(&[
            "say",
            "Hi.",
            "--model",
            model,
            "--seed",
            "3",
            "--max-frames",
            "12",
            "--no-comment",
            "-o",
            output,
        ])
    };
    say("model", "folder.wav").done();
    say("model/tiny-q8_0.gguf", "file.wav").done();
    assert_eq!(sandbox.read("folder.wav"), sandbox.read("file.wav"));
    std::fs::copy(sandbox.path("model/tiny-q8_0.gguf"), sandbox.path("model/other.gguf")).unwrap();
    say("model", "a.wav").fails(1, &["tiny-q8_0.gguf", "other.gguf", "name one"]);
}

/// The published form: one file, with its companions beside it.
#[test]
fn a_gguf_file_speaks_with_its_companions() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("model")).unwrap();
    for name in ["backbone-q8_0.gguf", "dac.gguf", "spk-encoder.gguf"] {
        sandbox.write(&format!("model/{name}"), std::fs::read(tiny(&format!("../gguf/{name}"))).unwrap());
    }
    zonos::Codes::new(vec![3, 1, 4, 1, 5, 9], 3, 16).unwrap().save(sandbox.path("codes.npy")).unwrap();
    let decode = |codec: &[&str], output: &str| {
        sandbox.run(&[&["decode", "codes.npy", "--raw", "-o", output][..], codec].concat()).done();
        sandbox.read(output)
    };
    let by_model = decode(&["--model", "model/backbone-q8_0.gguf"], "a.raw");
    assert_eq!(by_model, decode(&["--model", "model"], "b.raw"));
    assert_eq!(by_model, decode(&["--model", "model", "--codec", "model/dac.gguf"], "c.raw"));
    assert_eq!(by_model.len(), 2 * 8 * 2);
    sandbox.chirp("voice.wav", 800.0);
    sandbox.run(&["encode", "voice.wav", "-o", "d.npy", "--model", "model"]).fails(1, &["hold no encoder"]);
    sandbox.run(&["voice", "embed", "voice.wav", "-o", "voice.npy", "--model", "model"]).done();
}

#[test]
fn what_cannot_be_done_leaves_no_file() {
    let sandbox = Sandbox::new();
    sandbox.run(&["quantize", TINY, "-o", "small.gguf", "-q"]).done();
    let whole = sandbox.read("small.gguf");
    sandbox.write("cut.gguf", &whole[..whole.len() / 2]);
    sandbox.write("text.gguf", "this is no model");
    let input = |input: &str| sandbox.run(&["quantize", input, "-o", "a.gguf"]);
    input("cut.gguf").fails(1, &["cut.gguf is damaged"]);
    input("text.gguf").fails(1, &["text.gguf"]);
    input("none.gguf").fails(2, &["`none.gguf`", "a folder, a file or one of"]);
    input(&tiny("../vocoder/dac_tiny.safetensors")).fails(1, &["params.json"]);
    sandbox.run(&["convert", "small.gguf", "-o", "a.safetensors"]).fails(1, &["cannot be stored as q8_0"]);
    sandbox.run(&["quantize", TINY, "-o", "a.bin"]).fails(2, &["a.bin must end in .gguf"]);
    sandbox.run(&["convert", TINY, "-o", "a.pth"]).fails(2, &["a.pth must end in .safetensors"]);
    sandbox.run(&["quantize", TINY, "-o", "none/a.gguf"]).fails(1, &["there is no folder none"]);
    sandbox.run(&["quantize", TINY, "-o", "a.gguf", "--experts", "q2_k"]).fails(2, &["q2_k", "q4_k"]);
    sandbox.run(&["quantize", TINY, "-o", "a.gguf", "--spine", "q4_k"]).fails(2, &["q4_k", "q8_0"]);
    sandbox.run(&["quantize", "-o", "a.gguf"]).fails(2, &["NAME|PATH"]);
    sandbox.run(&["quantize", TINY, "--random", "full", "-o", "a.gguf"]).fails(2, &["--random"]);
    sandbox.run(&["bench", "--random", "full", "--model", "cut.gguf"]).fails(1, &["cut.gguf is damaged"]);
    sandbox.run(&["compare", TINY, "none"]).fails(2, &["`none`"]);
    sandbox.run(&["compare", TINY, "small.gguf", "--frames", "0"]).fails(2, &["number of frames", "1 to 4096"]);
    sandbox.run(&["compare", TINY]).fails(2, &["<B>"]);
    assert_eq!(sandbox.files(), ["cut.gguf", "small.gguf", "text.gguf"]);
}
