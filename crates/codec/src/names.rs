//! Names of tensors in the layouts that DAC weights come in, brought to those of descript's own files.

use std::collections::BTreeMap;

use zonos_weights::Checkpoint;

use crate::window::DILATIONS;
use crate::{Error, Result};

/// What `general.architecture` says in GGUF files of the codec.
pub const GGUF_ARCHITECTURE: &str = "dac";

/// How newer versions of PyTorch call the two parts of a weight under weight norm.
const WEIGHT_NORM: [(&str, &str); 2] =
    [(".parametrizations.weight.original0", ".weight_g"), (".parametrizations.weight.original1", ".weight_v")];
/// What GGUF files hold beside α, and what is computed from α here.
const INVERSE: &str = ".inv_alpha";
/// The modules of a residual unit, in the order of computation.
const UNIT: [&str; 4] = ["snake1", "conv1", "snake2", "conv2"];

/// Each module's name in a file, with its name in descript's.
type Modules = BTreeMap<String, String>;

/// Brings the names of a checkpoint to descript's. Names that are not known stay as they are.
///
/// # Errors
/// When it is a GGUF file of another architecture.
pub(crate) fn rename(checkpoint: Checkpoint) -> Result<Checkpoint> {
    let modules = modules(&checkpoint)?;
    Ok(checkpoint.rename(|name| descript(&modules, name))?)
}

fn modules(checkpoint: &Checkpoint) -> Result<Modules> {
    let names = checkpoint.names();
    let has = |name: String| names.binary_search(&name.as_str()).is_ok();
    let count = |name: &dyn Fn(usize) -> String| (0..).take_while(|&index| has(name(index))).count();
    match checkpoint.architecture() {
        Some(GGUF_ARCHITECTURE) => {
            let blocks = count(&|block| format!("dec.b{block}.convt.bias"));
            let tables = count(&|codebook| format!("quant.{codebook}.table"));
            Ok(decoder(&GGUF, blocks).into_iter().chain(tables_of(tables)).collect())
        }
        _ if checkpoint.is_gguf() => Err(Error::Config(format!(
            "{} is a GGUF file of architecture `{}`, expected `{GGUF_ARCHITECTURE}`",
            checkpoint.path().display(),
            checkpoint.architecture().unwrap_or("none")
        ))),
        _ if has("decoder.conv1.bias".to_owned()) => {
            let upsampling = count(&|block| format!("decoder.block.{block}.conv_t1.bias"));
            let downsampling = count(&|block| format!("encoder.block.{block}.conv1.bias"));
            Ok(decoder(&TRANSFORMERS, upsampling).into_iter().chain(encoder(downsampling)).collect())
        }
        _ => Ok(Modules::new()),
    }
}

/// Descript's name of a tensor; `None` for what is computed from others.
fn descript(modules: &Modules, name: &str) -> Option<String> {
    if name.ends_with(INVERSE) {
        return None;
    }
    let norm = |(theirs, ours): (&str, &str)| name.strip_suffix(theirs).map(|module| format!("{module}{ours}"));
    let name = WEIGHT_NORM.into_iter().find_map(norm).unwrap_or_else(|| name.to_owned());
    if let Some(whole) = modules.get(&name) {
        return Some(whole.clone());
    }
    let (module, tensor) = name.rsplit_once('.').unwrap_or(("", &name));
    Some(modules.get(module).map_or_else(|| name.clone(), |module| format!("{module}.{tensor}")))
}

