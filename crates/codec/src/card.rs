//! The decoder by kernels of our own, on an NVIDIA card.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::{DType, Device, Tensor};
use zonos_cuda::codec::{Codebook, Decoder, Layer, Shape, Source, Stage, Weights};
use zonos_weights::Checkpoint;

use crate::codec::DecodeTrace;
use crate::parameters::{convolution, values, vector};
use crate::quantizer::is_projected;
use crate::window::{DILATIONS, KERNEL};
use crate::{CodecConfig, Codes, Error, Result};

/// A decoder on a card.
pub(crate) struct Card(Mutex<Decoder>);

impl Card {
    /// Loads the decoder onto an NVIDIA card, in float32; `None` on other devices, for other types, and when the kernels do
    /// not compute decoders of this shape.
    pub(crate) fn load(
        device: &Device,
        dtype: DType,
        config: &CodecConfig,
        checkpoint: &Checkpoint,
    ) -> Result<Option<Self>> {
        let (Device::Cuda(device), DType::F32, shape) = (device, dtype, shape(config)) else { return Ok(None) };
        if shape.check().is_err() {
            return Ok(None);
        }
        let device = zonos_cuda::Device::on(device.cuda_stream().context())?;
        let tensors = Tensors { config, weights: checkpoint.weights(&Device::Cpu, Some(DType::F32)) };
        Ok(Some(Self(Mutex::new(Decoder::load(&device, &shape, &tensors)?))))
    }

    /// The samples of the frames `keep` of `codes`.
    pub(crate) fn decode(&self, codes: &Codes, keep: Range<usize>) -> Result<Vec<f32>> {
        Ok(self.decoder().decode(codes.as_slice(), keep)?)
    }

    /// Everything on the way. There is at least one frame.
    pub(crate) fn trace(&self, codes: &Codes) -> Result<DecodeTrace> {
        let stages = self.decoder().trace(codes.as_slice())?;
        let tensors = stages.into_iter().map(tensor).collect::<Result<Vec<_>>>()?;
        match tensors.as_slice() {
            [z, conv_in, blocks @ .., pre_tanh] => Ok(DecodeTrace {
                z: z.clone(),
                conv_in: conv_in.clone(),
                blocks: blocks.to_vec(),
                pre_tanh: pre_tanh.clone(),
            }),
            _ => Err(Error::FrameRange { start: 0, end: 1, frames: 0 }),
        }
    }

    fn decoder(&self) -> MutexGuard<'_, Decoder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `[channels, time]`, in the host's memory.
fn tensor(Stage { channels, values }: Stage) -> Result<Tensor> {
    let time = values.len() / channels.max(1);
    Ok(Tensor::from_vec(values, (time, channels), &Device::Cpu)?.t()?.contiguous()?)
}

/// The sizes in the words of the kernels.
fn shape(config: &CodecConfig) -> Shape {
    Shape {
        codebooks: config.n_codebooks,
        entries: config.codebook_size,
        entry_dim: config.codebook_dim,
        latent_dim: config.latent_dim,
        dim: config.decoder.dim,
        rates: config.decoder.rates.clone(),
        kernel: KERNEL,
        dilations: DILATIONS.to_vec(),
    }
}

/// The tensors of a checkpoint as the kernels' loader reads them.
struct Tensors<'a> {
    config: &'a CodecConfig,
    weights: zonos_weights::Weights<'a>,
}

impl Tensors<'_> {
    /// Where a layer and the Snake before it lie in the decoder.
    fn places(&self, layer: Layer) -> (String, Option<String>) {
        let blocks = self.config.decoder.rates.len();
        let unit = |block, unit, place| format!("{}.block.{}.block.{place}", block + 1, unit + 2);
        match layer {
            Layer::First => ("0".to_owned(), None),
            Layer::Upsampling { block } => (format!("{}.block.1", block + 1), Some(format!("{}.block.0", block + 1))),
            Layer::Dilated { block, unit: number } => (unit(block, number, 1), Some(unit(block, number, 0))),
            Layer::Pointwise { block, unit: number } => (unit(block, number, 3), Some(unit(block, number, 2))),
            Layer::Last => (format!("{}", blocks + 2), Some(format!("{}", blocks + 1))),
        }
    }

    /// The shape of a layer's weight in the file, and its inputs and outputs.
    fn sizes(&self, layer: Layer) -> ([usize; 3], usize, usize) {
        let stages = &self.config.decoder;
        let width = |block: usize| stages.dim >> block;
        let same = |inputs, outputs, taps| ([outputs, inputs, taps], inputs, outputs);
        match layer {
            Layer::First => same(self.config.latent_dim, width(0), KERNEL),
            Layer::Upsampling { block } => {
                let (inputs, outputs) = (width(block), width(block + 1));
                let rate = stages.rates.get(block).copied().unwrap_or(1);
                ([inputs, outputs, 2 * rate], inputs, outputs)
            }
            Layer::Dilated { block, .. } => same(width(block + 1), width(block + 1), KERNEL),
            Layer::Pointwise { block, .. } => same(width(block + 1), width(block + 1), 1),
            Layer::Last => same(width(stages.rates.len()), 1, KERNEL),
        }
    }

    fn read_layer(&self, layer: Layer) -> Result<Weights> {
        let model = self.weights.at("decoder").at("model");
        let ((place, snake), (shape, inputs, outputs)) = (self.places(layer), self.sizes(layer));
        let alpha = snake.map(|snake| vector(&model.at(snake), "alpha", &[1, inputs, 1])).transpose()?;
        Ok(Weights {
            alpha: alpha.as_ref().map_or(Ok(Vec::new()), values)?,
            bias: values(&vector(&model.at(&place), "bias", &[outputs])?)?,
            weight: values(&convolution(&model.at(&place), shape)?)?,
        })
    }

    fn read_codebook(&self, number: usize) -> Result<Codebook> {
        let config = self.config;
        let quantizer = self.weights.at("quantizer");
        let codebook = quantizer.at("quantizers").at(number);
        let table = codebook.at("codebook").get("weight", &[config.codebook_size, config.codebook_dim])?;
        let table = values(&table)?;
        let out_proj = codebook.at("out_proj");
        if is_projected(&codebook, config) {
            // What all projections add is stored once.
            let bias = if number == 0 { values(&quantizer.get("bias", &[config.latent_dim])?)? } else { Vec::new() };
            return Ok(Codebook { table, projection: Vec::new(), bias });
        }
        let projection = convolution(&out_proj, [config.latent_dim, config.codebook_dim, 1])?;
        Ok(Codebook {
            table,
            projection: values(&projection.squeeze(2)?.t()?)?,
            bias: values(&out_proj.get("bias", &[config.latent_dim])?)?,
        })
    }
}

impl Source for Tensors<'_> {
    fn layer(&self, layer: Layer) -> std::result::Result<Weights, String> {
        self.read_layer(layer).map_err(|error| error.to_string())
    }

    fn codebook(&self, number: usize) -> std::result::Result<Codebook, String> {
        self.read_codebook(number).map_err(|error| error.to_string())
    }
}
