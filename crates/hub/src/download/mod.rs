//! What talks to the network.

mod fetch;
mod http;
mod hub;
mod lock;
mod meter;
mod part;
mod publish;
mod remote;
mod space;

pub use hub::{Hub, Wanted};
pub use space::available_space;
