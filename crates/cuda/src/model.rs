//! The model on the card.

use crate::layer::{BIASES, Layer, norm};
use crate::loader::{Loader, Origin, Part};
use crate::memory::Buffer;
use crate::projection::Matrix;
use crate::{Device, Kind, Result, Shape, Source, rope};

/// All weights, on the card.
pub struct Model {
    pub(crate) device: Device,
    pub(crate) shape: Shape,
    pub(crate) embedding: Embedding,
    pub(crate) layers: Vec<Layer>,
    pub(crate) output_norm: u64,
    pub(crate) head: Matrix,
    /// [context, head_dim / 2] of both.
    pub(crate) cosines: u64,
    pub(crate) sines: u64,
    held: Vec<Buffer<u8>>,
}

/// The tables of ids, and what makes the speaker's row.
pub(crate) struct Embedding {
    /// Addresses of all tables, and the kinds of their numbers.
    pub(crate) tables: u64,
    pub(crate) kinds: u64,
    pub(crate) speaker: Option<SpeakerProjection>,
}

/// From a voice to its row's embedding.
pub(crate) struct SpeakerProjection {
    pub(crate) lda: Matrix,
    pub(crate) lda_bias: u64,
    pub(crate) projection: Matrix,
    pub(crate) projection_bias: u64,
}

impl Model {
    /// Loads a checkpoint. Matrices stay as they are stored; norms and routers are kept in float32.
    ///
    /// # Errors
    /// When the kernels cannot take the model, a tensor is missing or of another shape, or the card's memory does not
    /// suffice.
    pub fn load(device: &Device, shape: &Shape, source: &dyn Source) -> Result<Self> {
        Self::build(device, shape, Origin::Source(source))
    }

    /// A model of random weights, drawn on the card, for benchmarks.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn random(device: &Device, shape: &Shape, kind: Kind, seed: u64) -> Result<Self> {
        Self::build(device, shape, Origin::Random { kind, seed })
    }

    fn build(device: &Device, shape: &Shape, origin: Origin) -> Result<Self> {
        shape.check()?;
        let mut loader = Loader::new(device, origin)?;
        let (cosines, sines) = rope::tables(shape.context, shape.head_dim, shape.rope_theta);
        let model = Self {
            embedding: Embedding::load(&mut loader, shape)?,
            layers: (0..shape.used.len()).map(|n| Layer::load(&mut loader, shape, n)).collect::<Result<_>>()?,
            output_norm: norm(&mut loader, "out_norm.weight", shape.dim)?,
            head: loader.matrix("multi_output.weight", &[shape.logits(), shape.dim])?,
            cosines: loader.values(&bytes(&cosines))?,
            sines: loader.values(&bytes(&sines))?,
            device: device.clone(),
            shape: shape.clone(),
            held: std::mem::take(&mut loader.held),
        };
        device.synchronize()?;
        Ok(model)
    }

    /// The model's sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Where it is.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Bytes of the card's memory that it takes.
    pub fn bytes(&self) -> u64 {
        self.held.iter().map(|buffer| buffer.len() as u64).sum()
    }

    /// Bytes of matrices that one frame of one slot reads.
    pub fn bytes_per_frame(&self) -> u64 {
        (self.head.bytes() + self.layers.iter().map(Layer::bytes_per_row).sum::<usize>()) as u64
    }

    /// A vector of the model.
    #[cfg(test)]
    pub(crate) fn read_vector(&self, address: u64, len: usize) -> Vec<f32> {
        let mut values = vec![0.0; len];
        self.device.synchronize().unwrap();
        // SAFETY: the tests name vectors of the model.
        unsafe { cudarc::driver::result::memcpy_dtoh_sync(&mut values, address) }.unwrap();
        values
    }

    /// How keys and values are kept: like the weights, but never in blocks.
    pub(crate) fn cache_kind(&self) -> Kind {
        match self.head.kind {
            kind if kind.in_blocks() => Kind::F16,
            kind => kind,
        }
    }
}

impl Embedding {
    fn load(loader: &mut Loader, shape: &Shape) -> Result<Self> {
        let mut tables = Vec::with_capacity(shape.row_width());
        let mut kinds = Vec::with_capacity(shape.row_width());
        for column in 0..shape.row_width() {
            let ids = if column < shape.codebooks { shape.audio_vocab } else { shape.text_ids };
            let table =
                loader.table(&Part::new(format!("multi_embedder.embedders.{column}.weight"), &[ids, shape.dim]))?;
            tables.extend(table.numbers.to_le_bytes());
            kinds.extend((table.kind as i32).to_le_bytes());
        }
        Ok(Self {
            tables: loader.values(&tables)?,
            kinds: loader.values(&kinds)?,
            speaker: SpeakerProjection::load(loader, shape)?,
        })
    }
}

impl SpeakerProjection {
    fn load(loader: &mut Loader, shape: &Shape) -> Result<Option<Self>> {
        let Some(speaker) = shape.speaker else { return Ok(None) };
        let (voice, lda, dim) = (speaker.embedding_dim, speaker.lda_dim, shape.dim);
        Ok(Some(Self {
            lda: loader.matrix("speaker_lda_projection.weight", &[lda, voice])?,
            lda_bias: loader.vector("speaker_lda_projection.bias", &[&[lda]], BIASES, |v| v)?,
            projection: loader.matrix("speaker_projection.weight", &[dim, lda])?,
            projection_bias: loader.vector("speaker_projection.bias", &[&[dim]], BIASES, |v| v)?,
        }))
    }
}

pub(crate) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
