use std::borrow::Cow;
use std::sync::Arc;

use super::twin::{Layout, Twin};
use super::{ALL_KINDS, KINDS, Random, Report, card, drawing, encode, of_card, random_decoder, small, wide};
use crate::numbers::widen;
use crate::{Decoder, Device, HostTensor, Kind, Mixture, Model, Piece, Row, Shape, SlotOptions, Source};

fn prompt(random: &mut Random, shape: &Shape, rows: usize) -> Vec<u32> {
    let limit = |column: usize| if column < shape.codebooks { shape.audio_vocab } else { shape.text_ids };
    (0..rows).flat_map(|_| (0..shape.row_width()).map(|c| random.below(limit(c)) as u32).collect::<Vec<_>>()).collect()
}

/// Every row in float32. Elsewhere rounding may send a row to another expert now and then, which changes it altogether.
fn compare_rows(report: &mut Report, what: &str, kind: Kind, found: &[f32], expected: &[f64], width: usize) {
    let (tolerance, allowed) = if kind == Kind::F32 { (3e-5, 0) } else { (3e-3, 4) };
    let mut bad = Report::default();
    for (row, (found, expected)) in found.chunks(width).zip(expected.chunks(width)).enumerate() {
        bad.close(&format!("{what} row {row}"), found, expected, tolerance);
    }
    report.check(found.len() == expected.len(), || format!("{what}: {} logits", found.len()));
    if bad.failures.len() > allowed {
        bad.failures.truncate(6);
        report.failures.append(&mut bad.failures);
    } else {
        println!("{what}: {} rows went elsewhere", bad.failures.len());
    }
}

#[test]
fn a_prompt_gives_the_logits_of_the_plain_model() {
    let Some(device) = card("a_prompt_gives_the_logits_of_the_plain_model") else { return };
    let (mut random, mut report) = (Random(8), Report::default());
    for kind in ALL_KINDS {
        let shape = if KINDS.contains(&kind) { small() } else { wide() };
        for layout in [Layout::Published, Layout::Apart, Layout::Fused] {
            let twin = Twin::new(&shape, kind, layout, 11);
            let model = match Model::load(&device, &shape, &twin) {
                Ok(model) => model,
                Err(error) => {
                    report.check(false, || format!("{kind:?} {layout:?}: {error}"));
                    continue;
                }
            };
            let mut decoder = Decoder::new(Arc::new(model), 2, 150).unwrap();
            let rows = of_card(&device, 70, 20);
            let ids = prompt(&mut random, &shape, rows);
            let voice = random.vector(96, 1.0);
            let found = decoder.observe(1, &ids, Some(&voice)).unwrap();
            let expected = twin.logits(&ids, Some(&voice));
            compare_rows(&mut report, &format!("{kind:?} {layout:?}"), kind, &found, &expected, shape.logits());
        }
    }
    report.finish();
}

/// Four slots with prompts of different lengths.
fn started(decoder: &mut Decoder, seed: u64, slots: usize) -> Vec<Vec<u32>> {
    let shape = decoder.model().shape().clone();
    let mut random = Random(seed);
    let prompts: Vec<Vec<u32>> = (0..slots).map(|slot| prompt(&mut random, &shape, 20 + 37 * (slot % 5))).collect();
    for (slot, ids) in prompts.iter().enumerate() {
        decoder.start(slot, ids, None, &options(slot)).unwrap();
    }
    prompts
}

fn options(slot: usize) -> SlotOptions {
    drawing(slot as u64, 400)
}

/// Frames of every slot.
fn frames(decoder: &mut Decoder, slots: &[usize], count: usize) -> Vec<Vec<Vec<u32>>> {
    let mut frames = vec![Vec::new(); decoder.slots()];
    let mut firsts = vec![None; decoder.slots()];
    for step in 0..count + 1 {
        if step < count {
            decoder.launch(slots).unwrap();
        }
        // One step behind.
        if step > 0 {
            for frame in decoder.collect().unwrap() {
                let first = *firsts[frame.slot].get_or_insert(frame.number);
                assert_eq!(frame.number - first, frames[frame.slot].len());
                frames[frame.slot].push(frame.codes);
            }
        }
    }
    frames
}

