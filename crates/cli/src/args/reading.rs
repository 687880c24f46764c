//! How a text is read that is too long to be spoken at once.

use std::time::Duration;

use clap::Args;
use zonos::{Level, Pauses, ReadingOptions};

use super::values::seconds;
use crate::exit::usage;
use crate::output::Output;

/// Parts spoken side by side into a file.
const JOBS: usize = 4;

/// How a long text is read.
#[derive(Args, Debug)]
#[command(next_help_heading = "Long text")]
pub struct ReadingArgs {
    /// How long a part may be that is spoken at once, 2-45 seconds, estimated from the text
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, allow_negative_numbers = true)]
    pub part: f64,
    /// Speaks the text at once and as it is, with the seed itself: no parts, no pause marks
    #[arg(long, conflicts_with_all = ["part", "no_pause_marks"])]
    pub no_split: bool,
    /// Speaks `[pause 0.8s]` in the text as it is written
    #[arg(long)]
    pub no_pause_marks: bool,
    /// Pause between the clauses of a sentence that is too long for a part, 0-10 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.15", allow_negative_numbers = true)]
    pub pause_clause: Duration,
    /// Pause between sentences where a part ends, 0-10 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.35", allow_negative_numbers = true)]
    pub pause_sentence: Duration,
    /// Pause between paragraphs, 0-10 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "0.8", allow_negative_numbers = true)]
    pub pause_paragraph: Duration,
    /// Parts that are spoken side by side, 1-1024: faster, the same sound [default: 4 into a file, 1 into a pipe or
    /// with --play]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub jobs: Option<usize>,
    /// On Ctrl-C, keeps the parts that are finished as the output file
    #[arg(long)]
    pub keep_partial: bool,
}

/// Levels and silences.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sound")]
pub struct LevelArgs {
    /// Brings every part to this integrated loudness (EBU R 128), -40 to -5 LUFS, without clipping [default: parts
    /// are as loud as the first]
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub loudness: Option<f64>,
    /// Leaves parts as loud as the model makes them
    #[arg(long, conflicts_with = "loudness")]
    pub no_level: bool,
    /// Cuts silence at the beginning to this length, 0-10 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub lead_silence: Option<Duration>,
    /// Cuts silence at the end to this length, 0-10 seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub tail_silence: Option<Duration>,
}

impl ReadingArgs {
    /// What is heard at once is spoken part after part, unless asked for otherwise.
    pub fn options(&self, level: &LevelArgs, output: &Output, is_played: bool) -> anyhow::Result<ReadingOptions> {
        if self.keep_partial && !output.is_file() {
            return Err(usage("`--keep-partial` keeps a file: name one with -o (a pipe has what was written to it)"));
        }
        Ok(ReadingOptions {
            part_seconds: (!self.no_split).then_some(self.part),
            pause_marks: !self.no_pause_marks,
            pauses: Pauses {
                clause: self.pause_clause,
                sentence: self.pause_sentence,
                paragraph: self.pause_paragraph,
                ..Pauses::default()
            },
            level: level.level(),
            lead_silence: level.lead_silence,
            tail_silence: level.tail_silence,
            slots: self.jobs.unwrap_or(if is_played || !output.is_file() { 1 } else { JOBS }),
        })
    }
}

impl LevelArgs {
    fn level(&self) -> Level {
        match self.loudness {
            Some(target) => Level::Lufs(target),
            None if self.no_level => Level::Free,
            None => Level::AsFirst,
        }
    }
}
