//! Requests on their way: streamed, in batches, cut short, and from several threads.
#![allow(clippy::unwrap_used)]

mod batch;
mod control;
mod ends;
mod stream;
mod support;
