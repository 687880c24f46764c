//! Models by name: listed, fetched from a server that plays the hub, checked, removed; and models by path.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Served, Server};
use crate::support::{Run, Sandbox, wav};

const LIST: &str = r#"
default = "tiny"
[groups.tiny-backbone]
part = "backbone"
repo = "org/tiny"
files = [{ path = "model.safetensors", about = 1_500_000 }, { path = "params.json", about = 2_000 }]
[groups.tiny-codec]
part = "codec"
repo = "org/parts"
files = [{ path = "codec/model.safetensors" }, { path = "codec/config.json" }]
[groups.tiny-speaker]
part = "speaker"
repo = "org/parts"
files = [{ path = "speaker/model.safetensors" }, { path = "speaker/config.json" }]
[models.tiny]
description = "A tiny model."
groups = ["tiny-backbone", "tiny-codec", "tiny-speaker"]
memory = 1_000_000
[models.twin]
description = "The same once more."
groups = ["tiny-backbone", "tiny-codec"]
memory = 9_000_000_000_000_000
"#;

const FILES: [(&str, &str); 6] = [
    ("org/tiny/model.safetensors", "backbone_tiny/model.safetensors"),
    ("org/tiny/params.json", "backbone_tiny/params.json"),
    ("org/parts/codec/model.safetensors", "vocoder/dac_tiny.safetensors"),
    ("org/parts/codec/config.json", "vocoder/config.json"),
    ("org/parts/speaker/model.safetensors", "speaker/model.safetensors"),
    ("org/parts/speaker/config.json", "speaker/config.json"),
];

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(path)
}

/// A hub with a tiny model, and a sandbox that knows it by name.
struct Setting {
    server: Server,
    sandbox: Sandbox,
}

impl Setting {
    fn new() -> Self {
        let (server, sandbox) = (Server::start(), Sandbox::new());
        for (path, file) in FILES {
            let content = std::fs::read(fixture(file)).unwrap();
            server.serve(path, Served { large: path.ends_with(".safetensors"), content, ..Served::default() });
        }
        sandbox.write("models.toml", LIST);
        Self { server, sandbox }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command.env("ZONOS_MODELS", "models.toml").env("HF_ENDPOINT", &self.server.address);
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::wait(self.command(args).spawn().unwrap())
    }

    fn say(&self, args: &[&str]) -> Run {
        self.run(&[&["say", "Hi.", "--seed", "1", "--max-frames", "12", "-o", "a.wav"], args].concat())
    }

    fn status(&self, name: &str) -> serde_json::Value {
        let models = self.run(&["models", "list", "--json"]).done().json();
        models.as_array().unwrap().iter().find(|model| model["name"] == name).unwrap().clone()
    }
}

#[test]
fn a_model_is_fetched_by_name_and_speaks() {
    let setting = Setting::new();
    setting.say(&[]).fails(1, &["`tiny` is not on this machine", "zonos models pull tiny", "about 2 MB, org/tiny"]);
    let pulled = setting.run(&["models", "pull", "tiny"]).done();
    assert!(pulled.stderr.contains("tiny: 6 files") && pulled.stdout.is_empty(), "{}", pulled.stderr);
    setting.sandbox.chirp("voice.wav", 500.0);
    setting.say(&["--voice", "voice.wav"]).done();
    assert!(wav(&setting.sandbox.read("a.wav")).notes.contains("model tiny"));
    assert_eq!(setting.status("tiny")["ready"], true);
    assert_eq!(setting.status("twin")["ready"], true);
    setting.run(&["models", "verify", "tiny"]).done();
    let count = setting.server.requests().len();
    setting.run(&["models", "pull", "tiny", "--offline"]).done();
    setting.say(&["--offline"]).done();
    assert_eq!(setting.server.requests().len(), count);
}

