//! Arguments of `say`.

use std::fmt::Display;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueHint};
use zonos::{
    Background, Delivery, Guard, Pace, Polish, Quality, ReadingOptions, Request, Sampling, SamplingOverrides,
    StreamOptions,
};

use super::values::{QualityArg, quality_bucket, quality_value, seconds};
use super::{AudioFormatArgs, LanguageArgs, LevelArgs, ModelArgs, ReadingArgs, TextArgs};
use crate::exit::usage;
use crate::output::Output;

/// Examples below the help of `say`.
const EXAMPLES: &str = "\
Examples:
  zonos say \"Hello there.\" --voice ref.mp3 -o hello.wav
  echo \"From a pipe.\" | zonos say - --voice anna -o - > hello.wav
  zonos say -f book.txt --voice anna --loudness -18 --keep-partial -o book.wav
  zonos say \"Hello there.\" --voice anna --play
  zonos say -f story.txt --voice a.wav --voice b.flac --seed 7 --json -o story.wav";

/// Arguments of `say`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SayArgs {
    #[command(flatten)]
    pub text: TextArgs,
    /// Where the speech goes: a WAV file, or `-` for standard output. An existing file is replaced
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "play")]
    pub output: Option<Output>,
    /// Plays the speech on the default sound device while it is made; for builds with `--features play`
    #[arg(long)]
    pub play: bool,
    /// Whose voice: an audio file, a saved voice, or a name that `zonos voice list` shows. Of several the mean;
    /// without one that which the model has for it, else the model chooses
    #[arg(long = "voice", value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub voices: Vec<String>,
    #[command(flatten)]
    pub language: LanguageArgs,
    /// Speaks the text as it is written
    #[arg(long)]
    pub no_normalize: bool,
    /// Number that the chance draws come from, 0-2147483647. The same seed, request, build and device give the same
    /// speech [default: drawn and told]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Frames of 11.6 ms to make of a part at most, 1-6144 [default: what the model's context leaves]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_frames: Option<usize>,
    /// Prints one JSON object on standard output: seed, frames, seconds, timings and so on
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub conditioning: ConditioningArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub sound: SoundArgs,
    #[command(flatten)]
    pub ending: EndingArgs,
    #[command(flatten)]
    pub sampling: SamplingArgs,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// How it is to sound.
#[derive(Args, Debug)]
#[command(next_help_heading = "Manner", group = ArgGroup::new("pace").multiple(false))]
pub struct ConditioningArgs {
    /// How fast: 1 is neutral, 2 twice as fast
    #[arg(long, value_name = "FACTOR", group = "pace", allow_negative_numbers = true)]
    pub speed: Option<f64>,
    /// How fast, in UTF-8 bytes of text per second
    #[arg(long, value_name = "BYTES/S", group = "pace", allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// How fast, as a bucket of the model, from 0
    #[arg(long, value_name = "N", group = "pace", allow_negative_numbers = true)]
    pub rate_bucket: Option<usize>,
    /// A quality by its value, such as lufs=-20 or estimated_snr=60. Repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = quality_value)]
    pub quality: Vec<QualityArg>,
    /// A quality by its bucket, such as max_pause=2; `none` leaves it to the model. Repeatable
    #[arg(long, value_name = "NAME=N|none", value_parser = quality_bucket)]
    pub quality_bucket: Vec<QualityArg>,
    /// Says that the voice was recorded without background noise
    #[arg(long, requires = "voices")]
    pub clean_background: bool,
    /// Livelier, less close to the text
    #[arg(long, requires = "voices")]
    pub expressive: bool,
}

/// What is done to the finished sound, and how it is written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sound")]
pub struct SoundArgs {
    /// Length of a fade at the end, 0-10000 ms
    #[arg(long, value_name = "MS", default_value_t = Polish::default().fade_out_ms, allow_negative_numbers = true)]
    pub fade_out: f32,
    /// Cuts silence at the end
    #[arg(long)]
    pub trim: bool,
    /// Factor on every sample, 0-10
    #[arg(long, value_name = "FACTOR", default_value_t = Polish::default().volume, allow_negative_numbers = true)]
    pub volume: f32,
    #[command(flatten)]
    pub level: LevelArgs,
    #[command(flatten)]
    pub format: AudioFormatArgs,
    /// Leaves out the comment that the speech is synthetic, with model, seed and parameters
    #[arg(long)]
    pub no_comment: bool,
}

/// When it ends, and how it comes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Ending")]
pub struct EndingArgs {
    /// Gives up after so many seconds, with exit code 1
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
    /// Lets speech go on for as long as it likes, and end as soon, whatever the text
    #[arg(long)]
    pub no_guard: bool,
    /// How often speech that is too long or too short for its text is tried again with another seed, 0-10
    #[arg(long, value_name = "N", default_value_t = Guard::default().retries, allow_negative_numbers = true)]
    pub retries: u32,
    /// Frames of 11.6 ms that `--raw -o -` writes and `--play` plays at once, 1-6144; the first comes alone
    #[arg(long, value_name = "N", default_value_t = StreamOptions::default().chunk_frames, allow_negative_numbers = true)]
    pub chunk_frames: usize,
}

