//! Arguments of `models`, and those about models by name that other commands share.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use zonos::ModelPart;

/// Which models are known by name.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// A file that adds models to those known by name, as ZONOS_MODELS does
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub models_file: Option<PathBuf>,
}

/// Whether models are fetched.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// Fetches what a named model lacks, without asking
    #[arg(long, conflicts_with = "offline")]
    pub pull: bool,
    /// Leaves the network alone, as HF_HUB_OFFLINE does
    #[arg(long)]
    pub offline: bool,
}

/// What to do with models. Those that are fetched lie in the cache of the Hugging Face hub, where other programs find
/// them, too.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Lists the models known by name: what they take, and what of them is here
    List {
        /// Prints a JSON array of objects
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Shows a model: a name, or what is in a folder or file
    Show {
        /// Its name, a folder, or a file of weights
        #[arg(value_name = "NAME|PATH", value_hint = ValueHint::AnyPath)]
        model: String,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Fetches models from the hub, or what is newer of them; goes on where an earlier run broke off
    Pull {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Leaves the network alone: fails unless all is here
        #[arg(long)]
        offline: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Writes where the parts of a model are
    Path {
        /// Its name
        name: String,
        /// Writes the path of this part alone
        #[arg(long)]
        part: Option<PartArg>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Holds files that were fetched against their checksums
    Verify {
        /// Names of their models
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// Removes files that were fetched, but for those that another model shares
    Remove {
        /// Names of their models
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        list: ListArgs,
    },
}

/// Part of a model.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PartArg {
    /// Text to codes
    Backbone,
    /// Codes to sound and back
    Codec,
    /// A clip to a voice
    Speaker,
}

impl From<PartArg> for ModelPart {
    fn from(part: PartArg) -> Self {
        match part {
            PartArg::Backbone => Self::Backbone,
            PartArg::Codec => Self::Codec,
            PartArg::Speaker => Self::Speaker,
        }
    }
}
