//! `zonos say`

use anyhow::{Result, bail};
use serde::Serialize;
use zonos::{
    Engine, FinishReason, ModelPart, Reading, ReadingProgress, ReadingReport, ReadingStream, Report, SpeechStream,
    Voice, WavOptions,
};

use super::load_engine;
use super::pull::offer;
use crate::args::{AudioFormatArgs, ModelArgs, SayArgs};
use crate::exit::Interrupted;
use crate::inputs::{VoiceSource, find_voices, make_voices, mean};
use crate::interrupt;
use crate::output::{Output, SoundFormat, Take, held, print_json};
use crate::play::{Playing, Speakers};
use crate::progress::Ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Said<'a> {
    /// Null if it is only played.
    output: Option<String>,
    voices: &'a [String],
    language: String,
    device: &'a str,
    sample_rate: u32,
    #[serde(flatten)]
    report: &'a ReadingReport,
}

pub fn run(args: &SayArgs, ui: Ui) -> Result<()> {
    let request = args.request()?;
    let options = args.reading()?;
    // Planned before anything is loaded: a wrong pause mark is told at once.
    let reading = Reading::plan(request, &options)?;
    args.output().check(args.sound.format.raw)?;
    // As is a missing device.
    let speakers = args.play.then(Speakers::open).transpose()?;
    let voices = find_voices(&args.voices, &args.model.options())?;
    args.model.set_threads()?;
    offer(&args.model, &ModelPart::ALL, ui)?;
    // Before the model, which takes long to load: a bad voice is told at once.
    let reading = match voice(voices, &args.model, ui)? {
        Some(voice) => reading.voice(voice),
        None => reading,
    };
    let engine = load_engine(&args.model, ui)?;
    let playing = speakers.map(|speakers| speakers.play(engine.sample_rate())).transpose()?;
    let request = reading.as_one_request().filter(|_| args.is_streamed());
    let stream = engine.read(reading)?;
    let report = match request.map(|request| engine.stream_with(&request, &args.ending.stream())).transpose()? {
        Some(one) => speak_as_it_comes(args, &stream, one, playing.as_ref(), ui),
        None => speak(args, stream, playing.as_ref(), ui),
    }?;
    tell(args, &report.whole, ui);
    // The file is there: Ctrl-C may end the program while the rest is heard.
    playing.map_or(Ok(()), |playing| hear_out(playing, ui))?;
    if args.json { print_json(&said(args, &engine, &report)) } else { Ok(()) }
}

fn hear_out(playing: Playing, ui: Ui) -> Result<()> {
    let late_s = playing.finish()?;
    if late_s > 0.0 {
        ui.warn(format!("the model was slower than the speech plays: {late_s:.2} s of silence came between"));
    }
    Ok(())
}

fn voice(sources: Vec<VoiceSource>, model: &ModelArgs, ui: Ui) -> Result<Option<Voice>> {
    if sources.is_empty() {
        return Ok(None);
    }
    let voices = ui.during("listening to the voice", || make_voices(sources, &model.options()))?;
    mean(&voices).map(Some)
}

/// Speaks and writes part by part. Ctrl-C leaves no file, or, if asked, one of the parts that are finished.
fn speak(args: &SayArgs, mut stream: ReadingStream, playing: Option<&Playing>, ui: Ui) -> Result<ReadingReport> {
    let format = format(args, &stream);
    let report = writing(args, |output| {
        output.write_pieces(&format, |take| {
            let bar = ui.speaking();
            while let Some(part) = stream.next_part(|progress| {
                bar.show(&progress);
                !interrupt::was_asked()
            })? {
                hand_out(&part.samples, take, playing)?;
            }
            drop(bar);
            keep(args, stream.report())
        })
    })?;
    if !is_stopped(&report) {
        return Ok(report);
    }
    ui.note(format!("{}: {} of {} parts are kept", args.output(), report.parts_done, report.parts));
    Err(Interrupted.into())
}

