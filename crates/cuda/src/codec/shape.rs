//! The sizes of a codec's decoder.

use crate::{Error, Result};

/// Channels are kept in multiples of this; the same as in the kernels, like what follows.
pub(crate) const CHANNELS: usize = 32;
/// Rows of time that a block computes.
pub(crate) const CONV_ROWS: usize = 64;
pub(crate) const CONV_THREADS: usize = 128;
/// Taps whose weights are on their way or in use.
pub(crate) const WEIGHT_STAGES: usize = 3;
/// Fours of numbers that a thread can hold on their way to shared memory.
const HELD: usize = 4;

/// The sizes of a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Codebooks, and so codes of a frame.
    pub codebooks: usize,
    /// Entries of each codebook.
    pub entries: usize,
    /// Width of an entry.
    pub entry_dim: usize,
    /// Width of the vector that a frame's entries become.
    pub latent_dim: usize,
    /// Width after the first convolution; each block halves it.
    pub dim: usize,
    /// The blocks' upsampling rates.
    pub rates: Vec<usize>,
    /// Taps of the convolutions that keep the rate.
    pub kernel: usize,
    /// Dilations of the residual units of each block.
    pub dilations: Vec<usize>,
}

impl Shape {
    /// Samples of a frame.
    pub fn hop(&self) -> usize {
        self.rates.iter().product()
    }

    /// Width at which block `block` begins, or at which the one before it ends.
    pub(crate) fn width(&self, block: usize) -> usize {
        self.dim >> block
    }

    /// Numbers that a frame has at most in any sequence on the way.
    pub(crate) fn most_numbers(&self) -> usize {
        let mut rate = 1;
        let upsampled = self.rates.iter().enumerate().map(|(block, by)| {
            rate *= by;
            rate * padded(self.width(block + 1))
        });
        upsampled.chain([padded(self.latent_dim), padded(self.dim)]).max().unwrap_or(0)
    }

    /// Whether the kernels compute such a decoder.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self) -> Result<()> {
        let sizes = [self.codebooks, self.entries, self.entry_dim, self.latent_dim, self.dim, self.kernel];
        let numbers = || sizes.iter().chain(&self.rates).chain(&self.dilations);
        if self.rates.is_empty() || numbers().any(|&number| number == 0) || self.width(self.rates.len()) == 0 {
            return Err(Error::Unsupported(format!("a size of {self:?} is 0")));
        }
        if let Some(dilation) = self.dilations.iter().find(|dilation| !held(self.kernel, **dilation)) {
            return Err(Error::Unsupported(format!("{} taps, {dilation} apart", self.kernel)));
        }
        if numbers().any(|&number| number > 1 << 16) || self.hop() > 1 << 16 {
            return Err(Error::Unsupported(format!("a size of {self:?} is above 65536")));
        }
        Ok(())
    }
}

/// Rows of input that a block sees.
pub(crate) fn rows_seen(taps: usize, step: usize) -> usize {
    CONV_ROWS + (taps - 1) * step
}

/// Whether the threads of a block can hold what each tap has them bring.
fn held(taps: usize, step: usize) -> bool {
    let rounds = (rows_seen(taps, step) * CHANNELS / 4).div_ceil(CONV_THREADS);
    rounds.div_ceil(taps) <= HELD
}

/// Channels with those that fill them up.
pub(crate) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(CHANNELS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released() -> Shape {
        Shape {
            codebooks: 9,
            entries: 1024,
            entry_dim: 8,
            latent_dim: 1024,
            dim: 1536,
            rates: vec![8, 8, 4, 2],
            kernel: 7,
            dilations: vec![1, 3, 9],
        }
    }

    #[test]
    fn the_released_decoder_is_taken() {
        let shape = released();
        shape.check().unwrap();
        assert_eq!((shape.hop(), shape.width(4), shape.most_numbers()), (512, 96, 512 * 96));
    }

    #[test]
    fn what_the_kernels_cannot_hold_is_refused() {
        assert!(Shape { dilations: vec![1, 1000], ..released() }.check().is_err());
        assert!(Shape { rates: vec![], ..released() }.check().is_err());
        assert!(Shape { dim: 8, ..released() }.check().is_err());
        assert!(Shape { entries: 1 << 20, ..released() }.check().is_err());
    }

    #[test]
    fn narrow_decoders_are_filled_up() {
        let shape = Shape { dim: 48, latent_dim: 100, rates: vec![2, 3], ..released() };
        assert_eq!(shape.most_numbers(), 6 * 32);
    }
}
