use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zonos_hub::{RemoteFile, Repo};
use zonos_lm::Sampling;

use crate::error::nearest;
use crate::home::home;
use crate::{Error, Result, SamplingOverrides};

/// The models known by name, and the groups of files that they are made of.
#[derive(Clone, Debug)]
pub struct Registry {
    /// What is used when no model is named.
    pub default: String,
    /// By name.
    pub models: BTreeMap<String, ModelEntry>,
    /// By name; several models may share one.
    pub groups: BTreeMap<String, FileGroup>,
}

/// One file of models and groups, which adds to others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    default: Option<String>,
    #[serde(default)]
    models: BTreeMap<String, ModelEntry>,
    #[serde(default)]
    groups: BTreeMap<String, FileGroup>,
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
    /// Names of the groups of files that it is made of.
    #[serde(default)]
    pub groups: Vec<String>,
    /// How most of its numbers are stored.
    pub quantization: Option<String>,
    /// Bytes of memory that it needs, about.
    pub memory: Option<u64>,
    /// The licence of its weights.
    pub licence: Option<String>,
    /// How codes are drawn where a request leaves it open.
    #[serde(default)]
    pub sampling: SamplingOverrides,
}

/// Files of one repository of the hub that are one part of a model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileGroup {
    /// Which part.
    pub part: ModelPart,
    /// The repository, `owner/name`.
    pub repo: String,
    /// Branch, tag or commit.
    #[serde(default = "main_branch")]
    pub revision: String,
    /// The files; the first is the one that is opened.
    pub files: Vec<HubFile>,
}

/// A file of a [`FileGroup`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubFile {
    /// Its path in the repository.
    pub path: String,
    /// Its size in bytes, if it is known.
    pub size: Option<u64>,
    /// Its size in bytes, about.
    pub about: Option<u64>,
    /// Its SHA-256 in hexadecimal digits, if it is known.
    pub sha256: Option<String>,
}

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelPart {
    /// Text to codes.
    Backbone,
    /// Codes to sound and back.
    Codec,
    /// A clip to a voice.
    Speaker,
}

impl ModelPart {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Backbone, Self::Codec, Self::Speaker];
}

impl fmt::Display for ModelPart {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Backbone => "backbone",
            Self::Codec => "codec",
            Self::Speaker => "speaker encoder",
        })
    }
}

fn main_branch() -> String {
    "main".to_owned()
}

impl FileGroup {
    /// The files as the hub names them, in order.
    ///
    /// # Errors
    /// When one has a name that none can have.
    pub fn remote_files(&self) -> Result<Vec<RemoteFile>> {
        let repo = Repo::new(&self.repo, &self.revision)?;
        Ok(self.files.iter().map(|file| RemoteFile::new(repo.clone(), &file.path)).collect::<Result<_, _>>()?)
    }

    fn check(&self) -> Result<(), String> {
        let is_digest = |digest: &String| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.files.iter().find(|file| file.sha256.as_ref().is_some_and(|digest| !is_digest(digest))) {
            Some(file) => return Err(format!("the sha256 of {} is not 64 hexadecimal digits", file.path)),
            None if self.files.is_empty() => return Err("there are no files".to_owned()),
            None => {}
        }
        self.remote_files().map(drop).map_err(|error| error.to_string())
    }
}

impl HubFile {
    /// Its size, exactly or about.
    pub fn expected_size(&self) -> Option<u64> {
        self.size.or(self.about)
    }
}

impl Registry {
    /// The list compiled in, with what the file `models.toml` of the data folder and the one that `ZONOS_MODELS` names
    /// add to it or replace.
    ///
    /// # Errors
    /// When a file cannot be read or is not valid.
    pub fn load() -> Result<Self> {
        Self::load_with(None)
    }

