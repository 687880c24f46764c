//! One command for a machine with a card and nothing else: runs the parity tests there, measures a model of the
//! released size with random weights, and writes what came out as JSON and as Markdown.

mod bench;
mod markdown;
mod parity;
mod report;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use zonos::{DeviceChoice, ElementType};

use crate::report::Report;

/// Tests and measures zonos on a card.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// Where the results are written
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// The device to test and to measure
    #[arg(long, default_value = "cuda")]
    device: DeviceChoice,
    /// Types of the weights that are measured: f32, f16, bf16, and q8_0, q6_k, q5_k, q4_k, for which a file is made in the
    /// folder of the results (8.7 GB at most) and removed again
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',', default_value = "bf16,q8_0")]
    dtype: Vec<ElementType>,
    /// Rows of the prompts that are measured; sequences are decoded together behind the first
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "96,120,6000")]
    prompts: Vec<usize>,
    /// Frames of each measurement of decoding
    #[arg(long, default_value_t = 86)]
    frames: usize,
    /// Numbers of sequences that are decoded together
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    batches: Vec<usize>,
    /// Measures this model in the place of random weights of the released size
    #[arg(long, value_name = "NAME|PATH")]
    model: Option<String>,
    /// Leaves the parity tests out
    #[arg(long)]
    no_parity: bool,
    /// Leaves the measurements out
    #[arg(long)]
    no_bench: bool,
}

/// Tells who waits what begins now: some parts take minutes, and results come at the end of each.
fn announce(what: &str) {
    eprintln!("gpu-check: {what}");
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut report = Report::new(args.device);
    if !args.no_parity {
        announce("parity tests");
        report.parity = Some(parity::run(args.device, &args.out)?);
        report.write(&args.out)?;
    }
    if !args.no_bench {
        // Each is written as soon as it is known: what fails later takes nothing along.
        for &weights in &args.dtype {
            bench::run(&args, weights, &mut |measured| {
                report.benches.push(measured);
                report.write(&args.out)
            })?;
        }
    }
    report.write(&args.out)?;
    report.check()
}