#[test]
fn frames_do_not_depend_on_neighbours() {
    let Some(device) = card("frames_do_not_depend_on_neighbours") else { return };
    let mut report = Report::default();
    let kinds = of_card(&device, &ALL_KINDS[..], &[Kind::BF16, Kind::Q8_0, Kind::Q4K]);
    let (all, count, alone) = of_card(&device, (13, 12, &[0, 3, 4, 12][..]), (3, 4, &[0, 2]));
    for &kind in kinds {
        let shape = if KINDS.contains(&kind) { small() } else { wide() };
        let mut decoder = random_decoder(&device, &shape, kind, all, 600);
        let prompts = started(&mut decoder, 9, all);
        let slots: Vec<usize> = (0..all).rev().collect();
        let together = frames(&mut decoder, &slots, count);
        let together_logits: Vec<Vec<f32>> = (0..all).map(|slot| decoder.logits(&[slot]).unwrap()).collect();
        for &slot in alone {
            // Alone, in another slot, behind another prompt.
            let other = (slot + 5) % all;
            decoder.start(other, &prompts[slot], None, &options(slot)).unwrap();
            let alone = frames(&mut decoder, &[other], count);
            report.check(alone[other] == together[slot], || format!("{kind:?} slot {slot}: frames differ"));
            report.same_bits(
                &format!("{kind:?} slot {slot}"),
                &decoder.logits(&[other]).unwrap(),
                &together_logits[slot],
            );
        }
    }
    report.finish();
}

#[test]
fn a_graph_does_what_its_step_does() {
    let Some(device) = card("a_graph_does_what_its_step_does") else { return };
    let mut report = Report::default();
    let count = of_card(&device, 8, 3);
    for (kind, slots) in [(Kind::F32, 1), (Kind::BF16, 1), (Kind::BF16, 4), (Kind::Q8_0, 2)] {
        let mut decoder = random_decoder(&device, &small(), kind, slots, 600);
        let all: Vec<usize> = (0..slots).collect();
        started(&mut decoder, 10, slots);
        frames(&mut decoder, &all, count);
        let replayed: Vec<Vec<f32>> = all.iter().map(|&slot| decoder.logits(&[slot]).unwrap()).collect();
        started(&mut decoder, 10, slots);
        (0..count).for_each(|_| decoder.launch_eagerly(&all).unwrap());
        for slot in all {
            report.same_bits(
                &format!("{kind:?} slot {slot} of {slots}"),
                &decoder.logits(&[slot]).unwrap(),
                &replayed[slot],
            );
        }
    }
    report.finish();
}

/// As the small model, of widths that all kinds of weights can be copied of in bulk.
fn even() -> Shape {
    Shape { dim: 512, inner: 768, ..small() }
}

/// A checkpoint whose gates are stored otherwise than what else is projected, as in files of quantized weights.
struct GatesApart {
    twin: Twin,
    gates: Kind,
}

impl Source for GatesApart {
    fn kind(&self, name: &str) -> Option<Kind> {
        if name.contains(".gater.") { Some(self.gates) } else { self.twin.kind(name) }
    }

    fn tensor(&self, name: &str, shapes: &[&[usize]]) -> Result<Option<HostTensor<'_>>, String> {
        let tensor = self.twin.tensor(name, shapes)?;
        Ok(tensor.map(|tensor| if name.contains(".gater.") { narrowed(&tensor, self.gates) } else { tensor }))
    }
}

fn narrowed<'t>(tensor: &HostTensor<'t>, kind: Kind) -> HostTensor<'t> {
    let numbers = widen(tensor.kind, &tensor.bytes).unwrap();
    HostTensor { kind, shape: tensor.shape.clone(), bytes: Cow::Owned(encode(kind, &numbers)) }
}