    /// As [`Registry::load`], with one file more over all others.
    ///
    /// # Errors
    /// As [`Registry::load`].
    pub fn load_with(file: Option<&Path>) -> Result<Self> {
        let mut registry = Self::built_in()?;
        let of_user = home().ok().map(|home| home.join("models.toml")).filter(|path| path.is_file());
        let named = std::env::var_os("ZONOS_MODELS").filter(|path| !path.is_empty()).map(PathBuf::from);
        for path in of_user.into_iter().chain(named).chain(file.map(Path::to_owned)) {
            registry.add(List::read(&path)?, &path)?;
        }
        Ok(registry)
    }

    fn built_in() -> Result<Self> {
        let path = Path::new("models.toml");
        let list = List::parse(include_str!("../../../models.toml"), path)?;
        let mut registry = Self { default: String::new(), models: BTreeMap::new(), groups: BTreeMap::new() };
        registry.add(list, path)?;
        Ok(registry)
    }

    /// Adds a list, whose entries stand over those of the same name.
    fn add(&mut self, list: List, path: &Path) -> Result<()> {
        self.default = list.default.unwrap_or_else(|| self.default.clone());
        self.models.extend(list.models);
        self.groups.extend(list.groups);
        self.check().map_err(|reason| Error::Registry { path: path.to_owned(), reason })
    }

    fn check(&self) -> Result<(), String> {
        for (name, group) in &self.groups {
            group.check().map_err(|reason| format!("groups.{name}: {reason}"))?;
        }
        for (name, entry) in &self.models {
            self.check_entry(name, entry).map_err(|reason| format!("models.{name}: {reason}"))?;
        }
        match self.models.contains_key(&self.default) {
            true => Ok(()),
            false => Err(format!("default: there is no model `{}`", self.default)),
        }
    }

    fn check_entry(&self, name: &str, entry: &ModelEntry) -> Result<(), String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.chars().all(allowed) || name.starts_with(['.', '-']) {
            return Err("a name has letters, digits, `-`, `_` and `.` only, and begins with neither `.` nor `-`".into());
        }
        let sampling = entry.sampling.over(&Sampling::default());
        sampling.check_ranges().map_err(|error| format!("sampling: {error}"))?;
        if entry.built_in {
            return Ok(());
        }
        let group = |name: &String| self.groups.get(name).ok_or_else(|| format!("there is no group `{name}`"));
        let parts = entry.groups.iter().map(|name| Ok(group(name)?.part)).collect::<Result<Vec<_>, String>>()?;
        let count = |part| parts.iter().filter(|found| **found == part).count();
        match (count(ModelPart::Backbone), count(ModelPart::Codec), count(ModelPart::Speaker)) {
            (1, 1, 0 | 1) => Ok(()),
            _ => Err("groups must name one backbone, one codec and at most one speaker encoder".into()),
        }
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

    /// The groups of a model.
    pub fn groups_of<'a>(&'a self, entry: &'a ModelEntry) -> impl Iterator<Item = (&'a str, &'a FileGroup)> {
        entry.groups.iter().filter_map(move |name| Some((name.as_str(), self.groups.get(name)?)))
    }

    /// Bytes of all files of a model, about; nothing when one is not known.
    pub fn size_of(&self, entry: &ModelEntry) -> Option<u64> {
        self.groups_of(entry).flat_map(|(_, group)| &group.files).map(HubFile::expected_size).sum()
    }

    /// The user's own folder of a model, which is looked into before the hub's cache.
    ///
    /// # Errors
    /// When there is no folder for user data.
    pub fn folder(name: &str) -> Result<PathBuf> {
        Ok(home()?.join("models").join(name))
    }
}

