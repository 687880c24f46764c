//! How single values are read.

use std::ffi::OsStr;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use zonos::{Language, Precision, Quality, SampleFormat};

/// Reads a value by its [`FromStr`], which may know more spellings than the names that help and completions list.
#[derive(Clone)]
pub struct Listed<T> {
    names: Vec<PossibleValue>,
    parse: fn(&str) -> Result<T, String>,
}

pub fn languages() -> Listed<Language> {
    listed(Language::ALL.map(|language| PossibleValue::new(language.code()).help(language.name())))
}

pub fn precisions() -> Listed<Precision> {
    listed(["f32", "f16", "bf16"].map(PossibleValue::new))
}

pub fn sample_formats() -> Listed<SampleFormat> {
    listed(["s16", "s24", "f32"].map(PossibleValue::new))
}

fn listed<T: FromStr<Err: ToString>>(names: impl IntoIterator<Item = PossibleValue>) -> Listed<T> {
    let parse = |text: &str| text.parse().map_err(|error: T::Err| error.to_string());
    Listed { names: names.into_iter().collect(), parse }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Listed<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let text = value.to_str().ok_or_else(|| Error::new(ErrorKind::InvalidUtf8).with_cmd(command))?;
        (self.parse)(text).map_err(|reason| {
            let name = arg.map(ToString::to_string).unwrap_or_default();
            Error::raw(ErrorKind::ValueValidation, format!("invalid value '{text}' for '{name}': {reason}\n"))
                .with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().cloned()))
    }
}

/// Reads a number of seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

/// A quality feature and what it is to be.
pub type QualityArg = (String, Quality);

/// Reads `NAME=VALUE`.
pub fn quality_value(text: &str) -> Result<QualityArg, String> {
    let (name, value) = split(text)?;
    let value = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok((name, Quality::Value(value)))
}

/// Reads `NAME=N` or `NAME=none`.
pub fn quality_bucket(text: &str) -> Result<QualityArg, String> {
    let (name, value) = split(text)?;
    let quality = match value {
        "none" => Quality::Free,
        number => Quality::Bucket(number.parse().map_err(|_| format!("`{number}` is no bucket: a number or `none`"))?),
    };
    Ok((name, quality))
}

fn split(text: &str) -> Result<(String, &str), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "-1", "nan", "inf", "1e99", "soon"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn qualities_are_read() {
        assert_eq!(quality_value("lufs=-20.5"), Ok(("lufs".to_owned(), Quality::Value(-20.5))));
        assert_eq!(quality_bucket("max_pause=3"), Ok(("max_pause".to_owned(), Quality::Bucket(3))));
        assert_eq!(quality_bucket("max_pause=none"), Ok(("max_pause".to_owned(), Quality::Free)));
        for wrong in ["lufs", "lufs=", "lufs=loud", "=", ""] {
            assert!(quality_value(wrong).is_err() && quality_bucket(wrong).is_err(), "{wrong}");
        }
        assert!(quality_bucket("lufs=-1").is_err());
    }
}
