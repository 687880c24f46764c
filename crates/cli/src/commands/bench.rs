//! `zonos bench`

use anyhow::Result;
use zonos::bench::{BenchOptions, BenchReport};
use zonos::{Engine, EngineOptions, ModelPart, Precision};

use super::load_engine;
use super::pull::offer;
use crate::args::{BenchArgs, RandomModel};
use crate::output::{print, print_json};
use crate::progress::Ui;
use crate::table::{bytes, table};

pub fn run(args: &BenchArgs, ui: Ui) -> Result<()> {
    let options = bench_options(args);
    args.model.set_threads()?;
    let engine = match args.random {
        Some(RandomModel::Full) => random_full(args, ui)?,
        None => {
            offer(&args.model, &[ModelPart::Backbone, ModelPart::Codec], ui)?;
            load_engine(&args.model, ui)?
        }
    };
    let report = ui.during("measuring", || engine.bench(&options))?;
    if args.json { print_json(&report) } else { print(&table(&rows(&report))) }
}

fn bench_options(args: &BenchArgs) -> BenchOptions {
    let defaults = BenchOptions::default();
    BenchOptions {
        text: args.text.clone().unwrap_or(defaults.text),
        frames: args.frames.unwrap_or(defaults.frames),
        batches: args.batches.iter().copied().map(usize::from).collect(),
        ..defaults
    }
}

/// A random backbone at 16 bits, as released, unless told otherwise. ZONOS_MODEL takes no part.
fn random_full(args: &BenchArgs, ui: Ui) -> Result<Engine> {
    let model = args.model.model.clone();
    let precision = args.model.dtype.or(model.is_none().then_some(Precision::Bf16));
    let options = EngineOptions { model, precision, ..args.model.options() };
    Ok(ui.during("drawing weights", || Engine::random_full(&options))?)
}

fn rows(report: &BenchReport) -> Vec<(&'static str, String)> {
    let peak = report.machine.peak_memory_bytes.map_or("-".to_owned(), bytes);
    let own = report.machine.own_memory_bytes.map_or("-".to_owned(), bytes);
    let codec = report.codec_real_time_factor;
    let frames = format!("{:.1} ({:.2} times as fast as it plays)", report.frames_per_second, real_time(report));
    let rows = vec![
        ("model", report.model.clone()),
        ("device", report.device.clone()),
        ("threads", report.machine.threads.to_string()),
        ("prompt rows", report.prompt_rows.to_string()),
        ("prefill", format!("{:.1} ms{}", report.prefill_ms, share_of_arithmetic(report.prefill_share))),
        ("first audio", format!("{:.1} ms", report.first_audio_ms)),
        ("frames", report.frames.to_string()),
        ("frames per second", frames),
        ("bytes per frame", bytes(report.bytes_per_frame)),
        (
            if report.card.is_some() { "card's memory copies" } else { "memory reads" },
            format!("{}/s", bytes(report.read_bandwidth.bytes_per_second as u64)),
        ),
        ("share of it used", format!("{:.0} %", report.bandwidth_share * 100.0)),
        ("codec", format!("{codec:.3} s for each second of audio{}", share_of_arithmetic(report.codec_share))),
        ("whole request", format!("{:.2} s for each second of audio", report.real_time_factor)),
        ("peak memory", peak),
        ("of it not mapped", own),
    ];
    rows.into_iter().chain(batch_rows(report)).chain(arithmetic_rows(report)).chain(card_rows(report)).collect()
}

fn share_of_arithmetic(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!(", {:.0} % of the arithmetic", share * 100.0))
}

fn arithmetic_rows(report: &BenchReport) -> impl Iterator<Item = (&'static str, String)> {
    report.arithmetic.iter().flat_map(|arithmetic| {
        let billions = |rate: f64| format!("{:.0} billion multiplications a second, each with an addition", rate / 1e9);
        [
            ("float32", billions(arithmetic.floats_per_second)),
            ("16-bit integers", billions(arithmetic.integers_per_second)),
        ]
    })
}

fn batch_rows(report: &BenchReport) -> impl Iterator<Item = (&'static str, String)> {
    report.batches.iter().map(|batch| {
        let speed = format!("{:.1} frames per second of {} sequences", batch.frames_per_second, batch.sequences);
        ("together", speed)
    })
}

fn card_rows(report: &BenchReport) -> impl Iterator<Item = (&'static str, String)> {
    report.card.iter().flat_map(|card| {
        let driver = card.driver.as_deref().unwrap_or("unknown");
        let used = format!("{} of {}", bytes(card.used_bytes), bytes(card.memory_bytes));
        [("card", format!("{}, driver {driver}", card.name)), ("card's memory in use", used)]
    })
}

fn real_time(report: &BenchReport) -> f64 {
    const FRAMES_PER_SECOND: f64 = 44_100.0 / 512.0;
    report.frames_per_second / FRAMES_PER_SECOND
}
