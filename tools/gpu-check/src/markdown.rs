//! The report as a page that people read.

use std::fmt::Write as _;

use zonos::Card;

use crate::parity::Parity;
use crate::report::{Measured, Report};

/// Frames per second of playing speech.
const REAL_TIME: f64 = 44_100.0 / 512.0;

pub fn page(report: &Report) -> String {
    let mut page = format!("# gpu-check\n\n{}\n", origin(report));
    page.extend(report.parity.as_ref().map(parity));
    if !report.benches.is_empty() {
        page += &alone(&report.benches);
        page.extend(report.benches.iter().filter(|measured| !measured.report.batches.is_empty()).map(together));
    }
    page
}

fn origin(report: &Report) -> String {
    let commit = report.commit.unwrap_or("unknown");
    let card = report.benches.iter().find_map(|measured| measured.report.card.as_ref());
    let card = card.map_or_else(|| report.device.clone(), card_line);
    format!("{card}. zonos {}, commit {commit}.", report.version)
}

fn card_line(card: &Card) -> String {
    let driver = card.driver.as_deref().unwrap_or("unknown");
    format!("{} (compute capability {}, driver {driver})", card.name, card.compute_capability)
}

fn parity(parity: &Parity) -> String {
    let mut text = format!("\nParity tests: {} passed, {} failed.\n", parity.passed.len(), parity.failed.len());
    for name in &parity.failed {
        writeln!(text, "- failed: `{name}`").ok();
    }
    text
}

fn alone(benches: &[Measured]) -> String {
    let heads = [
        "weights",
        "prompt rows",
        "prefill, ms",
        "frames/s",
        "times real time",
        "share of copy bandwidth",
        "codec, s per s",
        "first audio, ms",
        "memory in use, GB",
    ];
    table(
        &heads,
        benches.iter().map(|Measured { precision, report }| {
            vec![
                precision.clone(),
                report.prompt_rows.to_string(),
                format!("{:.1}", report.prefill_ms),
                format!("{:.1}", report.frames_per_second),
                format!("{:.2}", report.frames_per_second / REAL_TIME),
                format!(
                    "{:.0} % of {:.0} GB/s",
                    report.bandwidth_share * 100.0,
                    report.read_bandwidth.bytes_per_second / 1e9
                ),
                format!("{:.4}", report.codec_real_time_factor),
                format!("{:.1}", report.first_audio_ms),
                report.card.as_ref().map_or("-".to_owned(), |card| format!("{:.1}", card.used_bytes as f64 / 1e9)),
            ]
        }),
    )
}

fn together(measured: &Measured) -> String {
    let weights = format!("sequences, {}", measured.precision);
    let heads = [weights.as_str(), "frames/s of all", "times real time"];
    table(
        &heads,
        measured.report.batches.iter().map(|batch| {
            let speed = batch.frames_per_second;
            vec![batch.sequences.to_string(), format!("{speed:.1}"), format!("{:.2}", speed / REAL_TIME)]
        }),
    )
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("\n| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use zonos::DeviceChoice;

    use super::*;

    #[test]
    fn a_page_tells_what_failed() {
        let mut report = Report::new(DeviceChoice::Cuda(1));
        report.parity = Some(Parity { passed: vec!["a".to_owned()], failed: vec!["b::c".to_owned()] });
        let page = page(&report);
        assert!(page.contains("cuda:1") && page.contains("1 passed, 1 failed") && page.contains("`b::c`"), "{page}");
    }

    #[test]
    fn tables_have_a_row_for_each() {
        let rows = vec![vec!["1".to_owned(), "2".to_owned()]];
        assert_eq!(table(&["a", "b"], rows.into_iter()), "\n| a | b |\n|---|---|\n| 1 | 2 |\n");
    }
}
