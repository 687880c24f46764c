use crate::window::padding;

/// How a convolution walks along time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) dilation: usize,
}

impl Steps {
    /// Output as long as the input.
    pub(crate) fn same(kernel: usize, dilation: usize) -> Self {
        Self { stride: 1, padding: dilation * (kernel / 2), dilation }
    }

    /// One output for every `rate` inputs, by a kernel of 2·rate.
    pub(crate) fn down(rate: usize) -> Self {
        Self { stride: rate, padding: padding(rate), dilation: 1 }
    }
}