/// How codes are drawn.
#[derive(Args, Debug)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    #[arg(long, value_name = "T", allow_negative_numbers = true, help = with_default(
        "0 (always the likeliest) to 2; higher is livelier", Sampling::default().temperature))]
    pub temperature: Option<f32>,
    #[arg(long, value_name = "K", allow_negative_numbers = true, help = with_default(
        "Only the k likeliest codes, 0-2048; 0 turns it off", Sampling::default().top_k))]
    pub top_k: Option<usize>,
    #[arg(long, value_name = "P", allow_negative_numbers = true, help = with_default(
        "Only the likeliest codes that together reach this probability, 0-1; 0 and 1 turn it off",
        Sampling::default().top_p))]
    pub top_p: Option<f32>,
    #[arg(long, value_name = "P", allow_negative_numbers = true, help = with_default(
        "Only codes at least this likely compared to the likeliest, 0-1; 0 turns it off",
        Sampling::default().min_p))]
    pub min_p: Option<f32>,
    #[arg(long, value_name = "N", allow_negative_numbers = true, help = with_default(
        "Frames back in which a code counts as repeated, 0-6144", Sampling::default().repetition_window))]
    pub repetition_window: Option<usize>,
    #[arg(long, value_name = "X", allow_negative_numbers = true, help = with_default(
        "How much repeated codes are held back, 1 (not at all) to 10", Sampling::default().repetition_penalty))]
    pub repetition_penalty: Option<f32>,
    #[arg(long, value_name = "N", allow_negative_numbers = true, help = with_default(
        "How many codebooks, from the first, hold repeated codes back; -1 stands for all",
        Sampling::default().repetition_codebooks))]
    pub repetition_codebooks: Option<i32>,
}

/// Help for a parameter whose default a model may set.
fn with_default(help: &str, default: impl Display) -> String {
    format!("{help} [default: the model's, else {default}]")
}

impl SayArgs {
    /// Where it is written.
    pub fn output(&self) -> Output {
        self.output.clone().unwrap_or(Output::Nowhere)
    }

    /// The request, still without a voice. Everything that needs no model is checked.
    pub fn request(&self) -> anyhow::Result<Request> {
        if self.json && self.output().is_stdout() {
            return Err(usage("`--json` and `-o -` both write to standard output: name a file with -o"));
        }
        let request = Request {
            language: self.language.language,
            normalize: !self.no_normalize,
            sampling: self.sampling.sampling(),
            seed: self.seed,
            max_frames: self.max_frames,
            pace: self.conditioning.pace(),
            quality: self.conditioning.qualities()?,
            background: if self.conditioning.clean_background { Background::Clean } else { Background::default() },
            delivery: if self.conditioning.expressive { Delivery::Expressive } else { Delivery::default() },
            polish: self.sound.polish(),
            guard: Guard { watch_length: !self.ending.no_guard, retries: self.ending.retries },
            timeout: self.ending.timeout,
            ..Request::new(self.text.read()?)
        };
        request.check()?;
        self.ending.stream().check()?;
        Ok(request)
    }

    /// How the text is read. Everything that needs no model is checked.
    pub fn reading(&self) -> anyhow::Result<ReadingOptions> {
        let options = self.reading.options(&self.sound.level, &self.output(), self.play)?;
        options.check()?;
        Ok(options)
    }

    /// Whether samples go out while they are made.
    pub fn is_streamed(&self) -> bool {
        self.play || self.output().is_stdout() && self.sound.format.raw
    }
}

impl EndingArgs {
    pub fn stream(&self) -> StreamOptions {
        StreamOptions { chunk_frames: self.chunk_frames, ..StreamOptions::default() }
    }
}

impl ConditioningArgs {
    fn pace(&self) -> Pace {
        let speed = self.speed.map(Pace::Speed);
        let rate = self.rate.map(Pace::BytesPerSecond);
        speed.or(rate).or(self.rate_bucket.map(Pace::Bucket)).unwrap_or_default()
    }

    /// All qualities, each named once.
    fn qualities(&self) -> anyhow::Result<Vec<(String, Quality)>> {
        let all: Vec<_> = self.quality.iter().chain(&self.quality_bucket).cloned().collect();
        for (place, (name, _)) in all.iter().enumerate() {
            if all.iter().skip(place + 1).any(|(other, _)| other == name) {
                return Err(usage(format!("the quality {name} is given twice")));
            }
        }
        Ok(all)
    }
}

impl SoundArgs {
    fn polish(&self) -> Polish {
        Polish { trim_silence: self.trim, volume: self.volume, fade_out_ms: self.fade_out }
    }
}

impl SamplingArgs {
    fn sampling(&self) -> SamplingOverrides {
        SamplingOverrides {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            repetition_window: self.repetition_window,
            repetition_penalty: self.repetition_penalty,
            repetition_codebooks: self.repetition_codebooks,
        }
    }
}
