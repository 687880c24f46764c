//! In the place of `card` in builds that know no NVIDIA cards.

use candle_core::{DType, Device, Tensor};
use zonos_weights::Checkpoint;

use crate::prompt::{Piece, Pieces};
use crate::{Config, KvCache, Prompt, Result, Sampling};

/// There is none.
pub(crate) enum Card {}

/// There is none.
pub(crate) enum Slot {}

impl Card {
    pub(crate) fn load(_: &Device, _: &Config, _: &Checkpoint, _: Option<DType>) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn bytes_per_frame(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn new_cache(&self) -> Result<KvCache> {
        match *self {}
    }

    pub(crate) fn reserve(&self, _: &KvCache, _: usize) -> Result<()> {
        match *self {}
    }

    pub(crate) fn pieces(&self) -> Pieces {
        match *self {}
    }

    pub(crate) fn prefill(&self, _: &Piece, _: &mut KvCache) -> Result<Option<Tensor>> {
        match *self {}
    }

    pub(crate) fn observe(&self, _: &Prompt, _: &mut KvCache) -> Result<Tensor> {
        match *self {}
    }

    pub(crate) fn decode(&self, _: &[u32], _: &mut [&mut KvCache]) -> Result<Tensor> {
        match *self {}
    }

    pub(crate) fn draw(&self, _: &KvCache, _: &Sampling, _: u64) -> Result<()> {
        match *self {}
    }

    pub(crate) fn next_frames(&self, _: &mut [&mut KvCache]) -> Result<Vec<Vec<u32>>> {
        match *self {}
    }
}
