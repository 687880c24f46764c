//! `bench` and `doctor`.

use crate::support::{Sandbox, TINY};

#[test]
fn bench_measures_as_json() {
    let run = Sandbox::new().run_tiny(&["bench", "--frames", "5", "--batches", "1,3", "--json"]);
    let json = run.done().json();
    assert_eq!((&json["model"], &json["frames"]), (&TINY[1].into(), &5.into()));
    for figure in ["prefill_ms", "frames_per_second", "bytes_per_frame", "codec_real_time_factor", "first_audio_ms"] {
        assert!(json[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
    assert!(json["read_bandwidth"]["bytes_per_second"].as_f64().unwrap() > 1e8);
    for share in ["bandwidth_share", "prefill_share", "codec_share", "real_time_factor"] {
        assert!(json[share].as_f64().unwrap() > 0.0, "{share}");
    }
    assert!(json["arithmetic"]["floats_per_second"].as_f64().unwrap() > 1e6);
    let sequences: Vec<_> = json["batches"].as_array().unwrap().iter().map(|batch| &batch["sequences"]).collect();
    assert_eq!(sequences, [1, 3]);
}

#[test]
fn bench_measures_as_a_table() {
    let sandbox = Sandbox::new();
    let run = sandbox.run_tiny(&["bench", "--frames", "9", "--text", "Hi.", "--threads", "1"]).done();
    let rows =
        ["prefill ", "first audio ", "frames per second ", "share of it used ", "codec ", "peak memory ", "float32 "];
    for row in rows {
        assert!(run.text().contains(row), "{row}: {}", run.text());
    }
    sandbox.run_tiny(&["bench", "--batches", "0"]).fails(2, &["--batches"]);
    sandbox.run_tiny(&["bench", "--frames", "0"]).fails(2, &["max_frames"]);
    sandbox.run(&["bench", "--codec", "dac.pth", "--random", "full"]).fails(2, &["--random"]);
}

#[test]
fn doctor_shows_what_is_here() {
    let sandbox = Sandbox::new();
    sandbox.chirp("a.wav", 500.0);
    sandbox.run_tiny(&["voice", "add", "anna", "a.wav"]).done();
    let text = sandbox.run(&["doctor"]).done().text();
    for words in [
        env!("CARGO_PKG_VERSION"),
        "cpu",
        "anna",
        "demo (built in)",
        "zonos2-q8 (no, default",
        "zonos models pull zonos2-q8",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn doctor_shows_it_as_json() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("home/models/zonos2")).unwrap();
    let json = sandbox.run(&["doctor", "--json"]).done().json();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["features"]["cuda"], cfg!(feature = "cuda"));
    assert_eq!(json["devices"][0], "cpu");
    assert_eq!(json["home"], sandbox.path("home").to_str().unwrap());
    assert!(json["machine"]["threads"].as_u64().unwrap() > 0);
    let models = json["models"].as_array().unwrap();
    let model = |name: &str| models.iter().find(|model| model["name"] == name).unwrap();
    assert_eq!(model("demo")["ready"], true);
    let missing = model("zonos2")["missing"].to_string();
    for part in ["params.json", "codec", "speaker encoder"] {
        assert!(missing.contains(part), "{part}: {missing}");
    }
}
