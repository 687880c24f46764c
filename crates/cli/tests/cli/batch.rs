//! Many jobs at once.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, TINY, wav};

/// Runs `zonos batch` over lines, with two slots.
fn batch(sandbox: &Sandbox, lines: &[String]) -> Run {
    sandbox.write("jobs.jsonl", lines.join("\n"));
    sandbox.run_tiny(&["batch", "jobs.jsonl", "-o", "speech", "--jobs", "2", "--json"])
}

fn job(id: &str, seed: u64) -> String {
    json!({ "id": id, "text": "Hello there.", "seed": seed, "max_frames": 20 + seed }).to_string()
}

fn manifest(sandbox: &Sandbox) -> Vec<Value> {
    let text = String::from_utf8(sandbox.read("speech/manifest.jsonl")).unwrap();
    text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_job_is_as_if_it_were_spoken_alone() {
    let sandbox = Sandbox::new();
    let voice = sandbox.chirp("low.wav", 600.0);
    let mut lines: Vec<String> = (0..4).map(|seed| job(&format!("job-{seed}"), seed)).collect();
    lines.push(json!({ "text": "Hello there.", "seed": 9, "max_frames": 20, "voice": voice }).to_string());
    let totals = batch(&sandbox, &lines).done().json();
    assert_eq!((&totals["spoken"], &totals["failed"]), (&json!(5), &json!(0)));
    let alone = |args: &[&str]| {
        let say = ["say", "Hello there.", "--no-split", "-o", "alone.wav"];
        sandbox.run_tiny(&[&say[..], args].concat()).done();
        wav(&sandbox.read("alone.wav"))
    };
    for seed in 0..4 {
        let expected = alone(&["--seed", &seed.to_string(), "--max-frames", &(20 + seed).to_string()]);
        assert_eq!(wav(&sandbox.read(&format!("speech/job-{seed}.wav"))), expected);
    }
    let voiced = alone(&["--seed", "9", "--max-frames", "20", "--voice", &voice]);
    assert_eq!(wav(&sandbox.read("speech/000005.wav")), voiced);
    assert_eq!(manifest(&sandbox).len(), 5);
    assert!(manifest(&sandbox).iter().all(|line| line["finish_reason"].is_string() && line["seed"].is_u64()));
}

#[test]
fn a_line_that_fails_is_told_and_the_rest_goes_on() {
    let sandbox = Sandbox::new();
    let lines = [
        job("a", 1),
        "{".to_owned(),
        job("a", 2),
        job("b", 3),
        json!({ "text": "Hi.", "voice": "nobody" }).to_string(),
    ];
    let run = batch(&sandbox, &lines);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for words in ["line 2", "line 3, a: an earlier line", "line 5", "`nobody`", "3 of the jobs failed"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let errors: Vec<Value> = manifest(&sandbox).into_iter().filter(|line| line["error"].is_string()).collect();
    assert_eq!(errors.iter().map(|line| &line["line"]).collect::<Vec<_>>(), [2, 3, 5]);
    assert!(sandbox.path("speech/a.wav").is_file() && sandbox.path("speech/b.wav").is_file());
}

#[test]
fn a_second_run_speaks_what_is_new_changed_or_lost() {
    let sandbox = Sandbox::new();
    batch(&sandbox, &[job("a", 1), job("b", 2), job("c", 3)]).done();
    // Half a line, as a run leaves it that is killed while it writes.
    let torn = [sandbox.read("speech/manifest.jsonl"), b"{\"id\": \"a\", \"fing".to_vec()].concat();
    sandbox.write("speech/manifest.jsonl", torn);
    std::fs::remove_file(sandbox.path("speech/c.wav")).unwrap();
    let totals = batch(&sandbox, &[job("a", 1), job("b", 7), job("c", 3), job("d", 4)]).done().json();
    assert_eq!((&totals["spoken"], &totals["skipped"]), (&json!(3), &json!(1)));
    let totals = batch(&sandbox, &[job("a", 1), job("b", 7), job("c", 3), job("d", 4)]).done().json();
    assert_eq!((&totals["spoken"], &totals["skipped"]), (&json!(0), &json!(4)));
}

#[test]
fn jobs_come_through_a_pipe() {
    let sandbox = Sandbox::new();
    let args = ["batch", "-", "-o", "speech"];
    let run = sandbox.run_with(&[&args[..], &TINY].concat(), format!("\n{}\r\n\n", job("x", 1))).done();
    assert!(run.stderr.contains("1 spoken"), "{}", run.stderr);
    assert!(sandbox.path("speech/x.wav").is_file());
}

#[test]
fn what_cannot_work_is_told_at_once() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["batch", "none.jsonl", "-o", "speech"]).fails(1, &["none.jsonl"]);
    sandbox.write("jobs.jsonl", job("a", 1));
    sandbox.run_tiny(&["batch", "jobs.jsonl", "-o", "speech", "--jobs", "0"]).fails(2, &["slots"]);
    sandbox.run_tiny(&["batch", "jobs.jsonl", "-o", "jobs.jsonl"]).fails(1, &["jobs.jsonl"]);
}

#[test]
fn a_long_line_is_spoken_in_parts_as_say_does() {
    let sandbox = Sandbox::new();
    let text = "It rained. We stayed at home and read.\n\nThen it stopped. [pause 0.5s] Nobody minded it any more.";
    let long = json!({ "id": "long", "text": text, "seed": 5, "max_frames": 24, "part": 2.0 }).to_string();
    batch(&sandbox, &[job("a", 1), long, job("b", 2)]).done();
    let say = ["say", text, "--seed", "5", "--max-frames", "24", "--part", "2", "-o", "alone.wav"];
    sandbox.run_tiny(&say).done();
    assert_eq!(wav(&sandbox.read("speech/long.wav")), wav(&sandbox.read("alone.wav")));
    let line = manifest(&sandbox).into_iter().find(|line| line["id"] == "long").unwrap();
    assert!(line["parts"].as_u64().unwrap() > 2 && line["parts"] == line["parts_done"], "{line}");
}
