//! Files of the Hugging Face hub: found in its cache, fetched, checked, removed.
//!
//! The cache has the layout that other programs use (`models--org--name/{blobs,snapshots,refs}`), so that what one
//! fetched serves all. [`Cache`] looks into it; `Hub` fetches what is not there.

mod cache;
mod checksum;
#[cfg(feature = "download")]
mod download;
mod environment;
mod error;
mod journal;
mod names;
mod progress;

pub use cache::{Cache, Verified};
#[cfg(feature = "download")]
pub use download::{Hub, Wanted, available_space};
pub use environment::{DEFAULT_ENDPOINT, HubOptions, Token, Tuning};
pub use error::{Error, Result};
pub use names::{RemoteFile, Repo};
pub use progress::{Progress, Stage};
