//! Why a card cannot be used, in one sentence each, and what the host does with one, with a stand-in for the driver whose
//! kernels do nothing: no card is needed.
#![cfg(all(feature = "cuda", target_os = "linux"))]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use zonos::{DeviceChoice, Engine, EngineOptions, Precision};
use zonos_lm::{Backbone, Conditioning, Config, Generation, GenerationOptions, Prompt, step};
use zonos_weights::Checkpoint;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stand_in/libcuda.c");
/// The libraries that are opened with a card.
const LIBRARIES: [&str; 3] = ["libcuda.so.1", "libcublas.so.13", "libcurand.so.10"];
const NO_DRIVER: &str = "there is no NVIDIA driver here";

/// A folder with stand-ins for the first `count` libraries; `None`, and a word about it, without a C compiler.
fn folder(name: &str, count: usize) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for library in &LIBRARIES[..count] {
        let to = folder.join(library);
        let built = Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(to).arg(SOURCE).status();
        let Ok(status) = built else {
            println!("left out, no C compiler: {name}");
            return None;
        };
        assert!(status.success(), "{SOURCE} does not compile");
    }
    Some(folder)
}

/// What opening a device says.
fn said(folder: &Path, device: &str, answers: &[(&str, &str)]) -> String {
    run("a_process_of_its_own", folder, device, answers)
}

/// What this program says in a process of its own, where the loader finds the stand-ins first.
fn run(process: &str, folder: &Path, device: &str, answers: &[(&str, &str)]) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", process, "--ignored", "--nocapture"])
        .env("STAND_IN_DEVICE", device)
        .env("LD_LIBRARY_PATH", folder)
        .env("RUST_BACKTRACE", "0")
        .envs(answers.iter().copied())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[ignore = "started by the other tests"]
fn a_process_of_its_own() {
    let device: DeviceChoice = std::env::var("STAND_IN_DEVICE").unwrap().parse().unwrap();
    let options = EngineOptions { device, precision: Some(Precision::Bf16), ..EngineOptions::default() };
    match device {
        DeviceChoice::Auto => println!("auto: {}", if device.open().unwrap().is_cpu() { "cpu" } else { "card" }),
        _ => println!("{}", Engine::random_full(&options).err().unwrap()),
    }
}

#[test]
fn each_reason_has_its_sentence_and_auto_takes_the_cpu() {
    let Some(all) = folder("all", 3) else { return };
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("STAND_IN_INIT", "100")], "the driver finds no NVIDIA card"),
        (&[("STAND_IN_CARDS", "0")], "the driver finds no NVIDIA card"),
        (&[("STAND_IN_VERSION", "12040")], "the driver is too old: it knows CUDA 12.4, this build needs"),
        (&[("STAND_IN_CAPABILITY", "75")], "of compute capability 7.5, this build is for"),
        (&[("STAND_IN_MODULE", "209")], "build for the card by setting CUDA_COMPUTE_CAP"),
        (&[("STAND_IN_MODULE", "222")], "the driver is too old for this build"),
        (&[("STAND_IN_INIT", "34")], NO_DRIVER),
    ];
    for (answers, sentence) in cases {
        let found = said(&all, "cuda", answers);
        assert!(found.contains("device `cuda:0`: ") && found.contains(sentence), "{answers:?}: {found}");
        let found = said(&all, "auto", answers);
        assert!(found.contains("auto: cpu"), "{answers:?}: {found}");
    }
}

#[test]
fn cards_have_numbers() {
    let Some(all) = folder("numbers", 3) else { return };
    assert!(said(&all, "cuda:3", &[]).contains("there is one card, number 0"));
    assert!(said(&all, "cuda:2", &[("STAND_IN_CARDS", "2")]).contains("there are 2 cards, numbered from 0"));
}

#[test]
fn libraries_that_are_missing_are_named() {
    let Some(driver_alone) = folder("driver", 1) else { return };
    let found = said(&driver_alone, "cuda", &[]);
    // A machine that has them finds them, and then the model does not fit.
    assert!(found.contains("libcublas or libcurand of CUDA does not open") || found.contains("memory"), "{found}");
}

#[test]
fn a_model_that_does_not_fit_says_what_it_takes() {
    let Some(all) = folder("memory", 3) else { return };
    let found = said(&all, "cuda", &[("STAND_IN_FREE", "10200000000")]);
    let sentence = "10.2 GB of its memory are free, the model needs about 16.4: use `cpu` or a quantized model";
    assert!(found.contains(sentence), "{found}");
}

/// The tiny reference model on the card of the stand-in.
fn tiny() -> Backbone {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/backbone_tiny");
    let config = Config::read(&folder.join("params.json")).unwrap();
    let checkpoint = Checkpoint::open(folder.join("model.safetensors")).unwrap();
    Backbone::load(config, checkpoint, &DeviceChoice::Cuda(0).open().unwrap(), None).unwrap()
}

/// A request of so many rows and frames, or what is wrong; its frames come from a script.
fn request(backbone: &Backbone, rows: usize, frames: usize) -> zonos_lm::Result<Generation> {
    let empty = Prompt::build(backbone.config(), "", None, &Conditioning::default())?.rows();
    let prompt = Prompt::build(backbone.config(), &"a".repeat(rows - empty), None, &Conditioning::default())?;
    let options = GenerationOptions { max_frames: Some(frames), ..GenerationOptions::default() };
    let mut generation = Generation::new(backbone, &prompt, options)?;
    generation.follow(Arc::new(|_, made| vec![made.len() as u32; 9]));
    Ok(generation)
}

#[test]
#[ignore = "started by the other tests"]
fn a_process_that_speaks() {
    let backbone = tiny();
    // One speaks, and others come with long prompts, as many as make the slots grow.
    let mut running = vec![request(&backbone, 50, 60).unwrap()];
    step(&backbone, &mut running.iter_mut().collect::<Vec<_>>()).unwrap();
    for turn in 0..60 {
        if turn < 5 {
            match request(&backbone, 300, 10) {
                Ok(generation) => running.push(generation),
                Err(error) => println!("refused: {error}"),
            }
        }
        step(&backbone, &mut running.iter_mut().collect::<Vec<_>>()).unwrap();
        let frames: Vec<usize> = running.iter().map(|generation| generation.frames().len()).collect();
        println!("{frames:?}");
    }
    // Memory that was given back serves again.
    running.clear();
    println!("after: {}", request(&backbone, 300, 10).is_ok());
}

#[test]
fn prompts_go_in_pieces_and_memory_is_mapped_or_not() {
    let Some(all) = folder("speaking", 3) else { return };
    for maps in ["1", "0"] {
        let found = run("a_process_that_speaks", &all, "cuda", &[("STAND_IN_MAPS", maps)]);
        // Before each frame go 128 rows of the first prompts that are left.
        for line in ["[2, 0]", "[3, 0, 0]", "[4, 1, 0, 0]", "[60, 10, 10, 10, 10, 10]", "after: true"] {
            assert!(found.contains(line), "maps {maps}, {line}: {found}");
        }
    }
}

#[test]
fn a_prompt_without_memory_is_refused_and_the_others_go_on() {
    let Some(all) = folder("pages", 3) else { return };
    let found = run("a_process_that_speaks", &all, "cuda", &[("STAND_IN_PAGES", "12")]);
    for line in ["refused: the cache takes", "[60, 10", "after: true"] {
        assert!(found.contains(line), "{line}: {found}");
    }
}