#[test]
fn the_kernel_of_a_frame_does_what_the_kernels_of_a_step_do() {
    let Some(device) = card("the_kernel_of_a_frame_does_what_the_kernels_of_a_step_do") else { return };
    let mut report = Report::default();
    let shape = Shape { used: of_card(&device, even().used, vec![0, 1, 2]), ..even() };
    let kinds = ALL_KINDS.into_iter().filter(|kind| *kind != Kind::F32);
    let random = kinds.map(|kind| (kind, Model::random(&device, &shape, kind, 1).unwrap()));
    // Gates that need the row as other products do, in another type, and with sums.
    let apart = [Kind::F16, Kind::BF16, Kind::Q4K].map(|gates| {
        let source = GatesApart { twin: Twin::new(&shape, Kind::Q8_0, Layout::Published, 11), gates };
        (Kind::Q8_0, Model::load(&device, &shape, &source).unwrap())
    });
    for (kind, model) in random.chain(apart) {
        let model = Arc::new(model);
        // Up to the end of a split of attention, across it, and behind many.
        for &(rows, count) in of_card(&device, &[(20, 9), (120, 17), (600, 9)][..], &[(4, 3), (126, 4)]) {
            let mut decoder = Decoder::new(model.clone(), 1, 700).unwrap();
            report.check(decoder.frame.is_some() == device.kernels.for_hopper, || "which kernel".into());
            let ids = prompt(&mut Random(17), &shape, rows);
            decoder.start(0, &ids, None, &options(0)).unwrap();
            frames(&mut decoder, &[0], count);
            let found = decoder.logits(&[0]).unwrap();
            decoder.start(0, &ids, None, &options(0)).unwrap();
            (0..count).for_each(|_| decoder.launch_eagerly(&[0]).unwrap());
            report.same_bits(&format!("{kind:?} behind {rows} rows"), &found, &decoder.logits(&[0]).unwrap());
        }
    }
    report.finish();
}

/// The released widths, with few layers, experts and codes.
fn full_width() -> Shape {
    let mixture = Mixture { experts: 3, ..Shape::released().mixture };
    Shape { used: vec![0, 1, 2], mixture, audio_vocab: 66, codes: 64, text_ids: 40, context: 300, ..Shape::released() }
}

#[test]
fn the_kernel_of_a_frame_takes_the_released_widths() {
    let Some(device) = card("the_kernel_of_a_frame_takes_the_released_widths") else { return };
    let mut report = Report::default();
    let shape = full_width();
    let apart = GatesApart { twin: Twin::new(&shape, Kind::Q8_0, Layout::Published, 23), gates: Kind::F16 };
    for (what, model) in [
        ("BF16", Model::random(&device, &shape, Kind::BF16, 1).unwrap()),
        ("Q4_K", Model::random(&device, &shape, Kind::Q4K, 1).unwrap()),
        ("Q8_0 with gates apart", Model::load(&device, &shape, &apart).unwrap()),
    ] {
        let mut decoder = Decoder::new(Arc::new(model), 1, 300).unwrap();
        report.check(decoder.frame.is_some() == device.kernels.for_hopper, || format!("{what}: which kernel"));
        let ids = prompt(&mut Random(24), &shape, 2);
        decoder.start(0, &ids, None, &options(0)).unwrap();
        frames(&mut decoder, &[0], 2);
        let found = decoder.logits(&[0]).unwrap();
        decoder.start(0, &ids, None, &options(0)).unwrap();
        (0..2).for_each(|_| decoder.launch_eagerly(&[0]).unwrap());
        report.same_bits(what, &found, &decoder.logits(&[0]).unwrap());
    }
    report.finish();
}

#[test]
fn rows_one_by_one_equal_rows_at_once() {
    let Some(device) = card("rows_one_by_one_equal_rows_at_once") else { return };
    let mut report = Report::default();
    for &kind in of_card(&device, &KINDS[..], &[Kind::Q8_0]) {
        let shape = small();
        let mut decoder = random_decoder(&device, &shape, kind, 2, 300);
        let ids = prompt(&mut Random(12), &shape, 150);
        let all = decoder.observe(0, &ids, None).unwrap();
        let width = shape.row_width();
        decoder.prefill(1, &ids[..width], None).unwrap();
        for row in 1..150 {
            decoder.feed(&[Row { slot: 1, ids: &ids[row * width..(row + 1) * width] }]).unwrap();
            if [1, 2, 63, 64, 127, 128, 129, 149].contains(&row) {
                let logits = shape.logits();
                let expected = &all[row * logits..(row + 1) * logits];
                report.same_bits(&format!("{kind:?} row {row}"), &decoder.logits(&[1]).unwrap(), expected);
            }
        }
    }
    report.finish();
}

