use candle_core::{DType, Tensor};
use zonos_weights::Weights;

use crate::Result;
use crate::config::{Config, SpeakerConfig};
use crate::matrix::Matrix;
use crate::norm::RmsNorm;

/// Rows of ids to the input of the first block.
pub(crate) struct Embedding {
    /// One table for each column: codebooks, then text.
    tables: Vec<Table>,
    speaker: Option<SpeakerProjection>,
    norm: RmsNorm,
}

/// A row of numbers for each id, [ids, dim].
enum Table {
    /// Where it lies in its file, as it is stored: rows are read when they are looked up. On the CPU.
    Mapped(zonos_weights::Table),
    Tensor(Tensor),
}

/// A raw voice to the embedding of its slot.
struct SpeakerProjection {
    lda: Matrix,
    projection: Matrix,
}

impl Embedding {
    pub(crate) fn load(weights: &Weights, config: &Config) -> Result<Self> {
        let tables = weights.at("multi_embedder.embedders");
        let table = |column: usize| {
            let ids = if column < config.codebooks { config.audio_vocab() } else { config.text_vocab + 1 };
            Table::load(&tables.at(column), [ids, config.dim])
        };
        let speaker = config.speaker.map(|speaker| SpeakerProjection::load(weights, config, speaker));
        Ok(Self {
            tables: (0..config.row_width()).map(table).collect::<Result<_>>()?,
            speaker: speaker.transpose()?,
            norm: RmsNorm::plain(config.dim, config.norm_eps, weights.device())?,
        })
    }

    /// `ids` row by row to [rows, dim]; a voice takes the place of the first row.
    pub(crate) fn forward(&self, ids: &[u32], voice: Option<&[f32]>) -> Result<Tensor> {
        let mut sum = self.sum(ids)?;
        if let (Some(voice), Some(speaker)) = (voice, &self.speaker) {
            let slot = speaker.forward(&Tensor::new(voice, sum.device())?.unsqueeze(0)?)?;
            sum = sum.slice_scatter(&slot, 0, 0)?;
        }
        self.norm.forward(&sum)
    }

    fn sum(&self, ids: &[u32]) -> Result<Tensor> {
        let width = self.tables.len();
        let mut sum: Option<Tensor> = None;
        for (column, table) in self.tables.iter().enumerate() {
            let column: Vec<u32> = ids.iter().skip(column).step_by(width).copied().collect();
            let rows = table.look_up(column)?;
            sum = Some(match sum {
                Some(sum) => (sum + rows)?,
                None => rows,
            });
        }
        sum.ok_or_else(|| crate::Error::Config("a model without codebooks".into()))
    }
}

impl Table {
    fn load(weights: &Weights, shape: [usize; 2]) -> Result<Self> {
        let mapped = if weights.device().is_cpu() { weights.get_table("weight", &shape)? } else { None };
        Ok(match mapped {
            Some(mapped) => Self::Mapped(mapped),
            None => Self::Tensor(weights.get("weight", &shape)?),
        })
    }

    /// [ids, dim] in float32.
    fn look_up(&self, ids: Vec<u32>) -> Result<Tensor> {
        Ok(match self {
            Self::Mapped(table) => table.gather(&ids)?,
            Self::Tensor(table) => table.index_select(&Tensor::new(ids, table.device())?, 0)?.to_dtype(DType::F32)?,
        })
    }
}

impl SpeakerProjection {
    fn load(weights: &Weights, config: &Config, speaker: SpeakerConfig) -> Result<Self> {
        let affine =
            |name, outputs, inputs| Matrix::load(weights, name, outputs, inputs)?.with_bias(weights, name, outputs);
        Ok(Self {
            lda: affine("speaker_lda_projection", speaker.lda_dim, speaker.embedding_dim)?,
            projection: affine("speaker_projection", config.dim, speaker.lda_dim)?,
        })
    }

    fn forward(&self, voice: &Tensor) -> Result<Tensor> {
        self.projection.forward(&self.lda.forward(voice)?)
    }
}
