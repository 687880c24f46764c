//! What of the registry's models is on this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;
use zonos_hub::{Cache, HubOptions, Progress, RemoteFile, Verified};

use crate::registry::{FileGroup, HubFile};
use crate::{EngineOptions, Error, Machine, ModelEntry, ModelPart, Registry, Result, missing_parts, preset_voices};

/// A model of the registry, and what of it is here.
#[derive(Clone, Debug, Serialize)]
pub struct ModelStatus {
    /// Its name.
    pub name: String,
    /// Whether it is the one used when none is named.
    pub default: bool,
    /// What it is, for people.
    pub description: String,
    /// How most of its numbers are stored.
    pub quantization: Option<String>,
    /// The licence of its weights, where it is known.
    pub licence: Option<String>,
    /// Whether it is part of the program.
    pub built_in: bool,
    /// Names of the voices that come with it.
    pub voices: Vec<String>,
    /// The user's own folder of it, if there is one; then the files below are not used.
    pub folder: Option<PathBuf>,
    /// Bytes of all files, about where they are not here.
    pub bytes: Option<u64>,
    /// Bytes of memory that it needs, about.
    pub memory_bytes: Option<u64>,
    /// Whether this machine has that much; nothing where one is not known.
    pub fits_memory: Option<bool>,
    /// Whether it can speak here.
    pub ready: bool,
    /// What it lacks, in words.
    pub missing: Vec<String>,
    /// Its files on the hub.
    pub files: Vec<FileStatus>,
}

/// A file of a model, and whether it is here.
#[derive(Clone, Debug, Serialize)]
pub struct FileStatus {
    /// The part that it belongs to.
    pub part: ModelPart,
    /// Its repository.
    pub repo: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Its path in the repository.
    pub path: String,
    /// Its size in bytes: exact where it is here or stated, else about.
    pub bytes: Option<u64>,
    /// Whether the size is exact.
    pub exact: bool,
    /// Where it is, if it is here.
    pub file: Option<PathBuf>,
    /// Bytes of it that an unfinished download left.
    pub unfinished_bytes: u64,
}

impl ModelStatus {
    /// Every model of a registry, by name.
    ///
    /// # Errors
    /// When there is no folder for user data or for downloads.
    pub fn all(registry: &Registry, options: &EngineOptions) -> Result<Vec<Self>> {
        registry.models.keys().map(|name| Self::of(registry, name, options)).collect()
    }

    /// One model.
    ///
    /// # Errors
    /// When its name is not known, or there is no folder for user data or for downloads.
    pub fn of(registry: &Registry, name: &str, options: &EngineOptions) -> Result<Self> {
        let entry = registry.entry(name)?;
        let files = files_of(registry, entry)?;
        let options = EngineOptions { model: Some(name.to_owned()), ..options.clone() };
        let missing = missing_parts(&options)?;
        let memory = Machine::now().memory_bytes;
        Ok(Self {
            name: name.to_owned(),
            default: name == registry.default,
            description: entry.description.clone(),
            quantization: entry.quantization.clone(),
            licence: entry.licence.clone(),
            built_in: entry.built_in,
            voices: preset_voices(&options)?.into_keys().collect(),
            folder: Some(Registry::folder(name)?).filter(|folder| !entry.built_in && folder.is_dir()),
            bytes: if entry.built_in { None } else { files.iter().map(|file| file.bytes).sum() },
            memory_bytes: entry.memory,
            fits_memory: entry.memory.zip(memory).map(|(needed, memory)| needed <= memory),
            ready: missing.is_empty(),
            missing,
            files,
        })
    }
}

fn files_of(registry: &Registry, entry: &ModelEntry) -> Result<Vec<FileStatus>> {
    let cache = Cache::from_environment()?;
    let mut files = Vec::new();
    for (_, group) in registry.groups_of(entry) {
        for (remote, file) in group.remote_files()?.iter().zip(&group.files) {
            files.push(FileStatus::new(&cache, group, remote, file));
        }
    }
    Ok(files)
}

impl FileStatus {
    fn new(cache: &Cache, group: &FileGroup, remote: &RemoteFile, file: &HubFile) -> Self {
        let found = cache.find(remote);
        let size = found.as_ref().and_then(|path| path.metadata().ok()).map(|found| found.len());
        Self {
            part: group.part,
            repo: group.repo.clone(),
            revision: group.revision.clone(),
            path: file.path.clone(),
            bytes: size.or(file.expected_size()),
            exact: size.or(file.size).is_some(),
            unfinished_bytes: if found.is_some() { 0 } else { cache.unfinished(remote) },
            file: found,
        }
    }
}

