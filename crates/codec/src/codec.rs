use std::ops::Range;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use zonos_weights::Checkpoint;

use crate::card::Card;
use crate::cpu::{CpuDecoder, CpuEncoder, CpuTrace};
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::quantizer::Quantizer;
use crate::stated::Stated;
use crate::window::{decoder_context, encoder_context, windows};
use crate::{CodecConfig, Codes, Error, Result, infer, names, random};

/// Frames decoded at once, not counting the context: 3 seconds. The context costs a thirteenth more work; the full-size
/// model needs some 350 MB beside its weights.
const DECODE_WINDOW: usize = 256;
/// Frames encoded at once.
const ENCODE_WINDOW: usize = 128;

/// A DAC model: aligned codes to samples, and samples to codes.
pub struct Codec {
    config: CodecConfig,
    decoder: DecoderKind,
    encoder: Option<Encoding>,
    device: Device,
    dtype: DType,
}

/// How the decoder computes.
pub(crate) enum DecoderKind {
    /// By kernels of our own, on the CPU in float32.
    Cpu(Box<CpuDecoder>),
    /// By kernels of our own, on an NVIDIA card.
    Card(Card),
    /// By candle's operators.
    Tensors(Quantizer, Decoder),
}

/// Samples to codes.
struct Encoding {
    layers: EncoderKind,
    quantizer: Quantizer,
}

enum EncoderKind {
    Cpu(CpuEncoder),
    Tensors(Encoder),
}

/// What the decoder computes on its way, for comparison with a reference. Shapes are `[channels, time]`.
pub struct DecodeTrace {
    /// The quantizer's output, `[latent, frames]`.
    pub z: Tensor,
    /// After the first convolution.
    pub conv_in: Tensor,
    /// After each block.
    pub blocks: Vec<Tensor>,
    /// The samples before the tanh, `[1, samples]`.
    pub pre_tanh: Tensor,
}

/// What the encoder computes on its way, for comparison with a reference. Shapes are `[channels, frames]`.
pub struct EncodeTrace {
    /// The encoder's output, `[latent, frames]`.
    pub encoder_out: Tensor,
    /// What was looked up in each codebook, `[codebooks · codebook_dim, frames]`.
    pub latents: Tensor,
    /// The codes found.
    pub codes: Codes,
    /// What the decoder would start from, `[latent, frames]`.
    pub z: Tensor,
}

impl Codec {
    /// Loads the model from a `.safetensors` or `.pth` file with the tensor names of descript's release or of the
    /// transformers library, from a GGUF file of architecture `dac`, which can only decode, or from a folder that holds
    /// one. All sizes come from the tensors' shapes; the sample rate (44.1 kHz where nothing states it) from the file
    /// or a `config.json` beside it.
    ///
    /// # Errors
    /// When a file is damaged; a tensor is missing, has an unexpected shape or is unknown; or the file or its
    /// `config.json` states other sizes.
    pub fn load(path: impl AsRef<Path>, device: &Device, dtype: DType) -> Result<Self> {
        let checkpoint = Checkpoint::open_or_find(path.as_ref(), names::GGUF_ARCHITECTURE)?;
        Self::read(checkpoint, Stated::beside(path.as_ref())?, device, dtype)
    }

    /// Loads the model from an open checkpoint, as [`Codec::load`] does from a file that nothing lies beside.
    ///
    /// # Errors
    /// As [`Codec::load`].
    pub fn from_checkpoint(checkpoint: Checkpoint, device: &Device, dtype: DType) -> Result<Self> {
        Self::read(checkpoint, None, device, dtype)
    }

    fn read(checkpoint: Checkpoint, beside: Option<Stated>, device: &Device, dtype: DType) -> Result<Self> {
        let checkpoint = names::rename(checkpoint)?;
        let weights = checkpoint.weights(device, Some(dtype));
        let mut config = infer::config(&weights)?;
        for stated in [Some(Stated::within(&checkpoint)?), beside].iter().flatten() {
            stated.apply(&mut config)?;
        }
        config.check()?;
        let codec = Self::build(config, &checkpoint, device, dtype)?;
        checkpoint.check_all_used()?;
        Ok(codec)
    }

