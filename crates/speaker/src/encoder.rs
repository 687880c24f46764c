use std::path::Path;

use candle_core::{Device, Tensor};
use zonos_weights::Checkpoint;

use crate::config::Layer;
use crate::mel::LogMel;
use crate::parameters::{Axes, Parameters};
use crate::pooling::Pooling;
use crate::res2net::Block;
use crate::tdnn::{Conv, Tdnn};
use crate::{Error, Result, SpeakerConfig, Voice, gguf, random};

/// The longest clip, in seconds. A voice is known after a few; this bounds the memory, to about 1.1 GB.
const MAX_SECONDS: usize = 300;

/// Hears a clip of speech and gives its speaker's [`Voice`]. Computes in float32.
pub struct SpeakerEncoder {
    config: SpeakerConfig,
    log_mel: LogMel,
    first: Tdnn,
    blocks: Vec<Block>,
    aggregation: Tdnn,
    pooling: Pooling,
    output: Conv,
    device: Device,
}

/// What the encoder computes on its way, for comparison with a reference. Shapes are `[channels, frames]`.
pub struct EncoderTrace {
    /// After the first layer and after each block.
    pub blocks: Vec<Tensor>,
    /// The blocks aggregated.
    pub mfa: Tensor,
    /// Means and deviations, `[2 · channels]`.
    pub pooled: Tensor,
    /// The voice, `[embedding]`.
    pub embedding: Tensor,
}

