//! What becomes of output files when writing them goes well, and when it does not.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use zonos_output::{Error, check, write_atomically};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("voice");
    let fail = || {
        write_atomically(&path, |writer| {
            writer.write_all(b"half")?;
            Err::<(), _>(io::Error::other("out of ideas"))
        })
    };
    let error = fail().unwrap_err();
    assert!(matches!(&error, Error::Write { path: named, .. } if *named == path), "{error}");
    assert!(error.to_string().contains("out of ideas"));
    assert!(names(folder.path()).is_empty());
    assert_eq!(write_atomically(&path, |writer| writer.write_all(b"old").map(|()| 5)).unwrap(), 5);
    fail().unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    write_atomically(&path, |writer| writer.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["voice"]);
}

#[test]
fn targets_that_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &Path| write_atomically(path, |writer| writer.write_all(b"x")).unwrap_err();
    assert!(matches!(write(folder.path()), Error::NotAFile { path } if path == folder.path()));
    assert!(matches!(write(Path::new("")), Error::NotAFile { .. }));
    let missing = folder.path().join("no/such/a.wav");
    let error = write(&missing);
    assert!(matches!(&error, Error::NoFolder { path, .. } if *path == missing), "{error}");
    assert!(error.to_string().contains("create it first"), "{error}");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(write(&folder.path().join("file/a.wav")), Error::NoFolder { .. }));
}

#[cfg(unix)]
#[test]
fn devices_are_not_replaced() {
    let error = write_atomically("/dev/null", |writer| writer.write_all(b"x")).unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }), "{error}");
    assert!(check("/dev/null").is_err());
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
    write_atomically(&ours, |writer| writer.write_all(b"x")).unwrap();
    fs::write(&plain, "x").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}

#[test]
fn a_bare_name_goes_to_the_current_folder() {
    let name = format!("zonos-output-test-{}.tmp", std::process::id());
    write_atomically(&name, |writer| writer.write_all(b"x")).unwrap();
    assert_eq!(fs::read(&name).unwrap(), b"x");
    fs::remove_file(name).unwrap();
}
