use crate::{Error, Result};

/// The sizes of a DAC model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecConfig {
    /// Samples per second.
    pub sample_rate: u32,
    /// Codebooks, so codes per frame.
    pub n_codebooks: usize,
    /// Entries of each codebook.
    pub codebook_size: usize,
    /// Width of a codebook entry as stored: where entries are stored projected, as in GGUF files, the latent width.
    pub codebook_dim: usize,
    /// Width of the sequence between quantizer and decoder, one vector per frame.
    pub latent_dim: usize,
    /// The decoder: its widest width, halved by each block, and its upsampling rates.
    pub decoder: Stages,
    /// The encoder: its narrowest width, doubled by each block, and its downsampling rates. `None` when the weights
    /// can only decode.
    pub encoder: Option<Stages>,
}

/// The blocks of an encoder or a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stages {
    /// Width at the first block.
    pub dim: usize,
    /// The strides, in the order of computation.
    pub rates: Vec<usize>,
}

/// Bounds on sizes that a file can state; far above every published DAC.
const MAX_DIM: usize = 1 << 16;
const MAX_BLOCKS: usize = 12;
const MAX_HOP: usize = 1 << 16;

impl CodecConfig {
    /// The released 44.1 kHz model: 9 codebooks of 1024 entries, 512 samples per frame.
    pub fn released() -> Self {
        Self {
            sample_rate: 44_100,
            n_codebooks: 9,
            codebook_size: 1024,
            codebook_dim: 8,
            latent_dim: 1024,
            decoder: Stages { dim: 1536, rates: vec![8, 8, 4, 2] },
            encoder: Some(Stages { dim: 64, rates: vec![2, 4, 8, 8] }),
        }
    }

    /// Samples per frame.
    pub fn hop(&self) -> usize {
        self.decoder.hop()
    }

    /// Multiplications, each with an addition, that decoding one frame takes by plain sums.
    pub fn decoder_multiply_adds(&self) -> u64 {
        const KERNEL: usize = 7;
        const UNITS: usize = 3;
        let (mut width, mut rows) = (self.decoder.dim, 1);
        let mut total = KERNEL * self.latent_dim * width;
        for rate in &self.decoder.rates {
            total += rows * 2 * rate * width * (width / 2);
            (width, rows) = (width / 2, rows * rate);
            // Of a unit, a wide convolution and one of a single row.
            total += rows * UNITS * (KERNEL + 1) * width * width;
        }
        (total + rows * KERNEL * width) as u64
    }

    /// Fails on sizes that no codec can have, before anything is allocated from them.
    pub(crate) fn check(&self) -> Result<()> {
        let dims = [self.n_codebooks, self.codebook_size, self.codebook_dim, self.latent_dim];
        if self.sample_rate == 0 || dims.iter().any(|&dim| dim == 0 || dim > MAX_DIM) {
            return Err(Error::Config(format!("a size of {self:?} is 0 or above {MAX_DIM}")));
        }
        self.decoder.check("decoder")?;
        if self.decoder.dim >> self.decoder.rates.len() == 0 {
            return Err(Error::Config(format!("a decoder of width {} cannot be halved so often", self.decoder.dim)));
        }
        self.encoder.iter().try_for_each(|encoder| encoder.check("encoder"))?;
        match self.encoder.as_ref().map(Stages::hop) {
            Some(hop) if hop != self.hop() => {
                Err(Error::Config(format!("the encoder makes frames of {hop} samples, the decoder {}", self.hop())))
            }
            _ => Ok(()),
        }
    }
}

impl Stages {
    fn hop(&self) -> usize {
        self.rates.iter().product()
    }

    fn check(&self, part: &str) -> Result<()> {
        let hop = self.rates.iter().try_fold(1usize, |hop, rate| hop.checked_mul(*rate));
        let fits = |hop: &usize| (1..=MAX_HOP).contains(hop) && self.rates.len() <= MAX_BLOCKS;
        if !hop.as_ref().is_some_and(fits) {
            return Err(Error::Config(format!("the {part}'s rates {:?}", self.rates)));
        }
        if self.dim == 0 || self.dim > MAX_DIM {
            return Err(Error::Config(format!("the {part}'s width {}", self.dim)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_the_released_decoder_takes_804_million() {
        assert_eq!(CodecConfig::released().decoder_multiply_adds() / 1_000_000, 804);
    }
}
