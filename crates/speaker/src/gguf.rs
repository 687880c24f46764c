//! The published GGUF file of the encoder: the hub's tensor names, sizes as keys, and the front end's constants.

use candle_core::Device;
use zonos_weights::{Checkpoint, MetaValue};

use crate::mel::{BINS, FFT, HOP, LogMel};
use crate::{Error, Result, SpeakerConfig};

/// What `general.architecture` says.
pub const GGUF_ARCHITECTURE: &str = "ecapa-tdnn";

/// How far constants of the front end may be from those computed here: rounding, far below the difference that another
/// window or another mel scale makes.
const TOLERANCE: f32 = 1e-4;

/// The sizes that the file states. What it does not state is as in the released encoder.
///
/// # Errors
/// When it is of another architecture, a key is of another type, sizes do not fit together, or it is made for another
/// front end.
pub(crate) fn config(checkpoint: &Checkpoint) -> Result<SpeakerConfig> {
    if checkpoint.architecture() != Some(GGUF_ARCHITECTURE) {
        let found = checkpoint.architecture().unwrap_or("none");
        return Err(Error::Config(format!(
            "{} is a GGUF file of architecture `{found}`, expected `{GGUF_ARCHITECTURE}`",
            checkpoint.path().display()
        )));
    }
    let (keys, released) = (Keys(checkpoint), SpeakerConfig::default());
    let size = |key: &str, released: usize| Ok::<_, Error>(keys.size(key)?.unwrap_or(released));
    let sizes = |key: &str, released: Vec<usize>| Ok::<_, Error>(keys.sizes(key)?.unwrap_or(released));
    let rate = size("sample_rate", released.sample_rate as usize)?;
    let config = SpeakerConfig {
        sample_rate: u32::try_from(rate).map_err(|_| Error::Config(format!("a sample rate of {rate}")))?,
        mel_dim: size("mel_dim", released.mel_dim)?,
        embedding_dim: size("enc_dim", released.embedding_dim)?,
        channels: sizes("enc_channels", released.channels)?,
        kernels: sizes("enc_kernel_sizes", released.kernels)?,
        dilations: sizes("enc_dilations", released.dilations)?,
        attention_channels: size("attention_channels", released.attention_channels)?,
        res2net_scale: size("res2net_scale", released.res2net_scale)?,
        se_channels: size("se_channels", released.se_channels)?,
    };
    config.check()?;
    check_front_end(&keys, &config)?;
    Ok(config)
}

/// The front end is computed here, so the file must be made for the same.
fn check_front_end(keys: &Keys, config: &SpeakerConfig) -> Result<()> {
    for (key, here) in [("n_fft", FFT), ("win_length", FFT), ("hop_length", HOP)] {
        match keys.size(key)? {
            Some(found) if found != here => return Err(other_front_end(key, found, here)),
            _ => {}
        }
    }
    for (key, here) in [("mel_fmin", 0.0), ("mel_fmax", f64::from(config.sample_rate) / 2.0)] {
        match keys.get(key, "a number", MetaValue::as_f64)? {
            Some(found) if (found - here).abs() > 0.5 => return Err(other_front_end(key, found, here)),
            _ => {}
        }
    }
    Ok(())
}

fn other_front_end<T: std::fmt::Display>(what: &str, found: T, here: T) -> Error {
    Error::Config(format!("`{what}` is {found}, but this front end has {here}"))
}

/// Fails when the file's filters or its window are others than those of `log_mel`.
pub(crate) fn check_constants(checkpoint: &Checkpoint, log_mel: &LogMel) -> Result<()> {
    let weights = checkpoint.weights(&Device::Cpu, None);
    let window = log_mel.window();
    let filters = log_mel.filterbank();
    let bands = filters.len() / BINS;
    // The file has a row for each band.
    let rows: Vec<f32> = (0..bands).flat_map(|band| filters.iter().skip(band).step_by(bands).copied()).collect();
    for (name, shape, here) in [("mel_window", vec![FFT], window), ("mel_fb", vec![bands, BINS], rows)] {
        if !weights.contains(name) {
            continue;
        }
        let stored: Vec<f32> = weights.get_f32(name, &shape)?.flatten_all()?.to_vec1()?;
        let near = |(stored, here): (&f32, &f32)| (stored - here).abs() <= TOLERANCE;
        if !stored.iter().zip(&here).all(near) {
            return Err(Error::Config(format!("`{name}` holds other numbers than this front end has")));
        }
    }
    Ok(())
}

/// The keys of the encoder.
struct Keys<'a>(&'a Checkpoint);

impl Keys<'_> {
    fn size(&self, key: &str) -> Result<Option<usize>> {
        self.get(key, "a size", MetaValue::as_usize)
    }

    fn sizes(&self, key: &str) -> Result<Option<Vec<usize>>> {
        self.get(key, "a list of sizes", |value| value.as_array()?.iter().map(MetaValue::as_usize).collect())
    }

    fn get<T>(&self, key: &str, wanted: &str, read: impl Fn(&MetaValue) -> Option<T>) -> Result<Option<T>> {
        let full = format!("{GGUF_ARCHITECTURE}.{key}");
        let Some(value) = self.0.metadata().get(&full) else {
            return Ok(None);
        };
        let wrong = || Error::Config(format!("`{full}` is {}, not {wanted}", value.kind()));
        read(value).map(Some).ok_or_else(wrong)
    }
}
