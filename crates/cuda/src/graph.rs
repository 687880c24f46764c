//! Steps that were captured once and are replayed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cudarc::driver::{CudaGraph, sys};

use crate::device::driver;
use crate::{Device, Error, Result};

/// Rows that graphs are made for.
pub(crate) const WIDTHS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// The graph of each width that was needed so far.
#[derive(Default)]
pub(crate) struct Graphs {
    by_width: BTreeMap<usize, Graph>,
}

struct Graph(CudaGraph);

// SAFETY: a graph is used by the decoder that owns it alone, which takes turns by being borrowed mutably.
unsafe impl Send for Graph {}

/// The narrowest graph that takes so many rows.
pub(crate) fn width(rows: usize) -> Option<usize> {
    WIDTHS.into_iter().find(|&width| width >= rows)
}

impl Graphs {
    /// Replays what `enqueue` enqueues, which is captured when the width is new.
    pub(crate) fn replay(&mut self, device: &Device, width: usize, enqueue: impl FnOnce() -> Result<()>) -> Result<()> {
        let graph = match self.by_width.entry(width) {
            Entry::Occupied(graph) => graph.into_mut(),
            Entry::Vacant(place) => place.insert(capture(device, enqueue)?),
        };
        graph.0.launch().map_err(driver("replay a graph"))
    }
}

fn capture(device: &Device, enqueue: impl FnOnce() -> Result<()>) -> Result<Graph> {
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
    device.stream.begin_capture(mode).map_err(driver("capture a graph"))?;
    let enqueued = enqueue();
    // Ends the capture also when it failed.
    let captured = device.stream.end_capture(sys::CUgraphInstantiate_flags(0));
    enqueued?;
    let graph = captured.map_err(driver("make a graph"))?;
    let graph = graph.ok_or_else(|| Error::Unsupported("an empty graph".into()))?;
    graph.upload().map_err(driver("bring a graph to the card"))?;
    Ok(Graph(graph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_the_narrowest() {
        assert_eq!(width(1), Some(1));
        assert_eq!(width(3), Some(4));
        assert_eq!(width(64), Some(64));
        assert_eq!(width(65), None);
    }
}
