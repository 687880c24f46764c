//! Which device the other tests ran on.

use std::io::{Write as _, stderr};

use candle_core::Device;
use zonos_tests::device;

/// The harness keeps what passing tests print; a message to the stream itself is seen.
#[test]
fn what_was_left_out_is_said() {
    let tested = match device() {
        Device::Cpu => {
            "on the CPU; left out: cards (ZONOS_TEST_DEVICE=cuda tests one, in a build with `--features cuda`)"
        }
        Device::Cuda(_) => "on a card with CUDA",
        Device::Metal(_) => "on a card with Metal",
    };
    writeln!(stderr(), "parity {tested}").ok();
}
