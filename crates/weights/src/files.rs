//! Which files make up a checkpoint.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The files that make up the checkpoint at `path`.
pub(crate) fn checkpoint_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let single = |name| Some(vec![path.join(name)]).filter(|files| files[0].is_file());
    if let Some(files) = single("model.safetensors") {
        return Ok(files);
    }
    let parts = numbered_parts(path)?;
    if !parts.is_empty() {
        return Ok(parts.into_iter().map(|name| path.join(name)).collect());
    }
    match single("model.pth") {
        Some(files) => Ok(files),
        None => only_file(path),
    }
}

/// Endings of files that hold tensors.
const KNOWN: [&str; 3] = ["safetensors", "pth", "gguf"];

/// The folder's only file of a known kind, whatever its name: so come the codec's weights.
fn only_file(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let files = std::fs::read_dir(folder).map_err(io)?.map(|item| Ok(item.map_err(io)?.path()));
    let known = |path: &PathBuf| path.extension().is_some_and(|found| KNOWN.iter().any(|known| found == *known));
    let files = files.filter(|path| path.as_ref().map_or(true, known)).collect::<Result<Vec<_>>>()?;
    if files.len() == 1 { Ok(files) } else { Err(Error::NoCheckpoint { path: folder.to_owned() }) }
}

/// The folder's files that are named `.gguf`, sorted.
pub(crate) fn gguf_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for item in std::fs::read_dir(folder).map_err(io)? {
        let path = item.map_err(io)?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "gguf") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The names of the folder's parts, sorted.
fn numbered_parts(folder: &Path) -> Result<BTreeSet<String>> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    let mut parts = BTreeSet::new();
    for item in std::fs::read_dir(folder).map_err(io)? {
        let name = item.map_err(io)?.file_name().to_string_lossy().into_owned();
        if name.starts_with("model-") && name.ends_with(".safetensors") {
            parts.insert(name);
        }
    }
    match missing_part(&parts) {
        Some(name) => Err(Error::MissingPart { path: folder.join(name) }),
        None => Ok(parts),
    }
}

/// The first file that should be there by the names of the others: `model-00001-of-00002.safetensors` and so on.
fn missing_part(parts: &BTreeSet<String>) -> Option<String> {
    let count = |name: &String| {
        let (number, count) = name.strip_prefix("model-")?.strip_suffix(".safetensors")?.split_once("-of-")?;
        Some((number.len(), count.to_owned(), count.parse::<usize>().ok()?))
    };
    let (digits, written, count) = parts.iter().find_map(count)?;
    let name = |number| format!("model-{number:0digits$}-of-{written}.safetensors");
    // The first gap ends the search, whatever number the file names claim.
    let missing = (1..=count).map(name).find(|name| !parts.contains(name));
    missing.filter(|_| parts.len() < count)
}
