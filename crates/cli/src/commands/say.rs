//! `zonos say`

use anyhow::{Result, bail};
use serde::Serialize;
use zonos::{Engine, FinishReason, Report, Request, Speech, Voice, WavOptions};

use super::load_engine;
use crate::args::{ModelArgs, SayArgs};
use crate::inputs::{VoiceSource, find_voices, make_voices, mean};
use crate::output::{Sound, print_json, write_samples};
use crate::progress::Ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Said<'a> {
    output: String,
    voices: &'a [String],
    language: String,
    device: &'a str,
    sample_rate: u32,
    #[serde(flatten)]
    report: &'a Report,
}

pub fn run(args: &SayArgs, ui: Ui) -> Result<()> {
    let request = args.request()?;
    args.output.check(args.sound.format.raw)?;
    let voices = find_voices(&args.voices)?;
    args.model.set_threads()?;
    // Before the model, which takes long to load: a bad voice is told at once.
    let request = Request { voice: voice(voices, &args.model, ui)?, ..request };
    let engine = load_engine(&args.model, ui)?;
    if args.is_streamed() {
        let report = stream(args, &engine, &request, ui)?;
        tell(args, &report, ui);
        return check_time(&report);
    }
    let speech = speak(&engine, &request, ui)?;
    check_time(&speech.report)?;
    args.output.write(&sound(args, &speech))?;
    tell(args, &speech.report, ui);
    if args.json { print_json(&said(args, &engine, &speech)) } else { Ok(()) }
}

fn voice(sources: Vec<VoiceSource>, model: &ModelArgs, ui: Ui) -> Result<Option<Voice>> {
    if sources.is_empty() {
        return Ok(None);
    }
    let voices = ui.during("listening to the voice", || make_voices(sources, &model.options()))?;
    mean(&voices).map(Some)
}

fn speak(engine: &Engine, request: &Request, ui: Ui) -> Result<Speech> {
    let bar = ui.speaking(request.max_frames);
    let speech = engine.say_with(request, |progress| {
        bar.show(progress);
        true
    });
    Ok(speech?)
}

/// Writes samples to standard output while they are made.
fn stream(args: &SayArgs, engine: &Engine, request: &Request, ui: Ui) -> Result<Report> {
    let bar = ui.speaking(request.max_frames);
    let mut stream = engine.stream_with(request, &args.ending.stream())?;
    while let Some(chunk) = stream.next() {
        write_samples(&chunk?.samples, args.sound.format.sample_format)?;
        bar.show(stream.progress());
    }
    Ok(stream.report())
}

fn check_time(report: &Report) -> Result<()> {
    if report.finish_reason == FinishReason::TimedOut {
        bail!("the time of --timeout was over after {} frames", report.frames);
    }
    Ok(())
}

fn sound<'a>(args: &SayArgs, speech: &'a Speech) -> Sound<'a> {
    let mut options = WavOptions { format: args.sound.format.sample_format, ..speech.wav_options() };
    if args.sound.no_comment {
        (options.comment, options.software) = (None, None);
    }
    Sound { samples: &speech.samples, options, raw: args.sound.format.raw }
}

/// Sums up on standard error, and says what may not be as expected.
fn tell(args: &SayArgs, report: &Report, ui: Ui) {
    let took = report.timings.total_s();
    ui.note(format!("{}: {:.2} s of speech in {took:.2} s, seed {}", args.output, report.seconds, report.seed));
    match report.finish_reason {
        FinishReason::MaxFrames => ui.note("it ended at --max-frames: the text may not be spoken to its end"),
        FinishReason::ContextFull => ui.warn("the model's context is full: the text may not be spoken to its end"),
        FinishReason::Runaway => {
            ui.warn("it was stopped because it went on for far longer than the text takes: try another --seed, or --retries");
        }
        FinishReason::EarlyEnd => {
            ui.warn("it ended long before the text can be over: try another --seed, or --retries");
        }
        FinishReason::EndOfAudio | FinishReason::TimedOut | FinishReason::Cancelled => {}
    }
    if report.frames == 0 {
        ui.warn("the model ended without a sound: try another --seed");
    }
}

fn said<'a>(args: &'a SayArgs, engine: &'a Engine, speech: &'a Speech) -> Said<'a> {
    Said {
        output: args.output.to_string(),
        voices: &args.voices,
        language: args.language.language.to_string(),
        device: engine.device(),
        sample_rate: speech.sample_rate,
        report: &speech.report,
    }
}
