//! Codes to latent vectors.

use super::shape::padded;
use super::{Shape, Source};
use crate::args::Lookup;
use crate::launch::Grid;
use crate::memory::Buffer;
use crate::{Device, Error, Result};

const THREADS: usize = 256;

/// The codebooks on the card.
pub(super) struct Codebooks {
    tables: Buffer<f32>,
    projections: Option<Buffer<f32>>,
    bias: Buffer<f32>,
}

impl Codebooks {
    pub(super) fn load(device: &Device, shape: &Shape, source: &dyn Source) -> Result<Self> {
        let (mut tables, mut projections, mut bias) = (Vec::new(), Vec::new(), vec![0.0; shape.latent_dim]);
        for number in 0..shape.codebooks {
            let name = || format!("codebook {number}");
            let unreadable = |reason| Error::Unreadable { name: name(), reason };
            let codebook = source.codebook(number).map_err(unreadable)?;
            check(&name(), &codebook.table, shape.entries * shape.entry_dim)?;
            tables.extend(codebook.table);
            projections.extend(codebook.projection);
            if !codebook.bias.is_empty() {
                check(&name(), &codebook.bias, shape.latent_dim)?;
                bias.iter_mut().zip(codebook.bias).for_each(|(sum, bias)| *sum += bias);
            }
        }
        if projections.is_empty() {
            if shape.entry_dim != shape.latent_dim {
                return Err(Error::Missing("the codebooks' projections".to_owned()));
            }
        } else {
            check("the codebooks' projections", &projections, shape.codebooks * shape.entry_dim * shape.latent_dim)?;
        }
        let upload = |values: &[f32]| Buffer::of(device, "the codec", values);
        Ok(Self {
            tables: upload(&tables)?,
            projections: (!projections.is_empty()).then(|| upload(&projections)).transpose()?,
            bias: upload(&bias)?,
        })
    }

    /// Turns `frames` frames of codes, `[codebooks, frames]`, into `[frames, latent_dim]`, filled up.
    pub(super) fn run(&self, device: &Device, shape: &Shape, codes: u64, frames: usize, output: u64) -> Result<()> {
        let arguments = Lookup {
            codes,
            tables: self.tables.address(),
            projections: self.projections.as_ref().map_or(0, Buffer::address),
            bias: self.bias.address(),
            output,
            codebooks: shape.codebooks as i32,
            entries: shape.entries as i32,
            width: shape.entry_dim as i32,
            latent: shape.latent_dim as i32,
            stride: padded(shape.latent_dim) as i32,
            padding: 0,
        };
        let grid = Grid::new([frames, 1, 1], THREADS);
        // SAFETY: the tables are of this shape; the caller's codes are below `entries`, and its output holds all frames.
        unsafe { device.launch(device.kernels.get("codec_lookup")?, grid, &arguments) }
    }
}

/// Fails when a tensor is not of the length that the shape asks for.
pub(super) fn check(name: &str, values: &[f32], expected: usize) -> Result<()> {
    match values.len() {
        found if found == expected => Ok(()),
        found => Err(Error::Shape { name: name.to_owned(), expected: vec![expected], found: vec![found] }),
    }
}
