//! `zonos batch`

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use zonos::{Engine, FinishReason, ReadSpeech, ReadingBatch, ReadingTicket, Request, SOFTWARE, Voice, WavOptions};

use super::load_engine;
use crate::args::BatchArgs;
use crate::inputs::{VoiceSource, find_voices, mean};
use crate::jobs::Job;
use crate::manifest::{Manifest, Record, fingerprint};
use crate::output::{Output, Sound, print_json};
use crate::progress::{Counting, Ui};

/// What all jobs came to.
#[derive(Clone, Default, Serialize)]
struct Totals {
    spoken: usize,
    skipped: usize,
    failed: usize,
    frames: usize,
    seconds_of_speech: f64,
    seconds: f64,
}

/// A job that is being spoken.
struct Head {
    id: String,
    line: usize,
    fingerprint: String,
}

/// A run of the command.
struct Run<'a> {
    args: &'a BatchArgs,
    ui: Ui,
    bar: Counting,
    engine: Engine,
    batch: ReadingBatch,
    heads: HashMap<ReadingTicket, Head>,
    manifest: Manifest,
    /// The ids of this run.
    ids: HashSet<String>,
    /// Voices by the names that jobs give them.
    voices: HashMap<Vec<String>, Voice>,
    totals: Totals,
}

pub fn run(args: &BatchArgs, ui: Ui) -> Result<()> {
    let lines = open(&args.input)?;
    std::fs::create_dir_all(&args.output).with_context(|| format!("cannot make {}", args.output.display()))?;
    let manifest = Manifest::open(&args.output)?;
    args.model.set_threads()?;
    let engine = load_engine(&args.model, ui)?;
    let mut run = Run {
        batch: ReadingBatch::new(&engine, args.jobs)?,
        bar: ui.counting("spoken"),
        heads: HashMap::new(),
        ids: HashSet::new(),
        voices: HashMap::new(),
        totals: Totals::default(),
        args,
        ui,
        engine,
        manifest,
    };
    let started = Instant::now();
    run.speak_all(lines)?;
    run.totals.seconds = started.elapsed().as_secs_f64();
    run.close()
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

impl Run<'_> {
    fn speak_all(&mut self, lines: Box<dyn BufRead>) -> Result<()> {
        let mut lines = lines.split(b'\n').enumerate();
        loop {
            while self.batch.has_room() {
                let Some((place, line)) = lines.next() else { break };
                let line = line.with_context(|| format!("cannot read {}", self.args.input.display()))?;
                self.begin(place + 1, &line)?;
            }
            if self.batch.is_empty() {
                return Ok(());
            }
            for (ticket, result) in self.batch.step()? {
                self.note(ticket, result)?;
            }
        }
    }

    /// Takes a line in, unless it is empty or done. A mistake in it is noted.
    fn begin(&mut self, line: usize, text: &[u8]) -> Result<()> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut head = Head { id: format!("{line:06}"), line, fingerprint: fingerprint(text) };
        match self.admit(&mut head, text) {
            Ok(Some(ticket)) => drop(self.heads.insert(ticket, head)),
            Ok(None) => self.totals.skipped += 1,
            Err(error) => self.fail(&head, &error)?,
        }
        Ok(())
    }

    /// The ticket of a job that is not done yet.
    fn admit(&mut self, head: &mut Head, text: &[u8]) -> Result<Option<ReadingTicket>> {
        let job = Job::read(text)?;
        head.id = job.id(head.line)?;
        if !self.ids.insert(head.id.clone()) {
            bail!("an earlier line has this id");
        }
        if self.manifest.is_done(&head.id, &head.fingerprint) {
            return Ok(None);
        }
        let request = Request { voice: self.voice(job.voices())?, ..job.request()? };
        Ok(Some(self.batch.join(job.reading(request)?)?))
    }

    fn voice(&mut self, names: &[String]) -> Result<Option<Voice>> {
        if names.is_empty() {
            return Ok(None);
        }
        if let Some(voice) = self.voices.get(names) {
            return Ok(Some(voice.clone()));
        }
        let hear = |source| match source {
            VoiceSource::Saved(voice) => Ok(voice),
            VoiceSource::Audio(path) => self.engine.voice(path),
        };
        let voices: Vec<Voice> =
            find_voices(names, &self.args.model.options())?.into_iter().map(hear).collect::<zonos::Result<_>>()?;
        let voice = mean(&voices)?;
        self.voices.insert(names.to_vec(), voice.clone());
        Ok(Some(voice))
    }

    fn note(&mut self, ticket: ReadingTicket, result: zonos::Result<ReadSpeech>) -> Result<()> {
        let Some(head) = self.heads.remove(&ticket) else { return Ok(()) };
        let written = result.map_err(anyhow::Error::from).and_then(|speech| self.write(&head, &speech));
        written.or_else(|error| self.fail(&head, &error))
    }

    fn write(&mut self, head: &Head, speech: &ReadSpeech) -> Result<()> {
        let report = &speech.report.whole;
        if report.finish_reason == FinishReason::TimedOut {
            bail!("its time was over after {} frames", report.frames);
        }
        let name = format!("{}.wav", head.id);
        let has_comment = !self.args.no_comment;
        let options = WavOptions {
            sample_rate: speech.sample_rate,
            format: self.args.sample_format,
            comment: has_comment.then(|| speech.comment.clone()),
            software: has_comment.then(|| SOFTWARE.to_owned()),
        };
        let sound = Sound { samples: &speech.samples, options, raw: false };
        Output::File(self.args.output.join(&name)).write(&sound)?;
        self.manifest.add(&Record { output: Some(name), report: Some(&speech.report), ..head.record() })?;
        self.totals.spoken += 1;
        self.totals.frames += report.frames;
        self.totals.seconds_of_speech += report.seconds;
        self.bar.show(self.totals.spoken, self.totals.seconds_of_speech);
        Ok(())
    }

    fn fail(&mut self, head: &Head, error: &anyhow::Error) -> Result<()> {
        let reason = format!("{error:#}");
        self.ui.warn(format!("line {}, {}: {reason}", head.line, head.id));
        self.totals.failed += 1;
        self.manifest.add(&Record { error: Some(reason), ..head.record() })
    }

    /// Sums up.
    fn close(self) -> Result<()> {
        let Self { totals, args, ui, bar, .. } = self;
        drop(bar);
        let Totals { spoken, skipped, failed, frames, seconds_of_speech: speech, seconds } = totals;
        let speed = |amount: f64| amount / seconds.max(1e-9);
        ui.note(format!(
            "{}: {spoken} spoken, {skipped} done before, {failed} failed: {speech:.1} s of speech in {seconds:.1} s, \
             {:.2} times as fast as it plays, {:.0} frames a second",
            args.output.display(),
            speed(speech),
            speed(frames as f64)
        ));
        if args.json {
            print_json(&totals)?;
        }
        match failed {
            0 => Ok(()),
            _ => bail!("{failed} of the jobs failed: see {}", args.output.join("manifest.jsonl").display()),
        }
    }
}

impl Head {
    fn record(&self) -> Record<'_> {
        Record {
            id: &self.id,
            line: self.line,
            fingerprint: self.fingerprint.clone(),
            output: None,
            report: None,
            error: None,
        }
    }
}