#[test]
fn a_sequence_ends_at_its_limit_and_its_slot_serves_again() {
    let Some(device) = card("a_sequence_ends_at_its_limit_and_its_slot_serves_again") else { return };
    let shape = small();
    let mut decoder = random_decoder(&device, &shape, Kind::F32, 3, 100);
    let ids = prompt(&mut Random(13), &shape, 30);
    let mut run = |slot: usize, limit: usize| {
        decoder.start(slot, &ids, None, &SlotOptions { limit, ..options(1) }).unwrap();
        let mut frames = Vec::new();
        loop {
            // Two ahead.
            while decoder.pending() < 3 && frames.len() < 200 {
                decoder.launch(&[slot]).unwrap();
            }
            frames.extend(decoder.collect().unwrap());
            if frames.last().is_some_and(|frame: &crate::Frame| frame.finish.is_some()) {
                break;
            }
        }
        while decoder.pending() > 0 {
            assert!(decoder.collect().unwrap().is_empty());
        }
        assert!(decoder.launch(&[slot]).is_err());
        frames.into_iter().map(|frame| frame.codes).collect::<Vec<_>>()
    };
    let short = run(0, 5);
    assert_eq!(short.len(), 5);
    // As many as the rows allow: the last frame takes none.
    let long = run(0, 1000);
    assert_eq!(long.len(), 71);
    assert_eq!(long[..5], short);
    assert_eq!(run(2, 5), short);
}

#[test]
fn growing_keeps_what_slots_hold() {
    let Some(device) = card("growing_keeps_what_slots_hold") else { return };
    let mut report = Report::default();
    let mut decoder = random_decoder(&device, &small(), Kind::BF16, 5, 300);
    started(&mut decoder, 16, 5);
    let expected = frames(&mut decoder, &[0, 1, 2, 3, 4], 10);
    let mut decoder = random_decoder(&device, &small(), Kind::BF16, 2, 300);
    started(&mut decoder, 16, 2);
    let first = frames(&mut decoder, &[0, 1], 4);
    decoder.grow(5).unwrap();
    let mut random = Random(16);
    let shape = small();
    for slot in 0..5 {
        let ids = prompt(&mut random, &shape, 20 + 37 * (slot % 5));
        if slot >= 2 {
            decoder.start(slot, &ids, None, &options(slot)).unwrap();
        }
    }
    for _ in 4..10 {
        decoder.launch(&[0, 1]).unwrap();
        let codes: Vec<_> = decoder.collect().unwrap().into_iter().map(|frame| (frame.number, frame.codes)).collect();
        for (slot, (number, codes)) in codes.into_iter().enumerate() {
            report.check(expected[slot][number] == codes, || format!("slot {slot} frame {number} after growing"));
        }
    }
    report.check(first[0] == expected[0][..4] && first[1] == expected[1][..4], || "before growing".into());
    report.check(frames(&mut decoder, &[2, 3, 4], 10)[2..] == expected[2..], || "new slots".into());
    report.finish();
}

#[test]
fn a_slot_takes_memory_with_its_rows_and_gives_it_back() {
    let Some(device) = card("a_slot_takes_memory_with_its_rows_and_gives_it_back") else { return };
    let mut decoder = random_decoder(&device, &small(), Kind::F32, 8, 700);
    assert_eq!(decoder.cache_bytes(), 0);
    let ids = prompt(&mut Random(17), &small(), 30);
    let mut run = |slot: usize, count: usize| {
        decoder.start(slot, &ids, None, &SlotOptions { limit: 1000, ..options(1) }).unwrap();
        let first = decoder.cache_bytes();
        let made = frames(&mut decoder, &[slot], count).swap_remove(slot);
        let last = decoder.cache_bytes();
        decoder.release(slot).unwrap();
        assert!(decoder.launch(&[slot]).is_err());
        (made, first, last)
    };
    let (many, few) = of_card(&device, (600, 100), (110, 30));
    let (long, first, last) = run(3, many);
    assert!(first > 0 && last > first, "{first} bytes for 30 rows, {last} for {many} more");
    // What was given back serves the next slot.
    let (short, again, _) = run(5, few);
    assert_eq!(short, long[..few]);
    assert!(again <= last, "{again}, at most {last} before");
    let all = decoder.cache_bytes();
    for slot in 0..8 {
        decoder.start(slot, &ids, None, &options(1)).unwrap();
    }
    assert!(decoder.cache_bytes() > all);
    let made = frames(&mut decoder, &[7, 0], few / 2);
    assert!(made[7] == long[..few / 2] && made[0] == long[..few / 2]);
}

