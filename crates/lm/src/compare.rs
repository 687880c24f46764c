//! How far the logits of one model are from those of another: the same prompts, and the same frames fed to both.

use candle_core::{IndexOp, Tensor};
use serde::Serialize;

use crate::{Backbone, Conditioning, Error, Frames, Prompt, Result};

/// What both models say. Sentences of many kinds, with names, numbers and other languages.
const TEXTS: [&str; 6] = [
    "The quick brown fox jumps over the lazy dog.",
    "Could you please open the window? It is rather warm in here.",
    "On 3 May 1998, Dr. Okafor paid $24.50 for two tickets!",
    "Guten Morgen, wie geht es Ihnen heute?",
    "Le vent se lève; il faut tenter de vivre.",
    "No.",
];

/// Frames after each prompt, unless told otherwise.
pub const COMPARED_FRAMES: usize = 32;
/// More would not fit the released context beside the prompts.
const MAX_FRAMES: usize = 4096;

/// One model's logits over the built-in prompts, and the frames that were fed to it.
pub struct Probe {
    frames: Vec<Frames>,
    /// By prompt and frame: [codebooks · audio ids].
    logits: Vec<Vec<Vec<f32>>>,
    codebooks: usize,
    ids: usize,
}

/// How far a model is from the one of a [`Probe`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Frames that were compared.
    pub frames: usize,
    /// Mean divergence of the distributions of codes (Kullback-Leibler, in nats), at temperature 1.
    pub kl: f64,
    /// Share of codes for which both models prefer the same.
    pub agreement: f64,
    /// The same for each codebook.
    pub codebooks: Vec<CodebookComparison>,
}

/// How far a model is in one codebook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CodebookComparison {
    /// Mean divergence in nats.
    pub kl: f64,
    /// Share of frames for which both models prefer the same code.
    pub agreement: f64,
}

impl Probe {
    /// Lets a model speak each prompt greedily for `frames` frames.
    ///
    /// # Errors
    /// When `frames` is out of range or does not fit the model's context, or on the device.
    pub fn take(backbone: &Backbone, frames: usize) -> Result<Self> {
        if !(1..=MAX_FRAMES).contains(&frames) {
            return Err(Error::out_of_range("number of frames", frames, format!("1 to {MAX_FRAMES}")));
        }
        let config = backbone.config();
        let (codebooks, ids) = (config.codebooks, config.audio_vocab());
        let mut probe = Self { frames: Vec::new(), logits: Vec::new(), codebooks, ids };
        for index in 0..TEXTS.len() {
            let mut spoken = Frames::new(codebooks);
            let logits = run(backbone, index, frames, |logits| {
                spoken.push(&logits.chunks(ids).map(best).collect::<Vec<_>>());
                spoken.last().unwrap_or_default().to_vec()
            })?;
            probe.frames.push(spoken);
            probe.logits.push(logits);
        }
        Ok(probe)
    }

    /// Feeds the same frames to another model.
    ///
    /// # Errors
    /// When it has other codebooks, or on the device.
    pub fn compare(&self, backbone: &Backbone) -> Result<Comparison> {
        let config = backbone.config();
        let (own, other) = ((self.codebooks, self.ids), (config.codebooks, config.audio_vocab()));
        if own != other {
            return Err(Error::Config(format!(
                "the models cannot be compared: one has {} codebooks of {} ids, the other {} of {}",
                own.0, own.1, other.0, other.1
            )));
        }
        let mut sums = vec![CodebookComparison::default(); self.codebooks];
        for (index, (spoken, expected)) in self.frames.iter().zip(&self.logits).enumerate() {
            let mut frames = spoken.iter();
            let found = run(backbone, index, spoken.len(), |_| frames.next().unwrap_or_default().to_vec())?;
            expected.iter().zip(&found).for_each(|(expected, found)| self.add(&mut sums, expected, found));
        }
        Ok(Comparison::new(sums, self.frames.iter().map(Frames::len).sum()))
    }

    /// Adds what one frame gives.
    fn add(&self, sums: &mut [CodebookComparison], expected: &[f32], found: &[f32]) {
        let rows = expected.chunks(self.ids).zip(found.chunks(self.ids));
        for (sum, (expected, found)) in sums.iter_mut().zip(rows) {
            sum.kl += divergence(expected, found);
            sum.agreement += f64::from(u8::from(best(expected) == best(found)));
        }
    }
}

