//! What is said beside the results.

use std::fmt;
use std::io::{self, Write};

/// Writes a line to standard error. Nobody may be reading it, which is no reason to stop.
pub fn say_aside(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
