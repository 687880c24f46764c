//! Arguments of `batch`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zonos::SampleFormat;

use super::{ModelArgs, sample_formats};

/// Below the help of `batch`.
const JOBS: &str = "\
Each line of the jobs is a JSON object. `text` must be there; the rest may be:
  id                              the name of the file, DIR/ID.wav [default: the number of the line]
  voice                           a name or a file, or a list of them
  language, normalize, seed, max_frames, speed, rate, rate_bucket, clean_background, expressive,
  fade_out, trim, volume, timeout, guard, retries
                                  as the options of `zonos say`; `normalize` and `guard` are true or false
  split, part                     a text that takes longer than `part` seconds [default: 20] is spoken in parts, as by
                                  `zonos say`, and pause marks are read, unless `split` is false
  quality, quality_bucket         an object: by feature name, a value; a bucket, or null to leave it to the model
  sampling                        an object: temperature, top_k, top_p, min_p, repetition_window,
                                  repetition_penalty, repetition_codebooks

DIR/manifest.jsonl gets a line for each job that is finished, as it is finished. What it says is done is skipped when
the command is run again; a job that was changed or had failed is spoken.

Examples:
  zonos batch lines.jsonl -o speech --jobs 16
  echo '{\"text\": \"Hello there.\", \"voice\": \"anna\"}' | zonos batch - -o speech";

/// Arguments of `batch`.
#[derive(Args, Debug)]
#[command(after_help = JOBS)]
pub struct BatchArgs {
    /// The jobs, one JSON object a line; `-` reads them from standard input
    #[arg(value_name = "JOBS.jsonl", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// The folder of the results; made if it is not there
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: PathBuf,
    /// Jobs, or parts of long ones, that are spoken together, 1-1024. More give more speech in all and take more memory
    #[arg(long, value_name = "N", default_value_t = 8, allow_negative_numbers = true)]
    pub jobs: usize,
    /// How a sample is stored
    #[arg(long, value_name = "FORMAT", value_parser = sample_formats(), default_value = "s16")]
    pub sample_format: SampleFormat,
    /// Leaves out the comment that the speech is synthetic, with model, seed and parameters
    #[arg(long)]
    pub no_comment: bool,
    /// Prints one JSON object on standard output: how many were spoken, skipped and failed, and how fast
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub model: ModelArgs,
}
