use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use zonos_lm::Sampling;

use crate::error::nearest;
use crate::home::home;
use crate::{Error, Result, SamplingOverrides};

/// The models known by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// What is used when no model is named.
    pub default: String,
    /// By name.
    pub models: BTreeMap<String, ModelEntry>,
}

/// One model of the registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// What it is, for people.
    pub description: String,
    /// Whether it is part of the program.
    #[serde(default)]
    pub built_in: bool,
    /// Where it is published on the Hugging Face hub.
    #[serde(default)]
    pub repo: String,
    /// Files and folders of it that are needed.
    #[serde(default)]
    pub files: Vec<String>,
    /// The licence of its weights.
    #[serde(default)]
    pub licence: String,
    /// How codes are drawn where a request leaves it open.
    #[serde(default)]
    pub sampling: SamplingOverrides,
}

impl Registry {
    /// The list in the file that `ZONOS_MODELS` names, else the one compiled in.
    ///
    /// # Errors
    /// When the file cannot be read or is not valid.
    pub fn load() -> Result<Self> {
        match std::env::var_os("ZONOS_MODELS").filter(|path| !path.is_empty()) {
            Some(path) => Self::read(PathBuf::from(path)),
            None => Self::parse(include_str!("../../../models.toml"), PathBuf::from("models.toml")),
        }
    }

    fn read(path: PathBuf) -> Result<Self> {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::Registry { path: path.clone(), reason: error.to_string() })?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: PathBuf) -> Result<Self> {
        let failed = |reason: String| Error::Registry { path: path.clone(), reason };
        let registry: Self = toml::from_str(text).map_err(|error| failed(error.to_string()))?;
        for (name, entry) in &registry.models {
            let sampling = entry.sampling.over(&Sampling::default());
            sampling.check_ranges().map_err(|error| failed(format!("models.{name}.sampling: {error}")))?;
        }
        Ok(registry)
    }

    /// The entry of a name.
    ///
    /// # Errors
    /// When there is none, with the nearest names.
    pub fn entry(&self, name: &str) -> Result<&ModelEntry> {
        self.models.get(name).ok_or_else(|| {
            let names = || self.models.keys().map(String::as_str);
            let known = names().collect::<Vec<_>>().join(", ");
            Error::UnknownModel { name: name.to_owned(), known, hint: nearest(name, names()) }
        })
    }

    /// Where the files of a model are looked for.
    ///
    /// # Errors
    /// When there is no folder for user data.
    pub fn folder(name: &str) -> Result<PathBuf> {
        Ok(home()?.join("models").join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_compiled_in_is_valid() {
        let registry = Registry::load().unwrap();
        assert!(registry.models.contains_key(&registry.default));
        assert!(registry.entry("demo").unwrap().built_in);
    }

    #[test]
    fn a_model_may_have_sampling_defaults_within_their_ranges() {
        let parse = |sampling: &str| {
            let text = format!("default = \"a\"\n[models.a]\ndescription = \"A.\"\n[models.a.sampling]\n{sampling}");
            Registry::parse(&text, PathBuf::from("list.toml"))
        };
        let registry = parse("temperature = 0.8\nmin_p = 0.1\ntop_k = 50").unwrap();
        let sampling = &registry.entry("a").unwrap().sampling;
        assert_eq!((sampling.temperature, sampling.min_p, sampling.top_k), (Some(0.8), Some(0.1), Some(50)));
        assert_eq!(sampling.top_p, None);
        for (wrong, word) in [("temperature = 3.0", "models.a.sampling: temperature"), ("heat = 1", "heat")] {
            let message = parse(wrong).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains("list.toml"), "{message}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let message = Registry::load().unwrap().entry("zonos-2").unwrap_err().to_string();
        assert!(message.contains("did you mean `zonos2`"), "{message}");
    }
}