impl SpeakerEncoder {
    /// Loads the encoder from a folder with `config.json` and `model.safetensors`, from such a file with its
    /// `config.json` beside it, or from a GGUF file of architecture `ecapa-tdnn`, which has its sizes inside.
    ///
    /// # Errors
    /// When a file is missing or damaged; a tensor is missing, has an unexpected shape or is unknown; or the file is
    /// made for another front end than [`LogMel`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self> {
        let checkpoint = Checkpoint::open_or_find(path.as_ref(), gguf::GGUF_ARCHITECTURE)?;
        if !checkpoint.is_gguf() {
            return Self::from_checkpoint(&checkpoint, SpeakerConfig::beside(path.as_ref())?, device);
        }
        let parameters = Parameters::new(checkpoint.weights(device, None), Axes::KernelFirst);
        let encoder = Self::build(gguf::config(&checkpoint)?, &parameters, device)?;
        gguf::check_constants(&checkpoint, &encoder.log_mel)?;
        checkpoint.check_all_used()?;
        Ok(encoder)
    }

    /// Loads the encoder from an open checkpoint with the tensor names of `model.safetensors`.
    ///
    /// # Errors
    /// When a tensor is missing, has an unexpected shape or is unknown, or the configuration makes no encoder.
    pub fn from_checkpoint(checkpoint: &Checkpoint, config: SpeakerConfig, device: &Device) -> Result<Self> {
        config.check()?;
        let parameters = Parameters::new(checkpoint.weights(device, None), Axes::KernelLast);
        let encoder = Self::build(config, &parameters, device)?;
        checkpoint.check_all_used()?;
        Ok(encoder)
    }

    /// An encoder of random weights: the same clip gives the same voice, and different clips different ones. The same
    /// seed and configuration give the same weights everywhere.
    ///
    /// # Errors
    /// When the configuration makes no encoder.
    pub fn random(seed: u64, config: &SpeakerConfig, device: &Device) -> Result<Self> {
        Self::from_checkpoint(&Checkpoint::random(seed, random::init), config.clone(), device)
    }

    fn build(config: SpeakerConfig, parameters: &Parameters, device: &Device) -> Result<Self> {
        let none = || Error::Config("no layers".to_owned());
        let (first, last) = (config.layers().next().ok_or_else(none)?, config.layers().next_back().ok_or_else(none)?);
        let blocks = parameters.at("blocks");
        let block = |(index, layer): (usize, Layer)| Block::load(&blocks.at(index + 1), layer, &config);
        let inputs = config.blocks().map(|layer| layer.channels).sum();
        Ok(Self {
            log_mel: LogMel::new(config.sample_rate, config.mel_dim),
            first: Tdnn::load(&blocks.at(0), config.mel_dim, first)?,
            blocks: config.blocks().enumerate().map(block).collect::<Result<_>>()?,
            aggregation: Tdnn::load(&parameters.at("mfa"), inputs, last)?,
            pooling: Pooling::load(&parameters.at("asp"), last.channels, config.attention_channels)?,
            output: Conv::pointwise(&parameters.at("fc"), 2 * last.channels, config.embedding_dim)?,
            device: device.clone(),
            config,
        })
    }

    /// Samples per second that the encoder listens at.
    pub fn sample_rate(&self) -> u32 {
        self.config.sample_rate
    }

    /// Numbers in a voice.
    pub fn embedding_dim(&self) -> usize {
        self.config.embedding_dim
    }

    /// All sizes of the encoder.
    pub fn config(&self) -> &SpeakerConfig {
        &self.config
    }

    /// The front end.
    pub fn log_mel(&self) -> &LogMel {
        &self.log_mel
    }

    /// Samples of the shortest clip that can be heard.
    pub fn min_samples(&self) -> usize {
        LogMel::min_samples(self.config.min_frames())
    }

    /// Samples of the longest clip that is accepted: five minutes.
    pub fn max_samples(&self) -> usize {
        MAX_SECONDS * self.config.sample_rate as usize
    }

    /// The voice in a clip of mono samples in −1..1 at [`SpeakerEncoder::sample_rate`]. Silence gives a vector too,
    /// though nobody's.
    ///
    /// # Errors
    /// When the clip is too short or too long, a sample is not finite, or the device fails.
    pub fn embed(&self, samples: &[f32]) -> Result<Voice> {
        let (minimum, maximum) = (self.min_samples(), self.max_samples());
        if samples.len() < minimum {
            return Err(Error::TooShort { samples: samples.len(), minimum });
        }
        if samples.len() > maximum {
            return Err(Error::TooLong { samples: samples.len(), maximum });
        }
        self.embed_log_mel(&self.log_mel.compute(samples, &self.device)?)
    }

    /// The voice in log-mel frames `[frames, bands]`, as [`LogMel::compute`] makes them.
    ///
    /// # Errors
    /// When there are too few frames or another number of bands, or the device fails.
    pub fn embed_log_mel(&self, log_mel: &Tensor) -> Result<Voice> {
        Voice::new(self.forward(log_mel, |_| ())?.embedding.to_vec1()?)
    }

    /// Everything that the encoder computes from log-mel frames. For comparison with a reference.
    ///
    /// # Errors
    /// As [`SpeakerEncoder::embed_log_mel`].
    pub fn trace(&self, log_mel: &Tensor) -> Result<EncoderTrace> {
        let mut blocks = Vec::new();
        let Ends { mfa, pooled, embedding } = self.forward(log_mel, |x| blocks.push(x.clone()))?;
        Ok(EncoderTrace { blocks, mfa, pooled, embedding })
    }

    /// `see` is shown what comes out of the first layer and of each block.
    fn forward(&self, log_mel: &Tensor, mut see: impl FnMut(&Tensor)) -> Result<Ends> {
        self.check_mel(log_mel)?;
        let mut x = self.first.forward(&log_mel.t()?.contiguous()?)?;
        see(&x);
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            x = block.forward(&x)?;
            see(&x);
            blocks.push(x.clone());
        }
        let mfa = self.aggregation.forward(&Tensor::cat(&blocks, 0)?)?;
        let pooled = self.pooling.forward(&mfa)?;
        let embedding = self.output.forward(&pooled)?.squeeze(1)?;
        Ok(Ends { mfa, pooled: pooled.squeeze(1)?, embedding })
    }

    fn check_mel(&self, log_mel: &Tensor) -> Result<()> {
        let (frames, mel_dim) = (self.config.min_frames(), self.config.mel_dim);
        match log_mel.dims() {
            [found, bands] if *found >= frames && *bands == mel_dim => Ok(()),
            found => Err(Error::MelShape { found: found.to_vec(), frames, mel_dim }),
        }
    }
}

/// What follows the blocks.
struct Ends {
    mfa: Tensor,
    pooled: Tensor,
    embedding: Tensor,
}