#[test]
fn a_card_that_maps_no_memory_makes_the_same_frames() {
    let Some(device) = card("a_card_that_maps_no_memory_makes_the_same_frames") else { return };
    let [mapped, whole] = [true, false].map(|maps_memory| {
        let device = Device { maps_memory: maps_memory && device.maps_memory, ..device.clone() };
        let mut decoder = random_decoder(&device, &small(), Kind::BF16, 2, 300);
        started(&mut decoder, 18, 2);
        let before = frames(&mut decoder, &[0, 1], 5);
        decoder.grow(4).unwrap();
        let after = frames(&mut decoder, &[1, 0], 5);
        decoder.release(0).unwrap();
        (before, after)
    });
    assert!(mapped == whole);
}

#[test]
fn a_prompt_in_pieces_is_the_prompt() {
    let Some(device) = card("a_prompt_in_pieces_is_the_prompt") else { return };
    let mut report = Report::default();
    let kinds = of_card(&device, &ALL_KINDS[..], &[Kind::BF16, Kind::Q8_0, Kind::Q6K]);
    let (all, pieces) = of_card(&device, (170, &[1, 40, 64, 128][..]), (70, &[20, 64]));
    for &kind in kinds {
        let shape = if KINDS.contains(&kind) { small() } else { wide() };
        let width = shape.row_width();
        let mut decoder = random_decoder(&device, &shape, kind, 3, 400);
        let (ids, voice) = (prompt(&mut Random(19), &shape, all), Random(20).vector(96, 1.0));
        started(&mut decoder, 21, 1);
        decoder.prefill(1, &ids, Some(&voice)).unwrap();
        for &rows in pieces {
            for (number, piece) in ids.chunks(rows * width).enumerate() {
                let (first, is_last) = (number * rows, (number + 1) * rows >= all);
                let piece = Piece { first, ids: piece, voice: Some(&voice), is_last };
                decoder.prefill_piece(2, &piece).unwrap();
                report.check(is_last || decoder.draw(2, &options(2)).is_err(), || "drawn before the end".into());
                // Another slot's frames in between.
                decoder.launch(&[0]).unwrap();
                decoder.collect().unwrap();
            }
            let [found, expected] = [2, 1].map(|slot| decoder.logits(&[slot]).unwrap());
            report.same_bits(&format!("{kind:?} by {rows} rows"), &found, &expected);
        }
    }
    report.finish();
}

#[test]
fn what_does_not_fit_is_refused() {
    let Some(device) = card("what_does_not_fit_is_refused") else { return };
    let shape = small();
    let mut decoder = random_decoder(&device, &shape, Kind::F32, 2, 100);
    let ids = prompt(&mut Random(14), &shape, 10);
    assert!(decoder.start(2, &ids, None, &options(0)).is_err());
    assert!(decoder.start(0, &ids[1..], None, &options(0)).is_err());
    assert!(decoder.start(0, &[], None, &options(0)).is_err());
    assert!(decoder.start(0, &prompt(&mut Random(15), &shape, 100), None, &options(0)).is_err());
    assert!(decoder.start(0, &ids, Some(&[1.0]), &options(0)).is_err());
    assert!(decoder.start(0, &[2000; 10], None, &options(0)).is_err());
    assert!(decoder.launch(&[0]).is_err());
    let piece = Piece { first: 10, ids: &ids, voice: None, is_last: true };
    assert!(decoder.prefill_piece(1, &piece).is_err());
    decoder.prefill_piece(1, &Piece { first: 0, is_last: false, ..piece }).unwrap();
    assert!(decoder.prefill_piece(1, &Piece { first: 9, ..piece }).is_err());
    assert!(decoder.feed(&[Row { slot: 1, ids: &ids[..shape.row_width()] }]).is_err());
    assert!(decoder.reserve(1, 100).is_err() && decoder.reserve(2, 1).is_err() && decoder.reserve(1, 99).is_ok());
    decoder.start(0, &ids, None, &options(0)).unwrap();
    assert!(decoder.launch(&[0, 0]).is_err());
    assert!(decoder.launch(&[]).is_err());
    assert!(decoder.launch(&[7]).is_err());
    decoder.launch(&[0]).unwrap();
    assert!(decoder.start(0, &ids, None, &options(0)).is_err());
    assert_eq!(decoder.collect().unwrap().len(), 1);
    assert!(Decoder::new(decoder.model().clone(), 1, 10_000).is_err());
}
