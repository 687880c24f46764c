//! How far a download is, for progress bars.

/// What is done with a file at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Another process fetches it.
    Waiting,
    /// It comes.
    Fetching,
    /// Its checksum is computed.
    Checking,
}

/// How far a download is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file's path in its repository.
    pub file: &'a str,
    /// What is done with it.
    pub stage: Stage,
    /// Bytes of the file that are done.
    pub done: u64,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of all files that are here.
    pub all_done: u64,
    /// Bytes of all files.
    pub all_size: u64,
}
