//! Arguments of `voice`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::ModelArgs;

/// What to do with voices. They are kept in the folder that `zonos doctor` shows.
#[derive(Debug, Subcommand)]
pub enum VoiceCommand {
    /// Keeps a voice by name: the mean of all files
    Add(AddArgs),
    /// Lists the names of all voices, those that come with models last
    List {
        /// Prints a JSON array of objects
        #[arg(long)]
        json: bool,
    },
    /// Shows a voice
    Show {
        /// Its name
        name: String,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Removes voices that were added
    Remove {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Keeps a new voice between two others
    Blend(BlendArgs),
    /// Writes a voice to a file: the mean of all files
    Embed(EmbedArgs),
}

/// Arguments of `voice add`.
#[derive(Args, Debug)]
pub struct AddArgs {
    /// A new name: letters, digits, `-`, `_` and `.`
    pub name: String,
    /// Audio files, saved voices, or names of other voices
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Arguments of `voice blend`.
#[derive(Args, Debug)]
pub struct BlendArgs {
    /// A new name: letters, digits, `-`, `_` and `.`
    pub name: String,
    /// The first voice: a name or a file
    #[arg(value_hint = ValueHint::FilePath)]
    pub a: String,
    /// The second voice: a name or a file
    #[arg(value_hint = ValueHint::FilePath)]
    pub b: String,
    /// Share of the second voice, 0-1
    #[arg(long, value_name = "T", default_value_t = 0.5, allow_negative_numbers = true)]
    pub weight: f32,
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Arguments of `voice embed`.
#[derive(Args, Debug)]
pub struct EmbedArgs {
    /// Audio files, saved voices, or names of voices
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Where the voice goes: .npy, .npz or .safetensors, float32
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    #[command(flatten)]
    pub model: ModelArgs,
}