/// Writes and plays the samples of a reading of one part while they are made. Ctrl-C leaves no file.
fn speak_as_it_comes(
    args: &SayArgs,
    reading: &ReadingStream,
    mut stream: SpeechStream,
    playing: Option<&Playing>,
    ui: Ui,
) -> Result<ReadingReport> {
    let expected_s = reading.reading().expected_seconds();
    let whole = writing(args, |output| {
        output.write_pieces(&format(args, reading), |take| {
            let bar = ui.speaking();
            while let Some(chunk) = stream.next() {
                hand_out(&chunk?.samples, take, playing)?;
                check_interrupt()?;
                bar.show(&progress(stream.report().seconds, expected_s));
            }
            check_time(&stream.report()).map(|()| stream.report())
        })
    })?;
    let whole = Report { seed: reading.reading().seed(), ..whole };
    Ok(ReadingReport { whole, parts: 1, parts_done: 1 })
}

fn progress(spoken_s: f64, expected_s: f64) -> ReadingProgress {
    ReadingProgress { parts: 1, parts_done: 0, spoken_s, share: (spoken_s / expected_s).min(1.0) }
}

/// Writes and plays samples.
fn hand_out(samples: &[f32], take: &mut Take, playing: Option<&Playing>) -> Result<()> {
    take(samples)?;
    playing.map_or(Ok(()), |playing| playing.push(samples))
}

fn check_interrupt() -> Result<()> {
    if interrupt::was_asked() { Err(Interrupted.into()) } else { Ok(()) }
}

fn check_time(report: &Report) -> Result<()> {
    if report.finish_reason == FinishReason::TimedOut {
        bail!("the time of --timeout was over after {} frames", report.frames);
    }
    Ok(())
}

/// A file is held until it is whole; a pipe has what was written to it.
fn writing<T>(args: &SayArgs, write: impl FnOnce(&Output) -> T) -> T {
    let output = args.output();
    if output.is_file() { held(|| write(&output)) } else { write(&output) }
}

/// Whether what there is becomes the file.
fn keep(args: &SayArgs, report: &ReadingReport) -> Result<ReadingReport> {
    check_time(&report.whole)?;
    let is_wanted = !is_stopped(report) || args.reading.keep_partial && report.parts_done > 0;
    if is_wanted { Ok(report.clone()) } else { Err(Interrupted.into()) }
}

fn is_stopped(report: &ReadingReport) -> bool {
    report.whole.finish_reason == FinishReason::Cancelled
}

fn format(args: &SayArgs, stream: &ReadingStream) -> SoundFormat {
    let AudioFormatArgs { sample_format, raw } = args.sound.format;
    let comment = (!args.sound.no_comment).then(|| stream.comment());
    let software = comment.as_ref().map(|_| zonos::SOFTWARE.to_owned());
    SoundFormat {
        options: WavOptions { sample_rate: stream.sample_rate(), format: sample_format, comment, software },
        raw,
    }
}

/// Sums up on standard error, and says what may not be as expected.
fn tell(args: &SayArgs, report: &Report, ui: Ui) {
    let took = report.timings.total_s();
    ui.note(format!("{}: {:.2} s of speech in {took:.2} s, seed {}", args.output(), report.seconds, report.seed));
    match report.finish_reason {
        FinishReason::MaxFrames => ui.note("it ended at --max-frames: the text may not be spoken to its end"),
        FinishReason::ContextFull => ui.warn("the model's context is full: the text may not be spoken to its end"),
        FinishReason::Runaway => {
            ui.warn("it was stopped because it went on for far longer than the text takes: try another --seed, or --retries");
        }
        FinishReason::EarlyEnd => {
            ui.warn("it ended long before the text can be over: try another --seed, or --retries");
        }
        FinishReason::EndOfAudio | FinishReason::Cancelled | FinishReason::TimedOut => {}
    }
    if report.frames == 0 {
        ui.warn("the model ended without a sound: try another --seed");
    }
}

fn said<'a>(args: &'a SayArgs, engine: &'a Engine, report: &'a ReadingReport) -> Said<'a> {
    Said {
        output: args.output.as_ref().map(Output::to_string),
        voices: &args.voices,
        language: args.language.language.to_string(),
        device: engine.device(),
        sample_rate: engine.sample_rate(),
        report,
    }
}