    /// A model of random weights, whose output is noise of about the loudness of speech. The same seed and
    /// configuration give the same weights everywhere.
    ///
    /// # Errors
    /// When the configuration makes no codec.
    pub fn random(seed: u64, config: &CodecConfig, device: &Device, dtype: DType) -> Result<Self> {
        config.check()?;
        let checkpoint = Checkpoint::random(seed, random::init);
        Self::build(config.clone(), &checkpoint, device, dtype)
    }

    fn build(config: CodecConfig, checkpoint: &Checkpoint, device: &Device, dtype: DType) -> Result<Self> {
        let weights = checkpoint.weights(device, Some(dtype));
        let quantizer = Quantizer::load(&weights.at("quantizer"), &config)?;
        let is_cpu = device.is_cpu() && dtype == DType::F32;
        let layers = || Decoder::load(&weights.at("decoder"), &config.decoder, config.latent_dim);
        let decoder = match Card::load(device, dtype, &config, checkpoint)? {
            Some(card) => DecoderKind::Card(card),
            None if is_cpu => {
                DecoderKind::Cpu(Box::new(CpuDecoder::new(&quantizer, layers()?, &config.decoder.rates)?))
            }
            None => DecoderKind::Tensors(quantizer.clone(), layers()?),
        };
        let encoder = |stages| -> Result<Encoding> {
            let layers = Encoder::load(&weights.at("encoder"), stages, config.latent_dim)?;
            let layers = if is_cpu { EncoderKind::Cpu(CpuEncoder::new(layers)?) } else { EncoderKind::Tensors(layers) };
            Ok(Encoding { layers, quantizer })
        };
        let encoder = config.encoder.as_ref().map(encoder).transpose()?;
        Ok(Self { decoder, encoder, device: device.clone(), dtype, config })
    }

    /// Samples per second of the audio on both sides.
    pub fn sample_rate(&self) -> u32 {
        self.config.sample_rate
    }

    /// Samples per frame.
    pub fn hop(&self) -> usize {
        self.config.hop()
    }

    /// Codes per frame.
    pub fn n_codebooks(&self) -> usize {
        self.config.n_codebooks
    }

    /// Entries of each codebook: codes are below this.
    pub fn codebook_size(&self) -> usize {
        self.config.codebook_size
    }

    /// All sizes of the model.
    pub fn config(&self) -> &CodecConfig {
        &self.config
    }

    /// Frames before and after a frame that its samples depend on: with this much context on both sides, a stretch
    /// decodes to the samples that it has in the whole. It follows from the layers' geometry.
    pub fn context_frames(&self) -> usize {
        decoder_context(&self.config.decoder.rates)
    }