#[test]
fn saying_fetches_when_asked_to_and_only_then() {
    let setting = Setting::new();
    setting.say(&["--offline"]).fails(1, &["not on this machine"]);
    setting.say(&["--offline", "--pull"]).fails(2, &["--pull"]);
    assert!(setting.server.requests().is_empty());
    setting.say(&["--pull"]).done();
    assert_eq!(setting.sandbox.files(), ["a.wav", "models.toml"]);
}

#[test]
fn a_command_fetches_no_more_than_it_needs() {
    let setting = Setting::new();
    setting.sandbox.chirp("voice.wav", 500.0);
    setting.run(&["encode", "voice.wav", "-o", "codes.npy", "--pull"]).done();
    assert!(setting.server.gets("org/tiny/model.safetensors").is_empty());
    assert!(!setting.server.gets("org/parts/codec/model.safetensors").is_empty());
    assert_eq!(setting.status("tiny")["ready"], false);
    let text = setting.run(&["models", "list"]).done().text();
    assert!(text.contains("partly"), "{text}");
}

#[test]
fn what_is_here_is_listed_shown_and_found() {
    let setting = Setting::new();
    let list = setting.run(&["models", "list"]).done().text();
    for words in ["tiny", "~", "built in", "zonos2-q8", "8.8 GB", "q4_k", "tiny is used"] {
        assert!(list.contains(words), "{words}: {list}");
    }
    let fits = cfg!(target_os = "linux").then_some(true);
    assert_eq!(setting.status("tiny")["fits_memory"].as_bool(), fits);
    assert_ne!(setting.status("twin")["fits_memory"], true);
    let shown = setting.run(&["models", "show", "tiny"]).done().text();
    for words in ["A tiny model.", "org/tiny/params.json (main)", "not here", "zonos models pull tiny"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    setting.run(&["models", "path", "tiny"]).fails(1, &["not on this machine"]);
    setting.run(&["models", "pull", "tiny"]).done();
    let path = setting.run(&["models", "path", "tiny", "--part", "codec"]).done().text();
    let codec = std::fs::read(path.trim_end()).unwrap();
    assert_eq!(codec, std::fs::read(fixture("vocoder/dac_tiny.safetensors")).unwrap());
    assert_eq!(setting.run(&["models", "path", "tiny"]).done().text().lines().count(), 3);
    setting.run(&["models", "path", "demo"]).fails(1, &["part of the program"]);
    setting.run(&["models", "show", "tyni"]).fails(2, &["did you mean", "`tiny`"]);
    setting.run(&["models", "pull", "tiny", "nonsense"]).fails(2, &["`nonsense`"]);
}

#[test]
fn damage_is_found_and_removing_keeps_what_is_shared() {
    let setting = Setting::new();
    setting.run(&["models", "verify", "tiny"]).fails(1, &["nothing of `tiny`"]);
    setting.run(&["models", "pull", "tiny"]).done();
    let path = setting.run(&["models", "path", "tiny", "--part", "codec"]).done().text();
    let mut content = std::fs::read(path.trim_end()).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(path.trim_end(), content).unwrap();
    setting.run(&["models", "verify", "tiny"]).fails(1, &["codec/model.safetensors is damaged", "fetch it again"]);
    let removed = setting.run(&["models", "remove", "tiny"]).done().stderr;
    assert!(removed.contains("shares with twin stays"), "{removed}");
    assert_eq!(setting.status("twin")["ready"], true);
    let removed = setting.run(&["models", "remove", "twin"]).done().stderr;
    assert!(removed.contains("shares with tiny stays"), "{removed}");
}

#[test]
fn a_hub_that_refuses_or_is_not_there_is_told() {
    let setting = Setting::new();
    setting.server.change("org/tiny/params.json", |file| file.refusal = Some((403, "GatedRepo")));
    setting.run(&["models", "pull", "tiny"]).fails(1, &["org/tiny is gated", "HF_TOKEN"]);
    setting.server.change("org/tiny/params.json", |file| (file.refusal, file.token) = (None, Some("hf_x")));
    setting.run(&["models", "pull", "tiny"]).fails(1, &["401"]);
    let mut command = setting.command(&["models", "pull", "tiny"]);
    Run::wait(command.env("HF_TOKEN", "hf_x").spawn().unwrap()).done();
    // A port that was free a moment ago, and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = setting.command(&["models", "pull", "tiny"]);
    let run = Run::wait(command.env("HF_ENDPOINT", format!("http://127.0.0.1:{port}")).spawn().unwrap());
    run.fails(1, &["cannot reach 127.0.0.1"]);
    let mut command = setting.command(&["models", "pull", "tiny"]);
    let run = Run::wait(command.env("HF_ENDPOINT", "gopher://x").spawn().unwrap());
    run.fails(1, &["HF_ENDPOINT"]);
}

#[test]
fn two_processes_fetch_a_file_once() {
    let setting = Setting::new();
    setting.server.hold(true);
    let pull = ["models", "pull", "tiny"];
    let first = setting.command(&pull).spawn().unwrap();
    setting.server.wait_for(|requests| requests.iter().any(|request| request.method == "GET"));
    let second = setting.command(&pull).spawn().unwrap();
    let heads =
        |requests: &[crate::server::Request]| requests.iter().filter(|request| request.method == "HEAD").count();
    setting.server.wait_for(|requests| heads(requests) == 2 * FILES.len());
    setting.server.hold(false);
    Run::wait(first).done();
    Run::wait(second).done();
    for (path, _) in FILES {
        assert_eq!(setting.server.gets(path).len(), 1, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_download_goes_on_where_it_was() {
    let setting = Setting::new();
    setting.server.hold(true);
    let pull = ["models", "pull", "tiny"];
    let child = setting.command(&pull).spawn().unwrap();
    // Half of the first file comes, and is written down with the first bytes.
    let journal = || {
        std::fs::read_dir(setting.sandbox.path("home/hf/hub/models--org--tiny/blobs")).is_ok_and(|items| {
            items.flatten().any(|item| item.path().extension().is_some_and(|ending| ending == "zonos-journal"))
        })
    };
    let pause = std::time::Duration::from_millis(10);
    assert!((0..12_000).any(|_| journal() || (std::thread::sleep(pause), false).1), "nothing was written down");
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    let run = Run::wait(child);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    setting.server.hold(false);
    assert_eq!(setting.status("tiny")["ready"], false);
    setting.run(&pull).done();
    let gets = setting.server.gets("org/tiny/model.safetensors");
    let range = gets.last().unwrap().range.as_ref().unwrap();
    assert!(gets.len() == 2 && !range.starts_with("bytes=0-"), "{range}");
}

#[test]
fn a_folder_and_a_file_are_models_and_doctor_tells_what_they_lack() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("mine")).unwrap();
    for name in ["model.safetensors", "params.json"] {
        std::fs::copy(fixture("backbone_tiny").join(name), sandbox.path("mine").join(name)).unwrap();
    }
    sandbox.run(&["quantize", "mine", "-o", "mine/tiny.gguf", "--experts", "q8_0"]).done();
    for model in ["mine", "mine/tiny.gguf"] {
        let text = sandbox.run(&["doctor", "--model", model]).done().text();
        for words in [&format!("{model} is not ready"), "no codec", "no speaker encoder"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    for (part, from) in [("codec", "vocoder/dac_tiny.safetensors"), ("speaker_encoder", "speaker/model.safetensors")] {
        let folder = sandbox.path("mine").join(part);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(fixture(from), folder.join("model.safetensors")).unwrap();
        std::fs::copy(fixture(from).with_file_name("config.json"), folder.join("config.json")).unwrap();
    }
    for model in ["mine", "mine/tiny.gguf"] {
        sandbox.run(&["say", "Hi.", "--max-frames", "10", "--model", model, "-o", "a.wav"]).done();
        assert_eq!(sandbox.run(&["doctor", "--model", model, "--json"]).done().json()["asked"]["ready"], true);
    }
    let shown = sandbox.run(&["models", "show", "mine/tiny.gguf"]).done().text();
    for words in ["zonos2", "q8_0", "f16", "ready"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

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
