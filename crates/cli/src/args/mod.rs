//! The command line: one definition from which help, completions and manual pages come.

mod batch;
mod model;
mod models;
mod reading;
mod say;
mod values;
mod voice;
mod weights;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use zonos::{Language, SampleFormat};

use crate::exit;
use crate::output::Output;

pub use batch::BatchArgs;
pub use model::ModelArgs;
pub use models::{FetchArgs, ListArgs, ModelsCommand, PartArg};
pub use reading::{LevelArgs, ReadingArgs};
pub use say::SayArgs;
pub use values::{languages, precisions, sample_formats, seconds};
pub use voice::{AddArgs, BlendArgs, EmbedArgs, VoiceCommand};
pub use weights::{CompareArgs, ConvertArgs, QuantizeArgs};

/// Text-to-speech with ZONOS2 on this machine: a line of text and a few seconds of a voice go in, 44.1 kHz speech
/// comes out
#[derive(Debug, Parser)]
#[command(name = "zonos", version, arg_required_else_help = true, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Says nothing but warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Speaks a text
    Say(Box<SayArgs>),
    /// Speaks many texts together, to a folder; takes up again what was begun
    Batch(BatchArgs),
    /// Keeps voices by name: makes, lists, blends and removes them
    #[command(subcommand)]
    Voice(VoiceCommand),
    /// Lists, fetches, checks and removes models known by name
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Writes text as it is spoken, line by line
    ///
    /// What is not understood stays unchanged. A text that needs nothing is printed as it is.
    Normalize(NormalizeArgs),
    /// Turns audio into the codec's codes
    Encode(EncodeArgs),
    /// Turns the codec's codes into audio
    Decode(DecodeArgs),
    /// Writes a model as a smaller GGUF file, with experts in quantized blocks
    Quantize(QuantizeArgs),
    /// Writes weights as a safetensors file, as they are
    Convert(ConvertArgs),
    /// Tells how far a model's logits are from those of another, such as a quantized one from its source
    Compare(CompareArgs),
    /// Measures how fast this machine speaks, beside what its memory could give
    Bench(BenchArgs),
    /// Shows what is here and what is missing: features, devices, folders, voices, models
    Doctor(DoctorArgs),
    /// Writes completions for a shell to standard output
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Writes the manual page to standard output, or all pages to a folder
    Man {
        /// The folder, which must exist; gets a page for each command
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
}

/// A text from the command line, a file or standard input.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("input").required(true).multiple(false).args(["text", "file"]))]
pub struct TextArgs {
    /// The text; `-` reads it from standard input. One that begins with a dash goes after `--`
    pub text: Option<String>,
    /// Reads the text from a UTF-8 file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// A language.
#[derive(Args, Debug)]
pub struct LanguageArgs {
    /// Language of the text, for normalization
    #[arg(long, value_parser = languages(), default_value = Language::AmericanEnglish.code())]
    pub language: Language,
}

/// How audio is written.
#[derive(Args, Debug)]
pub struct AudioFormatArgs {
    /// How a sample is stored
    #[arg(long, value_name = "FORMAT", value_parser = sample_formats(), default_value = "s16")]
    pub sample_format: SampleFormat,
    /// Writes bare little-endian samples without a WAV header
    #[arg(long)]
    pub raw: bool,
}

/// Arguments of `normalize`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("source").required(true).multiple(false).args(["text", "file", "check"]))]
pub struct NormalizeArgs {
    /// The text; `-` reads it from standard input. One that begins with a dash goes after `--`
    pub text: Option<String>,
    /// Reads the text from a UTF-8 file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Language of the text [default: en_us; of --check: what each file's name says]
    #[arg(long, value_parser = languages())]
    pub language: Option<Language>,
    /// Reads the texts of files, or of all .tsv files of a folder, and compares them with the readings there: category,
    /// written, spoken, remark, with tabs between them
    #[arg(long, value_name = "FILE.tsv", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub check: Vec<PathBuf>,
    /// Prints each text that is read in another way
    #[arg(long, requires = "check", conflicts_with_all = ["text", "file"])]
    pub failures: bool,
    /// Prints one JSON object
    #[arg(long, requires = "check", conflicts_with_all = ["text", "file"])]
    pub json: bool,
}

/// Arguments of `encode`.
#[derive(Args, Debug)]
pub struct EncodeArgs {
    /// Audio of any common format
    #[arg(value_name = "AUDIO", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// Where the codes go: .npy, .npz or .safetensors, int32 [codebooks, frames]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Arguments of `decode`.
#[derive(Args, Debug)]
pub struct DecodeArgs {
    /// Codes: .npy, .npz or .safetensors, integers [codebooks, frames]
    #[arg(value_name = "CODES", value_hint = ValueHint::FilePath)]
    pub input: PathBuf,
    /// Where the audio goes: a WAV file, or `-` for standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Output,
    #[command(flatten)]
    pub format: AudioFormatArgs,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// Measures random weights of the released size, 15.3 GB at 16 bits; with --model the backbone is that model's, and
    /// only the codec is random
    #[arg(long, value_name = "SIZE", conflicts_with_all = ["codec", "speaker_encoder"])]
    pub random: Option<RandomModel>,
    /// What to say
    #[arg(long)]
    pub text: Option<String>,
    /// Frames to make, 1-6144, whether or not the audio ends before [default: 86, one second]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub frames: Option<usize>,
    /// Also decodes so many sequences together, such as 1,8,64
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub batches: Vec<u16>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Models of random weights.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum RandomModel {
    /// The released sizes
    Full,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Tells more of one model: a name, a folder, or a file of weights
    #[arg(long, value_name = "NAME|PATH", value_hint = ValueHint::AnyPath)]
    pub model: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