/// The files that a named model lacks for some of its parts; none for a model that is part of the program, that has a
/// folder of the user's own, or that is a path.
///
/// # Errors
/// When the registry cannot be read, or there is no folder for user data or for downloads.
pub fn missing_files(options: &EngineOptions, parts: &[ModelPart]) -> Result<Vec<FileStatus>> {
    let registry = Registry::load_with(options.models_file.as_deref())?;
    let name = options.model.as_deref().unwrap_or(&registry.default);
    let Some(entry) = registry.models.get(name).filter(|entry| !entry.built_in) else { return Ok(Vec::new()) };
    if Registry::folder(name)?.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = files_of(&registry, entry)?;
    files.retain(|file| file.file.is_none() && parts.contains(&file.part));
    Ok(files)
}

/// Where a part of a model lies in the hub's cache: the file of its group that is opened, if all of them are here.
pub(crate) fn cached_part(registry: &Registry, entry: &ModelEntry, part: ModelPart) -> Result<Option<PathBuf>> {
    let cache = Cache::from_environment()?;
    let Some((_, group)) = registry.groups_of(entry).find(|(_, group)| group.part == part) else { return Ok(None) };
    let files: Option<Vec<PathBuf>> = group.remote_files()?.iter().map(|file| cache.find(file)).collect();
    Ok(files.and_then(|files| files.into_iter().next()))
}

/// Fetches what a named model lacks for some of its parts, and what the hub has newer. `on_progress` is called from
/// several threads, often, and stops it with `false`; what came until then is kept for the next time.
///
/// # Errors
/// When the name is not known, this build cannot download, or the download fails.
pub fn pull_model(
    registry: &Registry,
    name: &str,
    parts: &[ModelPart],
    hub: HubOptions,
    on_progress: &(dyn Fn(&Progress) -> bool + Sync),
) -> Result<Vec<PathBuf>> {
    let entry = registry.entry(name)?;
    let mut wanted = Vec::new();
    for (_, group) in registry.groups_of(entry).filter(|(_, group)| parts.contains(&group.part)) {
        wanted.extend(group.remote_files()?.into_iter().zip(group.files.clone()));
    }
    download(wanted, hub, on_progress)
}

#[cfg(feature = "download")]
fn download(
    wanted: Vec<(RemoteFile, HubFile)>,
    hub: HubOptions,
    on_progress: &(dyn Fn(&Progress) -> bool + Sync),
) -> Result<Vec<PathBuf>> {
    let known =
        |(file, known): (RemoteFile, HubFile)| zonos_hub::Wanted { file, size: known.size, sha256: known.sha256 };
    let wanted: Vec<_> = wanted.into_iter().map(known).collect();
    Ok(zonos_hub::Hub::new(hub).download(&wanted, on_progress)?)
}

#[cfg(not(feature = "download"))]
fn download(
    _: Vec<(RemoteFile, HubFile)>,
    _: HubOptions,
    _: &(dyn Fn(&Progress) -> bool + Sync),
) -> Result<Vec<PathBuf>> {
    Err(Error::NoDownload)
}

/// Holds each file of a named model that is in the hub's cache against its checksum. `on_file` is told each result;
/// `on_bytes` how many bytes were read since it was called last, and stops it with `false`.
///
/// # Errors
/// When the name is not known, none of its files is here, one is damaged or cannot be read, or it was stopped.
pub fn verify_model(
    registry: &Registry,
    name: &str,
    mut on_bytes: impl FnMut(u64) -> bool,
) -> Result<Vec<(RemoteFile, Verified)>> {
    let cache = Cache::from_environment()?;
    let mut verified = Vec::new();
    for (_, group) in registry.groups_of(registry.entry(name)?) {
        for (remote, file) in group.remote_files()?.into_iter().zip(&group.files) {
            if cache.find(&remote).is_some() {
                let result = cache.verify(&remote, file.sha256.as_deref(), &mut on_bytes)?;
                verified.push((remote, result));
            }
        }
    }
    if verified.is_empty() { Err(Error::NotCached { name: name.to_owned() }) } else { Ok(verified) }
}

/// Removes the files of a named model from the hub's cache, unfinished ones too, but for those that another model that is
/// here shares. Gives the bytes that became free, and the models that keep something.
///
/// # Errors
/// When the name is not known, or a file cannot be removed.
pub fn remove_model(registry: &Registry, name: &str) -> Result<(u64, BTreeSet<String>)> {
    let cache = Cache::from_environment()?;
    let entry = registry.entry(name)?;
    let (mut freed, mut keepers) = (0, BTreeSet::new());
    for (group_name, group) in registry.groups_of(entry) {
        let mut sharing = Vec::new();
        for (other, other_entry) in registry.models.iter().filter(|(other, _)| *other != name) {
            let shares = other_entry.groups.iter().any(|found| found == group_name);
            if shares && cached_part(registry, other_entry, ModelPart::Backbone)?.is_some() {
                sharing.push(other.clone());
            }
        }
        if sharing.is_empty() {
            for file in group.remote_files()? {
                freed += cache.remove(&file)?;
            }
        }
        keepers.extend(sharing);
    }
    Ok((freed, keepers))
}
