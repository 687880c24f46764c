//! The jobs of `zonos batch`: what a line may say.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use zonos::{
    Background, Delivery, Guard, Language, Pace, Polish, Quality, Reading, ReadingOptions, Request, SamplingOverrides,
};

use crate::args::seconds;
use crate::exit::usage;

const LONGEST_ID: usize = 100;

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    id: Option<String>,
    text: String,
    #[serde(default)]
    voice: Voices,
    language: Option<String>,
    #[serde(default = "yes")]
    normalize: bool,
    seed: Option<u64>,
    max_frames: Option<usize>,
    speed: Option<f64>,
    rate: Option<f64>,
    rate_bucket: Option<usize>,
    #[serde(default)]
    quality: BTreeMap<String, f64>,
    #[serde(default)]
    quality_bucket: BTreeMap<String, Option<usize>>,
    #[serde(default)]
    clean_background: bool,
    #[serde(default)]
    expressive: bool,
    fade_out: Option<f32>,
    #[serde(default)]
    trim: bool,
    volume: Option<f32>,
    timeout: Option<f64>,
    #[serde(default = "yes")]
    guard: bool,
    retries: Option<u32>,
    #[serde(default = "yes")]
    split: bool,
    part: Option<f64>,
    #[serde(default)]
    sampling: SamplingOverrides,
}

/// Names or files of voices; of several the mean.
#[derive(Deserialize)]
#[serde(untagged)]
enum Voices {
    One(String),
    Several(Vec<String>),
}

impl Default for Voices {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

fn yes() -> bool {
    true
}

impl Job {
    /// Reads a line.
    pub fn read(line: &[u8]) -> Result<Self> {
        serde_json::from_slice(line).context("not a job")
    }

    /// What the job is called, and its file.
    pub fn id(&self, line: usize) -> Result<String> {
        let Some(id) = &self.id else { return Ok(format!("{line:06}")) };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if id.is_empty() || id.len() > LONGEST_ID || id.starts_with('.') || !id.bytes().all(is_plain) {
            return Err(usage(format!(
                "`{id}` cannot be an id: use letters, digits, `-`, `_` and `.`, at most {LONGEST_ID}, not `.` first"
            )));
        }
        Ok(id.clone())
    }

    /// The voices that it names.
    pub fn voices(&self) -> &[String] {
        match &self.voice {
            Voices::One(name) => std::slice::from_ref(name),
            Voices::Several(names) => names,
        }
    }

    /// The request, still without a voice.
    pub fn request(&self) -> Result<Request> {
        let polish = Polish::default();
        let request = Request {
            language: self.language()?,
            normalize: self.normalize,
            sampling: self.sampling.clone(),
            seed: self.seed,
            max_frames: self.max_frames,
            pace: self.pace()?,
            quality: self.qualities()?,
            background: if self.clean_background { Background::Clean } else { Background::default() },
            delivery: if self.expressive { Delivery::Expressive } else { Delivery::default() },
            polish: Polish {
                trim_silence: self.trim,
                volume: self.volume.unwrap_or(polish.volume),
                fade_out_ms: self.fade_out.unwrap_or(polish.fade_out_ms),
            },
            guard: Guard { watch_length: self.guard, retries: self.retries.unwrap_or_default() },
            timeout: self.timeout.map(|time| seconds(&time.to_string())).transpose().map_err(usage)?,
            ..Request::new(self.text.clone())
        };
        request.check()?;
        Ok(request)
    }

    /// How the request is spoken: as it is where its text is one part, else part by part.
    pub fn reading(&self, request: Request) -> Result<Reading> {
        let defaults = ReadingOptions::default();
        let whole = ReadingOptions { part_seconds: None, ..defaults.clone() };
        if !self.split {
            return Ok(Reading::plan(request, &whole)?);
        }
        let options = ReadingOptions { part_seconds: self.part.or(defaults.part_seconds), ..defaults };
        let reading = Reading::plan(request.clone(), &options)?;
        if reading.as_one_request().is_some() { Ok(Reading::plan(request, &whole)?) } else { Ok(reading) }
    }

    fn language(&self) -> Result<Language> {
        let Some(code) = &self.language else { return Ok(Language::AmericanEnglish) };
        Ok(code.parse().map_err(zonos::Error::from)?)
    }

    fn pace(&self) -> Result<Pace> {
        match (self.speed, self.rate, self.rate_bucket) {
            (None, None, None) => Ok(Pace::Free),
            (Some(factor), None, None) => Ok(Pace::Speed(factor)),
            (None, Some(rate), None) => Ok(Pace::BytesPerSecond(rate)),
            (None, None, Some(bucket)) => Ok(Pace::Bucket(bucket)),
            _ => Err(usage("only one of speed, rate and rate_bucket can be given")),
        }
    }

