//! Where weights come from.

use std::borrow::Cow;

use crate::Kind;

/// A tensor in the host's memory, as files hold it.
#[derive(Clone, Debug)]
pub struct HostTensor<'a> {
    /// How its numbers are stored.
    pub kind: Kind,
    /// Its shape.
    pub shape: Cow<'a, [usize]>,
    /// Its numbers, row by row, little endian.
    pub bytes: Cow<'a, [u8]>,
}

/// A set of named tensors: the names of the published checkpoint.
pub trait Source {
    /// How the tensor of a name is stored, without reading it; `None` when there is none of this name.
    fn kind(&self, name: &str) -> Option<Kind>;

    /// The tensor of a name, which should have one of these shapes; `None` when there is none of this name. What it has
    /// is checked by the caller.
    ///
    /// # Errors
    /// When it is there but cannot be read; the reason.
    fn tensor(&self, name: &str, shapes: &[&[usize]]) -> Result<Option<HostTensor<'_>>, String>;
}
