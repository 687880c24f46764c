use super::pipeline::{Layer, Pipeline};
use super::tiles::MOST_AT_ONCE;
use crate::Result;
use crate::encoder::{Block, Encoder};

/// Frames that go through all layers together.
const FRAMES_AT_ONCE: usize = 32;

/// The encoder, without the quantizer.
pub(crate) struct CpuEncoder {
    pipeline: Pipeline,
}

impl CpuEncoder {
    pub(crate) fn new(encoder: Encoder) -> Result<Self> {
        Ok(Self { pipeline: Pipeline::new(layers(encoder)?) })
    }

    /// Hands out the latent vectors of all frames of `hop` samples, piece by piece, as rows. Samples after the last whole
    /// frame are filled up with silence.
    pub(crate) fn encode(
        &self,
        samples: &[f32],
        hop: usize,
        mut take: impl FnMut(Vec<f32>) -> Result<()>,
    ) -> Result<()> {
        let mut flow = self.pipeline.begin();
        let length = FRAMES_AT_ONCE * hop;
        let count = samples.len().div_ceil(length);
        for (place, piece) in samples.chunks(length).enumerate() {
            let mut piece = piece.to_vec();
            piece.resize(piece.len().next_multiple_of(hop), 0.0);
            let rows = self.pipeline.push(&mut flow, &piece, place + 1 == count, |_, _| ());
            if !rows.is_empty() {
                take(rows)?;
            }
        }
        Ok(())
    }
}

fn layers(encoder: Encoder) -> Result<Vec<Layer>> {
    let Encoder { conv_in, blocks, snake_out, conv_out } = encoder;
    let mut layers = vec![Layer::Conv(conv_in.into_rows(None)?)];
    for Block { units, snake, downsample } in blocks {
        for unit in units {
            layers.push(Layer::Unit(unit.into_rows(MOST_AT_ONCE)?));
        }
        layers.push(Layer::Conv(downsample.into_rows(Some(snake.into_rows()?))?));
    }
    layers.push(Layer::Conv(conv_out.into_rows(Some(snake_out.into_rows()?))?));
    Ok(layers)
}