/// How a layout calls the modules of a decoder.
struct DecoderNames {
    /// The first convolution, the last Snake and the last convolution.
    ends: [&'static str; 3],
    /// A block, before its number.
    block: &'static str,
    /// The Snake and the transposed convolution of a block.
    parts: [&'static str; 2],
    /// A residual unit of a block, before its number.
    unit: &'static str,
    /// The number of the first unit.
    first_unit: usize,
}

const TRANSFORMERS: DecoderNames = DecoderNames {
    ends: ["decoder.conv1", "decoder.snake1", "decoder.conv2"],
    block: "decoder.block.",
    parts: ["snake1", "conv_t1"],
    unit: "res_unit",
    first_unit: 1,
};

const GGUF: DecoderNames = DecoderNames {
    ends: ["dec.conv_in", "dec.snake_out", "dec.conv_out"],
    block: "dec.b",
    parts: ["snake", "convt"],
    unit: "res",
    first_unit: 0,
};

type Pair = (String, String);

fn decoder(names: &DecoderNames, blocks: usize) -> Vec<Pair> {
    let places = [0, blocks + 1, blocks + 2].map(|place| format!("decoder.model.{place}"));
    let ends = names.ends.into_iter().map(str::to_owned).zip(places);
    let block = |block: usize| {
        let (theirs, ours) = (format!("{}{block}", names.block), format!("decoder.model.{}.block", block + 1));
        let parts = names.parts.into_iter().enumerate();
        let parts: Vec<Pair> =
            parts.map(|(place, part)| (format!("{theirs}.{part}"), format!("{ours}.{place}"))).collect();
        let unit = move |index: usize| {
            unit(&format!("{theirs}.{}{}", names.unit, names.first_unit + index), &format!("{ours}.{}", index + 2))
        };
        parts.into_iter().chain((0..DILATIONS.len()).flat_map(unit))
    };
    ends.chain((0..blocks).flat_map(block)).collect()
}

/// The encoder's modules in the transformers library.
fn encoder(blocks: usize) -> Vec<Pair> {
    let places = [0, blocks + 1, blocks + 2].map(|place| format!("encoder.block.{place}"));
    let ends = ["encoder.conv1", "encoder.snake1", "encoder.conv2"].map(str::to_owned).into_iter().zip(places);
    let block = |block: usize| {
        let (theirs, ours) = (format!("encoder.block.{block}"), format!("encoder.block.{}.block", block + 1));
        let units = DILATIONS.len();
        let parts = ["snake1", "conv1"].into_iter().zip(units..);
        let parts: Vec<Pair> =
            parts.map(|(part, place)| (format!("{theirs}.{part}"), format!("{ours}.{place}"))).collect();
        let unit = move |index: usize| unit(&format!("{theirs}.res_unit{}", index + 1), &format!("{ours}.{index}"));
        parts.into_iter().chain((0..units).flat_map(unit))
    };
    ends.chain((0..blocks).flat_map(block)).collect()
}

fn unit(theirs: &str, ours: &str) -> [Pair; UNIT.len()] {
    std::array::from_fn(|place| (format!("{theirs}.{}", UNIT[place]), format!("{ours}.block.{place}")))
}

/// The tables of a GGUF file and what is added to their sum.
fn tables_of(count: usize) -> impl Iterator<Item = Pair> {
    let table =
        |codebook| (format!("quant.{codebook}.table"), format!("quantizer.quantizers.{codebook}.codebook.weight"));
    (0..count).map(table).chain([("quant.bias".to_owned(), "quantizer.bias".to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_names(modules: &[Pair], pairs: &[(&str, &str)]) {
        let modules = modules.iter().cloned().collect();
        for (theirs, ours) in pairs {
            assert_eq!(descript(&modules, theirs).as_deref(), Some(*ours));
        }
    }

    #[test]
    fn names_of_the_transformers_library_become_descripts() {
        let modules = [decoder(&TRANSFORMERS, 4), encoder(4)].concat();
        assert_names(
            &modules,
            &[
                ("decoder.conv1.weight", "decoder.model.0.weight"),
                ("decoder.block.3.snake1.alpha", "decoder.model.4.block.0.alpha"),
                ("decoder.block.0.conv_t1.bias", "decoder.model.1.block.1.bias"),
                ("decoder.block.1.res_unit3.conv2.weight", "decoder.model.2.block.4.block.3.weight"),
                ("decoder.snake1.alpha", "decoder.model.5.alpha"),
                ("decoder.conv2.bias", "decoder.model.6.bias"),
                ("encoder.conv1.weight", "encoder.block.0.weight"),
                ("encoder.block.0.res_unit1.snake1.alpha", "encoder.block.1.block.0.block.0.alpha"),
                ("encoder.block.3.snake1.alpha", "encoder.block.4.block.3.alpha"),
                ("encoder.block.3.conv1.weight", "encoder.block.4.block.4.weight"),
                ("encoder.conv2.weight", "encoder.block.6.weight"),
                ("quantizer.quantizers.8.codebook.weight", "quantizer.quantizers.8.codebook.weight"),
                ("decoder.conv1.parametrizations.weight.original0", "decoder.model.0.weight_g"),
                ("decoder.block.0.conv_t1.weight_v", "decoder.model.1.block.1.weight_v"),
            ],
        );
    }

    #[test]
    fn names_of_gguf_files_become_descripts() {
        let modules: Vec<Pair> = decoder(&GGUF, 4).into_iter().chain(tables_of(9)).collect();
        assert_names(
            &modules,
            &[
                ("dec.conv_in.weight", "decoder.model.0.weight"),
                ("dec.b0.snake.alpha", "decoder.model.1.block.0.alpha"),
                ("dec.b3.convt.weight", "decoder.model.4.block.1.weight"),
                ("dec.b3.res0.snake1.alpha", "decoder.model.4.block.2.block.0.alpha"),
                ("dec.snake_out.alpha", "decoder.model.5.alpha"),
                ("quant.8.table", "quantizer.quantizers.8.codebook.weight"),
                ("quant.bias", "quantizer.bias"),
                ("dec.b4.convt.weight", "dec.b4.convt.weight"),
                ("lone", "lone"),
            ],
        );
        assert_eq!(descript(&Modules::new(), "dec.b0.snake.inv_alpha"), None);
    }
}