impl Comparison {
    fn new(sums: Vec<CodebookComparison>, frames: usize) -> Self {
        let mean = |sum: f64| sum / frames.max(1) as f64;
        let codebooks: Vec<_> = sums
            .into_iter()
            .map(|sum| CodebookComparison { kl: mean(sum.kl), agreement: mean(sum.agreement) })
            .collect();
        let count = codebooks.len().max(1) as f64;
        let over_all = |of: fn(&CodebookComparison) -> f64| codebooks.iter().map(of).sum::<f64>() / count;
        let (kl, agreement) = (over_all(|one| one.kl), over_all(|one| one.agreement));
        Self { frames, kl, agreement, codebooks }
    }
}

/// The logits of `count` frames after a prompt; `next` says which frame follows on some logits.
fn run(
    backbone: &Backbone,
    index: usize,
    count: usize,
    mut next: impl FnMut(&[f32]) -> Vec<u32>,
) -> Result<Vec<Vec<f32>>> {
    let config = backbone.config();
    // Every other prompt has a voice, which is no one's.
    let voice = config.speaker.filter(|_| index % 2 == 1);
    let voice = voice.map(|speaker| (0..speaker.embedding_dim).map(|n| (n as f32 * 0.37).sin()).collect::<Vec<_>>());
    let prompt = Prompt::build(config, TEXTS[index], voice.as_deref(), &Conditioning::defaults(config))?;
    let mut cache = backbone.new_cache()?;
    let mut logits = vec![row(&backbone.prefill(&prompt, &mut cache)?)?];
    loop {
        let frame = next(logits.last().map_or(&[], Vec::as_slice));
        if logits.len() == count {
            return Ok(logits);
        }
        logits.push(row(&backbone.decode(&[&frame], &mut [&mut cache])?.i(0)?)?);
    }
}

fn row(logits: &Tensor) -> Result<Vec<f32>> {
    Ok(logits.flatten_all()?.to_vec1()?)
}

/// The first of the largest.
fn best(logits: &[f32]) -> u32 {
    let larger = |best: usize, id: usize| if logits[id] > logits[best] { id } else { best };
    (0..logits.len()).reduce(larger).unwrap_or(0) as u32
}

/// Kullback-Leibler divergence of the distribution of `found` from that of `expected`.
fn divergence(expected: &[f32], found: &[f32]) -> f64 {
    let (expected, found) = (log_probabilities(expected), log_probabilities(found));
    expected.iter().zip(found).map(|(expected, found)| expected.exp() * (expected - found)).sum()
}

fn log_probabilities(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shifted = |logit: &f32| f64::from(logit - largest);
    let sum = logits.iter().map(|logit| shifted(logit).exp()).sum::<f64>().ln();
    logits.iter().map(|logit| shifted(logit) - sum).collect()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::Config;

    fn model(seed: u64, change: impl FnOnce(&mut Config)) -> Backbone {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/backbone_tiny/params.json");
        let mut config = Config::read(path.as_ref()).unwrap();
        change(&mut config);
        Backbone::random(config, seed, &Device::Cpu, DType::F32).unwrap()
    }

    #[test]
    fn a_model_is_no_way_from_itself_and_far_from_another() {
        let (one, other) = (model(1, |_| {}), model(2, |_| {}));
        let probe = Probe::take(&one, 3).unwrap();
        let itself = probe.compare(&one).unwrap();
        assert_eq!((itself.kl, itself.agreement, itself.frames), (0.0, 1.0, 3 * TEXTS.len()));
        let comparison = probe.compare(&other).unwrap();
        assert!(comparison.kl > 0.1 && comparison.agreement < 0.5, "{comparison:?}");
        assert_eq!(comparison.codebooks.len(), 9);
    }

    #[test]
    fn divergence_is_that_of_the_distributions() {
        // Shares of 1/2 and 1/2 against 3/4 and 1/4.
        let found = divergence(&[1.0, 1.0], &[3f32.ln(), 0.0]);
        assert!((found - 0.5 * (4f64 / 3.0).ln()).abs() < 1e-7, "{found}");
        assert_eq!(divergence(&[5.0, -5.0], &[5.0, -5.0]), 0.0);
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        let probe = Probe::take(&model(1, |_| {}), 1).unwrap();
        let other = model(1, |config| config.codebooks = 4);
        assert!(probe.compare(&other).unwrap_err().to_string().contains("9 codebooks of 1026 ids, the other 4"));
        for frames in [0, MAX_FRAMES + 1] {
            let message = Probe::take(&other, frames).err().unwrap().to_string();
            assert!(message.contains("number of frames"), "{message}");
        }
    }
}