    /// Decodes all frames to mono samples in −1..1, [`Codec::hop`] for each frame.
    ///
    /// # Errors
    /// When the codes do not fit this codec's codebooks, or the device fails.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.decode_range(codes, 0..codes.frames())
    }

    /// The samples of the frames `range`, as they are in the decoded whole; only that stretch and its context are
    /// computed. For playing what is known so far, leave [`Codec::context_frames`] frames after the range.
    ///
    /// # Errors
    /// As [`Codec::decode`], and when the codes do not have these frames.
    pub fn decode_range(&self, codes: &Codes, range: Range<usize>) -> Result<Vec<f32>> {
        let frames = codes.frames();
        if range.start > range.end || range.end > frames {
            return Err(Error::FrameRange { start: range.start, end: range.end, frames });
        }
        self.check_codes(codes)?;
        match &self.decoder {
            DecoderKind::Cpu(decoder) => Ok(decoder.range(codes, range)),
            DecoderKind::Card(card) => self.in_windows(codes, range, |codes, kept| card.decode(codes, kept)),
            DecoderKind::Tensors(quantizer, decoder) => self.in_windows(codes, range, |codes, kept| {
                let z = quantizer.decode(&codes.to_tensor(&self.device)?)?;
                self.decode_window(decoder, &z, kept)
            }),
        }
    }

    /// Decodes a range window by window; `decode` gets the frames of a window and which of them are wanted.
    fn in_windows(
        &self,
        codes: &Codes,
        range: Range<usize>,
        decode: impl Fn(&Codes, Range<usize>) -> Result<Vec<f32>>,
    ) -> Result<Vec<f32>> {
        let mut samples = Vec::with_capacity(range.len() * self.hop());
        for window in windows(range, DECODE_WINDOW, self.context_frames(), codes.frames()) {
            let kept = window.offset()..window.offset() + window.keep.len();
            samples.extend(decode(&codes.slice(window.input), kept)?);
        }
        Ok(samples)
    }

    fn decode_window(&self, decoder: &Decoder, z: &Tensor, kept: Range<usize>) -> Result<Vec<f32>> {
        let pre_tanh = decoder.forward(&z.unsqueeze(0)?, |_| ())?;
        let (start, len) = (kept.start * self.hop(), kept.len() * self.hop());
        let kept = pre_tanh.narrow(2, start, len)?.to_dtype(DType::F32)?;
        Ok(kept.tanh()?.flatten_all()?.to_vec1()?)
    }

    /// Everything that the decoder computes for `codes`, in one window. For comparison with a reference; memory grows
    /// with length.
    ///
    /// # Errors
    /// As [`Codec::decode`], and when there are no frames.
    pub fn decode_trace(&self, codes: &Codes) -> Result<DecodeTrace> {
        self.check_codes(codes)?;
        let (quantizer, decoder) = match &self.decoder {
            DecoderKind::Cpu(decoder) => return cpu_trace(decoder, codes),
            DecoderKind::Card(card) => return card.trace(codes),
            DecoderKind::Tensors(quantizer, decoder) => (quantizer, decoder),
        };
        let z = quantizer.decode(&codes.to_tensor(&self.device)?)?;
        let mut seen = Vec::new();
        let pre_tanh = decoder.forward(&z.unsqueeze(0)?, |x| seen.push(x.clone()))?.squeeze(0)?;
        let mut seen = seen.into_iter().map(|x| x.squeeze(0));
        let conv_in = seen.next().transpose()?.unwrap_or_else(|| z.clone());
        Ok(DecodeTrace { z, conv_in, blocks: seen.collect::<candle_core::Result<_>>()?, pre_tanh })
    }

    pub(crate) fn check_codes(&self, codes: &Codes) -> Result<()> {
        let (found, expected) = (codes.n_codebooks(), self.n_codebooks());
        if found != expected {
            return Err(Error::Codebooks { found, expected });
        }
        codes.check_range(self.codebook_size())
    }

    pub(crate) fn decoder(&self) -> &DecoderKind {
        &self.decoder
    }

    /// Whether the weights hold an encoder; GGUF files do not.
    pub fn can_encode(&self) -> bool {
        self.encoder.is_some()
    }

    /// Codes for mono samples in −1..1 at [`Codec::sample_rate`]. Samples after the last whole frame are filled up
    /// with silence.
    ///
    /// # Errors
    /// When the weights hold no encoder, a sample is not finite, or the device fails.
    pub fn encode(&self, samples: &[f32]) -> Result<Codes> {
        let encoding = self.encoder.as_ref().ok_or(Error::NoEncoder)?;
        let mut rows = Vec::with_capacity(samples.len().div_ceil(self.hop()) * self.n_codebooks());
        self.each_latent(encoding, samples, ENCODE_WINDOW, |latent| {
            let codes = encoding.quantizer.encode(&latent)?.codes;
            rows.extend(codes.t()?.flatten_all()?.to_vec1::<u32>()?);
            Ok(())
        })?;
        Codes::from_frames(&rows, self.n_codebooks(), self.codebook_size())
    }

    /// Everything that the encoder computes for `samples`, in one window. For comparison with a reference; memory
    /// grows with length.
    ///
    /// # Errors
    /// As [`Codec::encode`], and when there are no samples.
    pub fn encode_trace(&self, samples: &[f32]) -> Result<EncodeTrace> {
        let encoding = self.encoder.as_ref().ok_or(Error::NoEncoder)?;
        let mut parts = Vec::new();
        self.each_latent(encoding, samples, usize::MAX, |latent| {
            parts.push(latent);
            Ok(())
        })?;
        let encoder_out = Tensor::cat(&parts, 1)?.contiguous()?;
        let found = encoding.quantizer.encode(&encoder_out)?;
        let codes = Codes::from_tensor(&found.codes, self.codebook_size())?;
        Ok(EncodeTrace { encoder_out, latents: found.latents, codes, z: found.z })
    }

    /// Hands out the encoder's output for all samples, piece by piece as `[latent, frames]`; at most `window` frames are
    /// computed at once.
    fn each_latent(
        &self,
        encoding: &Encoding,
        samples: &[f32],
        window: usize,
        mut take: impl FnMut(Tensor) -> Result<()>,
    ) -> Result<()> {
        if let Some(index) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(Error::NotFinite { index });
        }
        let (frames, width) = (samples.len().div_ceil(self.hop()), self.config.latent_dim);
        match &encoding.layers {
            EncoderKind::Cpu(encoder) => {
                let mut left = frames;
                encoder.encode(samples, self.hop(), |mut rows| {
                    // A rate of 1 makes one row more than there are frames.
                    let count = left.min(rows.len() / width);
                    left -= count;
                    rows.truncate(count * width);
                    take(Tensor::from_vec(rows, (count, width), &self.device)?.t()?)
                })
            }
            EncoderKind::Tensors(encoder) => {
                let context = self.config.encoder.as_ref().map_or(0, |stages| encoder_context(&stages.rates));
                windows(0..frames, window, context, frames).try_for_each(|window| {
                    let latent = self.encoder_out(encoder, samples, window.input.clone())?;
                    take(latent.narrow(1, window.offset(), window.keep.len())?)
                })
            }
        }
    }

    /// The encoder's output for a stretch of frames, `[latent, frames]`.
    fn encoder_out(&self, encoder: &Encoder, samples: &[f32], frames: Range<usize>) -> Result<Tensor> {
        let (start, end) = (frames.start * self.hop(), frames.end * self.hop());
        let mut stretch = samples.get(start..end.min(samples.len())).unwrap_or_default().to_vec();
        stretch.resize(end - start, 0.0);
        let samples = Tensor::from_vec(stretch, (1, 1, end - start), &self.device)?.to_dtype(self.dtype)?;
        Ok(encoder.forward(&samples)?.squeeze(0)?)
    }
}

/// A trace of the CPU's decoder, whose rows are moments, as tensors.
fn cpu_trace(decoder: &CpuDecoder, codes: &Codes) -> Result<DecodeTrace> {
    let CpuTrace { z, stages, pre_tanh } = decoder.trace(codes);
    let tensor = |rows: Vec<f32>, time: usize| -> Result<Tensor> {
        let width = rows.len() / time.max(1);
        Ok(Tensor::from_vec(rows, (time, width), &Device::Cpu)?.t()?.contiguous()?)
    };
    let samples = pre_tanh.len();
    let mut stages = stages.into_iter().map(|(time, rows)| tensor(rows, time));
    let conv_in = stages.next().ok_or_else(|| Error::Config("no layers".to_owned()))??;
    Ok(DecodeTrace {
        z: tensor(z, codes.frames())?,
        conv_in,
        blocks: stages.collect::<Result<_>>()?,
        pre_tanh: tensor(pre_tanh, samples)?,
    })
}
