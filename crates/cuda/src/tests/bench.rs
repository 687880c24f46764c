//! The model of the released size with random weights: run by hand, `--ignored --nocapture`.

use std::sync::Arc;
use std::time::Instant;

use super::{Random, card, drawing};
use crate::device::driver;
use crate::memory::Buffer;
use crate::{Decoder, Device, Kind, Model, Piece, Result, Shape, SlotOptions};

/// Bytes read and written per second by a large copy on the card.
fn copy_bandwidth(device: &Device) -> Result<f64> {
    const BYTES: usize = 2 << 30;
    let from = Buffer::<u8>::zeros(device, "a copy", BYTES)?;
    let to = Buffer::<u8>::zeros(device, "a copy", BYTES)?;
    let copy = || {
        // SAFETY: both buffers hold so many bytes.
        let copied = unsafe {
            cudarc::driver::result::memcpy_dtod_async(to.address(), from.address(), BYTES, device.raw_stream())
        };
        copied.map_err(driver("copy"))
    };
    copy()?;
    device.synchronize()?;
    let start = Instant::now();
    (0..10).try_for_each(|_| copy())?;
    device.synchronize()?;
    Ok(20.0 * BYTES as f64 / start.elapsed().as_secs_f64())
}

fn options() -> SlotOptions {
    drawing(3, 6144)
}

fn prompt(rows: usize) -> Vec<u32> {
    let mut random = Random(1);
    (0..rows * 10).map(|at| random.below(if at % 10 == 9 { 520 } else { 1026 }) as u32).collect()
}

/// Seconds for each of `count` steps, launched one ahead.
fn steps(decoder: &mut Decoder, slots: &[usize], count: usize) -> Result<f64> {
    decoder.launch(slots)?;
    let start = Instant::now();
    for _ in 0..count {
        decoder.launch(slots)?;
        decoder.collect()?;
    }
    let seconds = start.elapsed().as_secs_f64() / count as f64;
    decoder.collect()?;
    Ok(seconds)
}

fn prefill_time(decoder: &mut Decoder, rows: usize) -> Result<f64> {
    let ids = prompt(rows);
    decoder.prefill(0, &ids, None)?;
    decoder.model().device().synchronize()?;
    let start = Instant::now();
    decoder.prefill(0, &ids, None)?;
    decoder.model().device().synchronize()?;
    Ok(start.elapsed().as_secs_f64())
}

fn bench(device: &Device, kind: Kind, widths: &[usize], bandwidth: f64) -> Result<()> {
    let start = Instant::now();
    let model = Arc::new(Model::random(device, &Shape::released(), kind, 1)?);
    let bytes = model.bytes_per_frame() as f64;
    println!(
        "{kind:?}: {:.2} GB on the card in {:.1} s, {:.3} GB a frame, at the copy's bandwidth {:.0} frames/s",
        model.bytes() as f64 / 1e9,
        start.elapsed().as_secs_f64(),
        bytes / 1e9,
        bandwidth / bytes
    );
    let mut decoder = Decoder::new(model.clone(), 1, 6144)?;
    for rows in [1, 64, 120, 512] {
        println!("  prefill of {rows} rows: {:.2} ms", 1e3 * prefill_time(&mut decoder, rows)?);
    }
    for rows in [1000, 6000] {
        decoder.start(0, &prompt(rows), None, &options())?;
        // The prompt is still under way.
        decoder.model().device().synchronize()?;
        let seconds = steps(&mut decoder, &[0], 100)?;
        println!("  width 1 behind {rows} rows: {:.0} frames/s", 1.0 / seconds);
    }
    drop(decoder);
    let most = widths.iter().copied().max().unwrap_or(1);
    let mut decoder = Decoder::new(model, most, 1024)?;
    for slot in 0..most {
        decoder.start(slot, &prompt(120), None, &SlotOptions { seed: slot as u64, ..options() })?;
    }
    for &width in widths {
        let slots: Vec<usize> = (0..width).collect();
        steps(&mut decoder, &slots, 10)?;
        let seconds = steps(&mut decoder, &slots, 60)?;
        println!("  width {width}: {:.2} ms a step, {:.0} frames/s", 1e3 * seconds, width as f64 / seconds);
    }
    Ok(())
}

