use crate::{Buckets, Config, Error, Result};

/// A measured quality of the training audio that can be asked for, with its buckets.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityFeature {
    /// The name in the configuration, such as `estimated_snr`.
    pub name: String,
    /// Its buckets; their ids follow those of the feature before.
    pub buckets: Buckets,
}

/// The background that the reference clip is said to have. Only used with a voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Background {
    /// Without noise.
    Clean,
    /// With noise: the default of the reference API.
    #[default]
    Noisy,
}

/// How closely the speech follows the voice and the text. Only used with a voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Close to the text.
    #[default]
    Accurate,
    /// Livelier.
    Expressive,
}

/// What the prompt tells the model beside text and voice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditioning {
    /// Bucket of the speaking rate; `None` leaves it to the model.
    pub speaking_rate: Option<usize>,
    /// Buckets by quality feature, in the order of the configuration; a shorter list leaves the rest unset.
    pub quality: Vec<Option<usize>>,
    /// Background of the reference clip.
    pub background: Background,
    /// Accurate or expressive.
    pub delivery: Delivery,
}

/// The quality that the reference API sets unless told otherwise, and its bucket.
const DEFAULT_QUALITY: (&str, usize) = ("trailing_silence_s", 3);

impl Conditioning {
    /// The defaults of the reference API for a model: trailing silence in bucket 3 where it has that feature.
    pub fn defaults(config: &Config) -> Self {
        let (name, bucket) = DEFAULT_QUALITY;
        let quality = config.quality.iter().map(|feature| (feature.name == name).then_some(bucket)).collect();
        Self { quality, ..Self::default() }
    }

    /// Sets the bucket of the speaking rate.
    ///
    /// # Errors
    /// When the model has no such bucket.
    pub fn set_rate_bucket(&mut self, config: &Config, bucket: usize) -> Result<()> {
        self.speaking_rate = Some(checked("speaking rate bucket", bucket, &config.speaking_rate)?);
        Ok(())
    }

    /// Sets the speaking rate in UTF-8 bytes per second.
    ///
    /// # Errors
    /// When it is not a positive number or the model has no speaking rates.
    pub fn set_rate(&mut self, config: &Config, bytes_per_second: f64) -> Result<()> {
        if !(bytes_per_second.is_finite() && bytes_per_second > 0.0) {
            return Err(Error::out_of_range(
                "speaking rate",
                bytes_per_second,
                "a positive number of bytes per second",
            ));
        }
        self.set_rate_bucket(config, config.speaking_rate.index_at_edge(bytes_per_second))
    }

    /// Sets the speaking rate as a factor of the middle bucket's centre: 1 is neutral, 2 twice as fast.
    ///
    /// # Errors
    /// When it is not a positive number or the model has no speaking rates.
    pub fn set_speed(&mut self, config: &Config, factor: f64) -> Result<()> {
        if !(factor.is_finite() && factor > 0.0) {
            return Err(Error::out_of_range("speed", factor, "a positive factor"));
        }
        let neutral = config.speaking_rate.neutral().unwrap_or_default();
        self.set_rate_bucket(config, config.speaking_rate.index_at_edge(factor * neutral))
    }

    /// Sets the bucket of a quality feature, or with `None` leaves it to the model.
    ///
    /// # Errors
    /// When the model has no such feature or bucket.
    pub fn set_quality_bucket(&mut self, config: &Config, feature: &str, bucket: Option<usize>) -> Result<()> {
        let index = feature_index(config, feature)?;
        if let Some(bucket) = bucket {
            checked("quality bucket", bucket, &config.quality[index].buckets)?;
        }
        self.quality.resize(config.quality.len(), None);
        self.quality[index] = bucket;
        Ok(())
    }

    /// Sets a quality feature by its value, in the feature's own unit (LUFS, dB, seconds, Hz).
    ///
    /// # Errors
    /// When the model has no such feature or the value is not a number.
    pub fn set_quality(&mut self, config: &Config, feature: &str, value: f64) -> Result<()> {
        if value.is_nan() {
            return Err(Error::out_of_range("quality value", value, "a number"));
        }
        let index = feature_index(config, feature)?;
        self.set_quality_bucket(config, feature, Some(config.quality[index].buckets.index(value)))
    }

    /// Checks every bucket against the model.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the first that the model does not have.
    pub fn check(&self, config: &Config) -> Result<()> {
        if let Some(bucket) = self.speaking_rate {
            checked("speaking rate bucket", bucket, &config.speaking_rate)?;
        }
        if self.quality.len() > config.quality.len() {
            let range = format!("at most {}", config.quality.len());
            return Err(Error::out_of_range("number of quality features", self.quality.len(), range));
        }
        for (feature, bucket) in config.quality.iter().zip(&self.quality) {
            bucket.map(|bucket| checked("quality bucket", bucket, &feature.buckets)).transpose()?;
        }
        Ok(())
    }
}

fn checked(name: &'static str, bucket: usize, buckets: &Buckets) -> Result<usize> {
    match buckets.len() {
        0 => Err(Error::out_of_range(name, bucket, "left out: this model has none")),
        count if bucket < count => Ok(bucket),
        count => Err(Error::out_of_range(name, bucket, format!("0 to {}", count - 1))),
    }
}

fn feature_index(config: &Config, name: &str) -> Result<usize> {
    config.quality.iter().position(|feature| feature.name == name).ok_or_else(|| {
        let known: Vec<&str> = config.quality.iter().map(|feature| feature.name.as_str()).collect();
        Error::out_of_range("quality feature", name, format!("one of {}", known.join(", ")))
    })
}
