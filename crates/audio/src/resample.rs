//! Changing the sample rate.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::pcm::check_finite;
use crate::{Error, Result, SAMPLE_RATES};

/// The least number of frames of an FFT block at the lower of the two rates. Longer blocks mean a steeper filter: with
/// 1024 the pass band reaches 98 % of the way to the lower Nyquist frequency.
const BLOCK: u32 = 1024;

/// Resamples one channel from `from` Hz to `to` Hz.
///
/// The result has exactly ⌈n · to / from⌉ samples and begins at the same moment: the filter's delay is taken out. Any
/// pair of rates in [`SAMPLE_RATES`] works, prime ones too. Equal rates give a copy.
///
/// # Errors
///
/// [`Error::SampleRate`] if a rate is out of range, [`Error::NonFinite`] if a sample is NaN or infinite.
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>> {
    check_rate(from, "resampling")?;
    check_rate(to, "resampling")?;
    // One NaN would spoil a whole block.
    check_finite(samples, "resampling")?;
    if from == to || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let mut resampled =
        convert(samples, from, to).map_err(|what| Error::Resample { from, to, what: what.to_string() })?;
    resampled.resize(output_len(samples.len(), from, to), 0.0);
    Ok(resampled)
}

pub(crate) fn check_rate(rate: u32, origin: &str) -> Result<()> {
    if SAMPLE_RATES.contains(&rate) {
        return Ok(());
    }
    Err(Error::SampleRate { origin: origin.to_owned(), rate })
}

fn output_len(len: usize, from: u32, to: u32) -> usize {
    // In 128 bits nothing overflows, and the result was just held in memory.
    (len as u128 * u128::from(to)).div_ceil(u128::from(from)) as usize
}

fn convert(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let input = InterleavedSlice::new(samples, 1, samples.len())?;
    let block = block_len(from, to) as usize;
    let mut resampler = Fft::<f32>::new(from as usize, to as usize, block, 1, FixedSync::Both)?;
    Ok(resampler.process_all(&input, samples.len(), None)?.take_data())
}

/// The input frames of one FFT block.
///
/// Both the input and the output block must be even: the filter delays by half a block, and half a sample of that
/// could not be taken out again.
fn block_len(from: u32, to: u32) -> u32 {
    let divisor = gcd(from, to);
    let (input, output) = (from / divisor, to / divisor);
    let blocks = BLOCK.div_ceil(input.min(output));
    input * blocks.next_multiple_of(2)
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
