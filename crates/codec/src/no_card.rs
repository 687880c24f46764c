//! In the place of `card` in builds that know no NVIDIA cards.

use std::ops::Range;

use candle_core::{DType, Device};
use zonos_weights::Checkpoint;

use crate::codec::DecodeTrace;
use crate::{CodecConfig, Codes, Result};

/// There is none.
pub(crate) enum Card {}

impl Card {
    pub(crate) fn load(_: &Device, _: DType, _: &CodecConfig, _: &Checkpoint) -> Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn decode(&self, _: &Codes, _: Range<usize>) -> Result<Vec<f32>> {
        match *self {}
    }

    pub(crate) fn trace(&self, _: &Codes) -> Result<DecodeTrace> {
        match *self {}
    }
}