/// One slot, by the kernels of a step, which overlap or not, and by the kernel of a frame.
fn bench_one(device: &Device, kind: Kind, bandwidth: f64) -> Result<()> {
    for (overlaps, whole) in [(false, false), (true, false), (true, true)] {
        let device = Device { overlaps: overlaps && device.overlaps, ..device.clone() };
        let model = Arc::new(Model::random(&device, &Shape::released(), kind, 1)?);
        let bytes = model.bytes_per_frame() as f64;
        let mut decoder = Decoder::new(model, 1, 6144)?;
        if !whole {
            decoder.frame = None;
        }
        decoder.start(0, &prompt(120), None, &options())?;
        steps(&mut decoder, &[0], 20)?;
        let rate = 1.0 / steps(&mut decoder, &[0], 300)?;
        let share = 100.0 * bytes * rate / bandwidth;
        println!(
            "{kind:?}, kernels overlap {overlaps}, one for the frame {whole}: {rate:.0} frames/s, {share:.1} % of the copy"
        );
    }
    Ok(())
}

#[test]
#[ignore = "takes a card of 24 GB and a minute"]
fn bench_full_size() {
    let Some(device) = card("bench_full_size") else { return };
    let bandwidth = copy_bandwidth(&device).unwrap();
    println!("{}: a copy moves {:.2} TB/s", device.name().unwrap(), bandwidth / 1e12);
    for (kind, widths) in
        [(Kind::BF16, &[1, 2, 4, 8, 16, 32, 64][..]), (Kind::Q8_0, &[1, 8, 64]), (Kind::Q4K, &[1, 8, 64])]
    {
        bench_one(&device, kind, bandwidth).unwrap();
        bench(&device, kind, widths, bandwidth).unwrap();
    }
}

/// Seconds that pass at most between two steps of `slots`, while a prompt of so many rows is run in pieces of 64, two before
/// each step, in the last slot.
fn longest_wait(decoder: &mut Decoder, slots: &[usize], rows: usize) -> Result<f64> {
    let ids = prompt(rows);
    let (width, behind) = (ids.len() / rows, decoder.slots() - 1);
    let mut pieces = ids.chunks(64 * width).enumerate().map(|(number, ids)| Piece {
        first: 64 * number,
        ids,
        voice: None,
        is_last: 64 * number + ids.len() / width == rows,
    });
    decoder.launch(slots)?;
    decoder.collect()?;
    let (mut last, mut longest) = (Instant::now(), 0.0_f64);
    loop {
        let next: Vec<Piece> = pieces.by_ref().take(2).collect();
        next.iter().try_for_each(|piece| decoder.prefill_piece(behind, piece))?;
        decoder.launch(slots)?;
        decoder.collect()?;
        longest = longest.max(last.elapsed().as_secs_f64());
        last = Instant::now();
        if next.is_empty() {
            return Ok(longest);
        }
    }
}

#[test]
#[ignore = "takes a card of 24 GB and half a minute"]
fn bench_joining() {
    let Some(device) = card("bench_joining") else { return };
    for kind in [Kind::BF16, Kind::Q8_0] {
        let model = Arc::new(Model::random(&device, &Shape::released(), kind, 1).unwrap());
        let mut decoder = Decoder::new(model, 9, 6144).unwrap();
        for slot in 0..8 {
            decoder.start(slot, &prompt(120), None, &SlotOptions { seed: slot as u64, ..options() }).unwrap();
        }
        device.synchronize().unwrap();
        for count in [1, 8] {
            let slots: Vec<usize> = (0..count).collect();
            let alone = steps(&mut decoder, &slots, 20).unwrap();
            for rows in [120, 512, 4000] {
                let longest = longest_wait(&mut decoder, &slots, rows).unwrap();
                println!(
                    "{kind:?}, {count} slots: a frame takes {:.2} ms, {:.2} ms at most while {rows} rows are read",
                    1e3 * alone,
                    1e3 * longest
                );
            }
        }
    }
}

/// One frame of one slot, kernel by kernel, for a profiler, behind a prompt of `ZONOS_TEST_ROWS` rows.
#[test]
#[ignore = "takes a card of 24 GB; made for a profiler"]
fn bench_profile() {
    let Some(device) = card("bench_profile") else { return };
    let kind = if std::env::var_os("ZONOS_TEST_Q8_0").is_some() { Kind::Q8_0 } else { Kind::BF16 };
    let model = Arc::new(Model::random(&device, &Shape::released(), kind, 1).unwrap());
    let mut decoder = Decoder::new(model, 1, 6144).unwrap();
    let rows = std::env::var("ZONOS_TEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(8);
    decoder.start(0, &prompt(rows), None, &options()).unwrap();
    decoder.launch_eagerly(&[0]).unwrap();
    device.synchronize().unwrap();
}
