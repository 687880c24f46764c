//! Commands about a model's weights.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use zonos::{COMPARED_FRAMES, DeviceChoice, ElementType, Precision};

use super::{RandomModel, precisions};

/// Arguments of `quantize`.
#[derive(Args, Debug)]
pub struct QuantizeArgs {
    /// A name that `zonos doctor` lists, a folder, or a file of weights with its params.json beside it
    #[arg(value_name = "NAME|PATH", value_hint = ValueHint::AnyPath, required_unless_present = "random")]
    pub input: Option<String>,
    /// Writes random weights of the released size in the place of a model, for measurements
    #[arg(long, value_name = "SIZE", conflicts_with = "input")]
    pub random: Option<RandomModel>,
    /// Where the model goes: a .gguf file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// How experts are stored
    #[arg(long, value_name = "TYPE", value_parser = element_types(EXPERTS), default_value = "q8_0")]
    pub experts: ElementType,
    /// How attention and dense layers are stored; routers and embeddings take 16 bits in any case
    #[arg(long, value_name = "TYPE", value_parser = element_types(SPINE), default_value = "f16")]
    pub spine: ElementType,
    /// How the matrix that gives the logits is stored [default: 16 bits]
    #[arg(long, value_name = "TYPE", value_parser = element_types(SPINE))]
    pub head: Option<ElementType>,
}

/// Arguments of `convert`.
#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// A file of weights, such as model.pth, or a folder or name that has one
    #[arg(value_name = "NAME|PATH", value_hint = ValueHint::AnyPath)]
    pub input: String,
    /// Where the tensors go: a .safetensors file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
}

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    /// The model that speaks: a name, a folder or a file of weights
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub first: String,
    /// The model that is held against it
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub second: String,
    /// Frames after each of six built-in prompts, 1-4096
    #[arg(long, value_name = "N", default_value_t = COMPARED_FRAMES, allow_negative_numbers = true)]
    pub frames: usize,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
    /// Where to compute: auto, cpu, cuda, cuda:N, metal or metal:N
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// Element type of both models' large matrices [default: that of each file]
    #[arg(long, value_parser = precisions())]
    pub dtype: Option<Precision>,
    /// Threads that compute on the CPU, 1-1024 [default: one for each core]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<usize>,
}

const EXPERTS: [(&str, &str); 6] = [
    ("q4_k", "4.5 bits for each number"),
    ("q5_k", "5.5 bits"),
    ("q6_k", "6.6 bits"),
    ("q8_0", "8.5 bits"),
    ("f16", "16 bits"),
    ("bf16", "16 bits, as released"),
];
const SPINE: [(&str, &str); 3] = [("f16", "16 bits"), ("bf16", "16 bits, as released"), ("q8_0", "8.5 bits")];

fn element_types<const N: usize>(
    types: [(&'static str, &'static str); N],
) -> impl TypedValueParser<Value = ElementType> {
    let names = types.map(|(name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<ElementType>())
}
