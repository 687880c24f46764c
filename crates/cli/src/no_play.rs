//! In the place of `play.rs` in a build without it.

use anyhow::{Result, bail};

/// No device.
pub enum Speakers {}

/// Nothing that is played.
pub enum Playing {}

impl Speakers {
    pub fn open() -> Result<Self> {
        bail!("this build cannot play: build it with `--features play`, or write a file with -o")
    }

    pub fn play(self, _sample_rate: u32) -> Result<Playing> {
        match self {}
    }
}

impl Playing {
    pub fn push(&self, _samples: &[f32]) -> Result<()> {
        match *self {}
    }

    pub fn finish(self) -> Result<f64> {
        match self {}
    }
}