impl List {
    fn read(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::Registry { path: path.to_owned(), reason: error.to_string() };
        Self::parse(&std::fs::read_to_string(path).map_err(failed)?, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::Registry { path: path.to_owned(), reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Registry> {
        let path = Path::new("list.toml");
        let mut registry = Registry::built_in()?;
        registry.add(List::parse(text, path)?, path)?;
        Ok(registry)
    }

    #[test]
    fn the_list_compiled_in_knows_the_published_models() {
        let registry = Registry::built_in().unwrap();
        assert_eq!(registry.default, "zonos2-q8");
        assert!(registry.entry("demo").unwrap().built_in);
        for name in ["zonos2", "bf16", "f16", "q8", "q6", "q5", "q4"] {
            let name = if name == "zonos2" { name.to_owned() } else { format!("zonos2-{name}") };
            let entry = registry.entry(&name).unwrap();
            assert_eq!(registry.groups_of(entry).count(), 3, "{name}");
            assert!(registry.size_of(entry).unwrap() < entry.memory.unwrap(), "{name}");
        }
    }

    #[test]
    fn lists_add_and_replace() {
        let registry = with(
            "default = \"mine\"\n[models.mine]\ndescription = \"Mine.\"\ngroups = [\"b\", \"codec\"]\n\
             [groups.b]\npart = \"backbone\"\nrepo = \"me/mine\"\nrevision = \"v1\"\nfiles = [{ path = \"a/m.gguf\", size = 5 }]\n\
             [models.demo]\ndescription = \"Other.\"\nbuilt_in = true\n",
        )
        .unwrap();
        let entry = registry.entry(&registry.default).unwrap();
        let groups: Vec<_> = registry.groups_of(entry).collect();
        assert_eq!((groups[0].0, groups[0].1.revision.as_str()), ("b", "v1"));
        assert_eq!(groups[0].1.remote_files().unwrap()[0].to_string(), "me/mine/a/m.gguf");
        assert_eq!(registry.entry("demo").unwrap().description, "Other.");
        assert!(registry.entry("zonos2-q8").is_ok());
    }

    #[test]
    fn a_model_may_have_sampling_defaults_within_their_ranges() {
        let demo = |sampling: &str| {
            with(&format!("[models.demo]\ndescription = \"A.\"\nbuilt_in = true\n[models.demo.sampling]\n{sampling}"))
        };
        let registry = demo("temperature = 0.8\nmin_p = 0.1\ntop_k = 50").unwrap();
        let sampling = &registry.entry("demo").unwrap().sampling;
        assert_eq!((sampling.temperature, sampling.min_p, sampling.top_k), (Some(0.8), Some(0.1), Some(50)));
        assert_eq!(sampling.top_p, None);
        for (wrong, word) in [("temperature = 3.0", "models.demo: sampling: temperature"), ("heat = 1", "heat")] {
            let message = demo(wrong).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains("list.toml"), "{message}");
        }
    }

    #[test]
    fn lists_that_make_no_models_are_refused() {
        let model = |fields: &str| format!("[models.x]\ndescription = \"X.\"\n{fields}\n");
        let group = |fields: &str| format!("[groups.g]\npart = \"codec\"\n{fields}\n");
        for (text, word) in [
            ("default = \"none\"".to_owned(), "no model `none`"),
            (model("groups = [\"none\"]"), "no group `none`"),
            (model("groups = [\"codec\"]"), "one backbone"),
            (model("groups = [\"backbone-q8\", \"codec\", \"speaker\", \"speaker\"]"), "at most one speaker"),
            ("[models.\"../x\"]\ndescription = \"X.\"\nbuilt_in = true".to_owned(), "letters, digits"),
            (group("repo = \"../x\"\nfiles = [{ path = \"a\" }]"), "repository"),
            (group("repo = \"a/b\"\nfiles = [{ path = \"../../a\" }]"), "`../../a`"),
            (group("repo = \"a/b\"\nrevision = \"..\"\nfiles = [{ path = \"a\" }]"), "revision"),
            (group("repo = \"a/b\"\nfiles = []"), "no files"),
            (group("repo = \"a/b\"\nfiles = [{ path = \"a\", sha256 = \"12\" }]"), "64 hexadecimal"),
            (group("repo = \"a/b\"\nfiles = [{ path = \"a\" }]\nshape = 1"), "shape"),
            ("[".to_owned(), "list.toml"),
        ] {
            let message = with(&text).unwrap_err().to_string();
            assert!(message.contains(word) && message.contains("list.toml"), "{text}: {message}");
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let message = Registry::built_in().unwrap().entry("zonos-2").unwrap_err().to_string();
        assert!(message.contains("did you mean `zonos2`"), "{message}");
    }
}
