//! Fetching files into the cache.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::fetch::Fetch;
use super::http::Client;
use super::lock::lock;
use super::meter::{Listener, Meter};
use super::remote::Remote;
use super::space;
use crate::cache::check;
use crate::checksum::Checksum;
use crate::{Cache, Error, HubOptions, Progress, RemoteFile, Result};

/// A file that is to be in the cache, and what is known of it.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The file.
    pub file: RemoteFile,
    /// Its size in bytes; the hub's file must have it.
    pub size: Option<u64>,
    /// Its SHA-256 in hexadecimal digits; the hub's file must have it.
    pub sha256: Option<String>,
}

/// The hub, or another server that speaks its protocol.
pub struct Hub {
    options: HubOptions,
    client: Client,
}

/// A file and what the hub says about it.
struct Found<'a> {
    wanted: &'a Wanted,
    remote: Remote,
}

impl Hub {
    /// The hub as the options describe it. Nothing is asked of it yet.
    pub fn new(options: HubOptions) -> Self {
        Self { client: Client::new(&options), options }
    }

    /// Brings files into the cache and gives their paths, in the order asked for. Files that are here at the hub's
    /// newest commit are left alone; what an earlier run left unfinished is finished. Offline, files must be here.
    ///
    /// `on_progress` is called from several threads, often, and stops everything with `false`. What came until then is
    /// kept for the next time; under a file's name there is never anything but the whole file, checked.
    ///
    /// # Errors
    /// When the hub cannot be reached or refuses, a file is not the one expected or damaged, the disk lacks room, or it
    /// was stopped.
    pub fn download(
        &self,
        wanted: &[Wanted],
        on_progress: &(dyn Fn(&Progress) -> bool + Sync),
    ) -> Result<Vec<PathBuf>> {
        if self.options.offline {
            return wanted.iter().map(|wanted| self.here(wanted)).collect();
        }
        let found = wanted.iter().map(|wanted| self.ask(wanted)).collect::<Result<Vec<_>>>()?;
        self.check_space(&found)?;
        let paths = self.fetch_all(&found, on_progress)?;
        self.refer(&found)?;
        Ok(paths)
    }

    fn cache(&self) -> &Cache {
        &self.options.cache
    }

    fn here(&self, wanted: &Wanted) -> Result<PathBuf> {
        let folder = self.cache().folder().to_owned();
        self.cache().find(&wanted.file).ok_or_else(|| Error::Offline { file: wanted.file.to_string(), folder })
    }

    /// Asks the hub about a file and holds the answer against what is known.
    fn ask<'a>(&self, wanted: &'a Wanted) -> Result<Found<'a>> {
        let remote = Remote::ask(&self.client, &wanted.file)?;
        let unexpected = |kind, expected: String, found: String| {
            Err(Error::Unexpected { file: wanted.file.to_string(), kind, expected, found })
        };
        if let Some(size) = wanted.size.filter(|&size| size != remote.size) {
            return unexpected("size", size.to_string(), remote.size.to_string());
        }
        match (&wanted.sha256, remote.checksum()) {
            (Some(known), Some(Checksum::Sha256(found))) if !known.eq_ignore_ascii_case(&found) => {
                unexpected("SHA-256", known.clone(), found)
            }
            _ => Ok(Found { wanted, remote }),
        }
    }

    fn check_space(&self, found: &[Found]) -> Result<()> {
        let missing = found.iter().filter(|found| !self.is_here(found));
        let needed = missing.map(|found| found.remote.size - self.came(found).min(found.remote.size)).sum();
        space::check(self.cache().folder(), needed, space::available_space(self.cache().folder())?)
    }

    fn is_here(&self, found: &Found) -> bool {
        self.cache().repo(found.wanted.file.repo()).blob(&found.remote.content).is_file()
    }

    /// Bytes that an earlier run left.
    fn came(&self, found: &Found) -> u64 {
        self.cache().unfinished(&found.wanted.file)
    }

    fn fetch_all(&self, found: &[Found], listener: Listener) -> Result<Vec<PathBuf>> {
        let all_size = found.iter().map(|found| found.remote.size).sum();
        let mut before = 0;
        let mut paths = Vec::new();
        for found in found {
            let meter = Meter::new(listener, found.wanted.file.path(), found.remote.size, before, all_size);
            paths.push(self.fetch(found, &meter)?);
            before += found.remote.size;
        }
        Ok(paths)
    }

    /// Brings one file into the cache, unless it is there or another process brings it.
    fn fetch(&self, found: &Found, meter: &Meter) -> Result<PathBuf> {
        let Found { wanted: Wanted { file, .. }, remote } = found;
        let cache = self.cache().repo(file.repo());
        let blob = cache.blob(&remote.content);
        if !blob.is_file() {
            std::fs::create_dir_all(cache.blobs()).map_err(Error::io(cache.blobs()))?;
            let _lock = lock(&cache.lock(&remote.content), || meter.waiting())?;
            if !blob.is_file() {
                self.fetch_content(found, &blob, meter)?;
            }
        }
        meter.fetched(remote.size)?;
        cache.publish(&remote.commit, file, &remote.content)
    }

    fn fetch_content(&self, found: &Found, blob: &std::path::Path, meter: &Meter) -> Result<()> {
        let Found { wanted, remote } = found;
        let tuning = &self.options.tuning;
        let part = Fetch { client: &self.client, tuning, file: &wanted.file, remote, meter }.run(blob)?;
        let known = wanted.sha256.clone().map(Checksum::Sha256);
        if let Some(checksum) = remote.checksum().or(known) {
            let remedy = "what came is removed: fetch it again";
            let checked = check(&part.content(), &wanted.file, &checksum, remedy, &mut |bytes| meter.checked(bytes));
            if let Err(Error::Damaged { .. }) = &checked {
                part.remove()?;
            }
            checked?;
        }
        part.finish()
    }

    /// Lets revisions stand for the commits whose files are all here now.
    fn refer(&self, found: &[Found]) -> Result<()> {
        let mut commits = BTreeMap::new();
        for Found { wanted, remote } in found {
            commits.insert(wanted.file.repo(), &remote.commit);
        }
        commits.into_iter().try_for_each(|(repo, commit)| self.cache().repo(repo).refer(repo.revision(), commit))
    }
}