    fn qualities(&self) -> Result<Vec<(String, Quality)>> {
        if let Some(name) = self.quality.keys().find(|name| self.quality_bucket.contains_key(*name)) {
            return Err(usage(format!("the quality {name} is given twice")));
        }
        let values = self.quality.iter().map(|(name, value)| (name.clone(), Quality::Value(*value)));
        let buckets = self.quality_bucket.iter().map(|(name, bucket)| {
            let quality = bucket.map_or(Quality::Free, Quality::Bucket);
            (name.clone(), quality)
        });
        Ok(values.chain(buckets).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn job(line: &str) -> Result<Request> {
        Job::read(line.as_bytes())?.request()
    }

    #[test]
    fn every_field_reaches_the_request() {
        let request =
            job(r#"{"text": "Hallo.", "id": "a", "voice": "anna", "language": "de", "normalize": false, "seed": 3,
                "max_frames": 9, "speed": 1.5, "quality": {"lufs": -20}, "quality_bucket": {"max_pause": 2,
                "estimated_snr": null}, "clean_background": true, "expressive": true, "fade_out": 5, "trim": true,
                "volume": 0.5, "timeout": 2.5, "guard": false, "retries": 2, "sampling": {"top_k": 7}}"#)
            .unwrap();
        assert_eq!((request.text.as_str(), request.language, request.normalize), ("Hallo.", Language::German, false));
        assert_eq!((request.seed, request.max_frames, request.pace), (Some(3), Some(9), Pace::Speed(1.5)));
        let qualities = [
            ("lufs".to_owned(), Quality::Value(-20.0)),
            ("estimated_snr".to_owned(), Quality::Free),
            ("max_pause".to_owned(), Quality::Bucket(2)),
        ];
        assert_eq!(request.quality, qualities);
        assert_eq!((request.background, request.delivery), (Background::Clean, Delivery::Expressive));
        assert_eq!(request.polish, Polish { trim_silence: true, volume: 0.5, fade_out_ms: 5.0 });
        assert_eq!(request.timeout, Some(Duration::from_millis(2500)));
        assert_eq!(request.guard, Guard { watch_length: false, retries: 2 });
        assert_eq!(request.sampling.top_k, Some(7));
    }

    #[test]
    fn what_is_left_out_has_the_defaults() {
        let (job, plain) = (job(r#"{"text": "Hi."}"#).unwrap(), Request::new("Hi."));
        assert_eq!((job.normalize, job.guard, job.polish), (plain.normalize, plain.guard, plain.polish));
        assert_eq!((job.language, job.pace, job.timeout), (plain.language, plain.pace, plain.timeout));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            (r#"{"text": "Hi.", "sped": 2}"#, "sped"),
            (r#"{"text": 3}"#, "string"),
            (r#"{"seed": 3}"#, "text"),
            (r#"{"text": " "}"#, "text"),
            (r#"{"text": "Hi.", "language": "klingon"}"#, "klingon"),
            (r#"{"text": "Hi.", "speed": 1, "rate": 10}"#, "rate_bucket"),
            (r#"{"text": "Hi.", "volume": 11}"#, "volume"),
            (r#"{"text": "Hi.", "timeout": -1}"#, "negative"),
            (r#"{"text": "Hi.", "sampling": {"temperature": 3}}"#, "temperature"),
            (r#"{"text": "Hi.", "quality": {"lufs": 1}, "quality_bucket": {"lufs": 1}}"#, "lufs"),
            ("not JSON", "job"),
        ] {
            let message = format!("{:#}", job(line).unwrap_err());
            assert!(message.contains(word), "{line}: {message}");
        }
    }

    #[test]
    fn long_texts_are_cut_unless_they_are_not_to_be() {
        let text = "Somebody said something. ".repeat(40);
        let parts = |more: &str| {
            let line = format!(r#"{{"text": "{text}"{more}}}"#);
            let job = Job::read(line.as_bytes())?;
            job.reading(job.request()?).map(|reading| reading.parts().len())
        };
        let by_default = parts("").unwrap();
        assert!(by_default > 1 && parts(r#", "part": 5"#).unwrap() > by_default);
        assert_eq!(parts(r#", "split": false"#).unwrap(), 1);
        assert!(parts(r#", "part": 99"#).is_err());
    }

    #[test]
    fn a_short_text_is_spoken_with_the_seed_itself() {
        let seed = |text: &str| {
            let job = Job::read(format!(r#"{{"text": "{text}", "seed": 5}}"#).as_bytes()).unwrap();
            job.reading(job.request().unwrap()).unwrap().parts()[0].seed
        };
        assert_eq!(seed("One part."), 5);
        assert_ne!(seed("One part. [pause 1s] Another."), 5);
    }

    #[test]
    fn ids_are_names_of_files() {
        let id = |line: &str| Job::read(line.as_bytes()).unwrap().id(7);
        assert_eq!(id(r#"{"text": "Hi."}"#).unwrap(), "000007");
        assert_eq!(id(r#"{"text": "Hi.", "id": "a-B_3.x"}"#).unwrap(), "a-B_3.x");
        for wrong in ["", "../a", "a/b", ".a", "a b", "ä", &"x".repeat(101)] {
            assert!(id(&format!(r#"{{"text": "Hi.", "id": "{wrong}"}}"#)).is_err(), "{wrong}");
        }
    }
}
