//! The engine against the reference's outputs, on the device that `ZONOS_TEST_DEVICE` names. One program, so that it can be
//! taken to a machine with a card.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backbone;
mod codec;
mod device;
mod generation;
mod sampler;
mod speaker;
