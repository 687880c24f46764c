use super::{Random, Report, card, of_card, random_decoder, small};
use crate::slot::SlotState;
use crate::{Decoder, Finish, Kind, Shape, SlotOptions};

const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let product = |a: u32, b: u32| (u64::from(a) * u64::from(b)) as u32;
    let high = |a: u32, b: u32| ((u64::from(a) * u64::from(b)) >> 32) as u32;
    for _ in 0..10 {
        let (a, b) = (0xd251_1f53, 0xcd9e_8d57);
        counter = [
            high(b, counter[2]) ^ counter[1] ^ key[0],
            product(b, counter[2]),
            high(a, counter[0]) ^ counter[3] ^ key[1],
            product(a, counter[0]),
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

fn uniform(seed: u64, frame: u64, codebook: u32) -> f64 {
    let [high, low, ..] = philox([frame as u32, (frame >> 32) as u32, codebook, 0], [seed as u32, (seed >> 32) as u32]);
    ((u64::from(high) << 32 | u64::from(low)) >> 11) as f64 / (1u64 << 53) as f64
}

/// The known answer of the generator's authors.
#[test]
fn the_generator_is_philox() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
}

/// What may be drawn: the ids around the place where the number falls, as far as rounding may decide.
fn acceptable(logits: &[f32], options: &SlotOptions, repeated: &[u32], codebook: usize, number: f64) -> Vec<u32> {
    let concerned = options.repetition_codebooks < 0 || (codebook as i32) < options.repetition_codebooks;
    let temperature = options.temperature.max(1e-6);
    let penalized = |(id, &logit): (usize, &f32)| {
        let held = concerned && options.repetition_penalty > 1.0 && id < 1024 && repeated.contains(&(id as u32));
        let logit = match held {
            true if logit > 0.0 => logit / options.repetition_penalty,
            true => logit * options.repetition_penalty,
            false => logit,
        };
        logit / temperature
    };
    let mut values: Vec<f32> = logits.iter().enumerate().map(penalized).collect();
    let k = if options.top_k < 1 { 1024 } else { options.top_k };
    if k < values.len() {
        let mut sorted = values.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        values.iter_mut().filter(|value| **value < sorted[k - 1]).for_each(|value| *value = f32::NEG_INFINITY);
    }
    let likeliest = (0..values.len()).reduce(|best, id| if values[id] > values[best] { id } else { best }).unwrap();
    if options.temperature <= 1e-6 {
        return vec![likeliest as u32];
    }
    let most = f64::from(values[likeliest]);
    let normalize = |p: &mut Vec<f64>| {
        let total: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= total);
    };
    let mut p: Vec<f64> = values.iter().map(|value| (f64::from(*value) - most).exp()).collect();
    normalize(&mut p);
    if options.top_p > 0.0 && options.top_p < 1.0 {
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        let mut before = 0.0;
        for id in order {
            let own = p[id];
            if before > f64::from(options.top_p) {
                p[id] = 0.0;
            }
            before += own;
        }
        normalize(&mut p);
    }
    if options.min_p > 0.0 {
        let least = f64::from(options.min_p) * p.iter().copied().fold(0.0, f64::max);
        p.iter_mut().filter(|p| **p < least).for_each(|p| *p = 0.0);
        normalize(&mut p);
    }
    let at = |number: f64| {
        let mut left = number;
        let live = p.iter().enumerate().filter(|(_, p)| **p > 0.0);
        let mut drawn = likeliest;
        for (id, p) in live {
            drawn = id;
            left -= p;
            if left < 0.0 {
                break;
            }
        }
        drawn as u32
    };
    vec![at(number), at((number - 3e-5).max(0.0)), at((number + 3e-5).min(1.0 - 1e-12))]
}

fn options(random: &mut Random) -> SlotOptions {
    let mut pick = |choices: [f32; 4]| choices[random.below(4)];
    SlotOptions {
        temperature: pick([0.0, 0.3, 1.15, 2.0]),
        top_p: pick([0.0, 0.5, 0.9, 1.0]),
        min_p: pick([0.0, 0.02, 0.18, 0.9]),
        repetition_penalty: pick([1.0, 1.2, 3.0, 1.2]),
        top_k: [0, 1, 5, 106, 700, 1025][random.below(6)],
        repetition_window: [0, 3, 50, 6000][random.below(4)],
        repetition_codebooks: [-1, 0, 8, 3][random.below(4)],
        seed: random.next(),
        limit: 1000,
        ignore_end: true,
    }
}

/// Logits of different sharpness, with ties.
fn logits(random: &mut Random, len: usize) -> Vec<f32> {
    let width = [0.5, 4.0, 15.0][random.below(3)];
    (0..len).map(|_| (random.unit() * width * 64.0).round() / 64.0).collect()
}

#[test]
fn draws_are_those_of_the_plain_sampler() {
    let Some(device) = card("draws_are_those_of_the_plain_sampler") else { return };
    let (mut random, mut report) = (Random(7), Report::default());
    let shape = Shape { used: vec![0], ..small() };
    let slots = of_card(&device, 64, 5);
    let mut decoder = random_decoder(&device, &shape, Kind::F32, slots, 600);
    let rows: Vec<i32> = (0..slots as i32).collect();
    decoder.slots.of_rows.write(0, &rows).unwrap();
    let mut disagreements = 0;
    for round in 0..4 {
        let all: Vec<SlotOptions> = (0..slots).map(|_| options(&mut random)).collect();
        let states: Vec<SlotState> = all.iter().map(|options| SlotState::new(options, 9, 10, 600).unwrap()).collect();
        decoder.slots.states.write(0, &states).unwrap();
        let mut made: Vec<Vec<Vec<u32>>> = vec![Vec::new(); slots];
        for frame in 0..12 {
            let logits: Vec<f32> = (0..slots * 9).flat_map(|_| logits(&mut random, 1026)).collect();
            decoder.slots.logits.write(0, &logits).unwrap();
            decoder.step().sample(slots).unwrap();
            let ids = decoder.rows.ids.read(0, slots * 10).unwrap();
            for slot in 0..slots {
                let codes: Vec<u32> = ids[slot * 10..slot * 10 + 9].iter().map(|&id| id as u32).collect();
                report.check(ids[slot * 10 + 9] == 519, || format!("text id {}", ids[slot * 10 + 9]));
                for (codebook, &code) in codes.iter().enumerate() {
                    let window = all[slot].repetition_window.min(made[slot].len());
                    let repeated: Vec<u32> =
                        made[slot][made[slot].len() - window..].iter().map(|f| f[codebook]).collect();
                    let first = (slot * 9 + codebook) * 1026;
                    let number = uniform(all[slot].seed, frame, codebook as u32);
                    let expected = acceptable(&logits[first..first + 1026], &all[slot], &repeated, codebook, number);
                    disagreements += usize::from(code != expected[0]);
                    report.check(expected.contains(&code), || {
                        format!("round {round} frame {frame} slot {slot} codebook {codebook}: {code}, expected {expected:?}, {:?}", all[slot])
                    });
                }
                made[slot].push(codes);
            }
        }
    }
    // Rounding decides in very few of the draws.
    let draws = 4 * 12 * 9 * slots;
    report.check(disagreements * 1000 < draws, || format!("{disagreements} of {draws} draws differ within rounding"));
    println!("{disagreements} of {draws} draws differ within rounding");
    report.finish();
}

/// One frame: each codebook's likeliest code is given. Returns slot of the next row and the record.
fn frame(decoder: &mut Decoder, peaks: &[u32]) -> (i32, Vec<i32>) {
    let mut logits = vec![0.0; 9 * 1026];
    peaks.iter().enumerate().for_each(|(codebook, &id)| logits[codebook * 1026 + id as usize] = 9.0);
    decoder.slots.logits.write(0, &logits).unwrap();
    decoder.step().sample(1).unwrap();
    let slot = decoder.rows.slots.read(0, 1).unwrap()[0];
    let states = decoder.slots.states.read(0, 1).unwrap();
    let made = format!("{:?}", states[0]);
    let number =
        made.split("made: ").nth(1).and_then(|rest| rest.split(',').next()).and_then(|n| n.parse::<usize>().ok());
    let first = (number.unwrap() - 1) % 64 * 12;
    (slot, (first..first + 12).map(|at| decoder.slots.records.read(at).unwrap()).collect())
}

#[test]
fn the_end_of_audio_is_counted_down() {
    let Some(device) = card("the_end_of_audio_is_counted_down") else { return };
    let mut report = Report::default();
    let shape = Shape { used: vec![0], ..small() };
    let mut decoder = random_decoder(&device, &shape, Kind::F32, 1, 300);
    decoder.slots.of_rows.write(0, &[0]).unwrap();
    for (ends_at, codebook, ignore_end) in [(0, 3, false), (5, 0, false), (20, 8, false), (7, 2, true)] {
        let options = SlotOptions { ignore_end, ..SlotOptions::greedy(40) };
        let state = SlotState::new(&options, 9, 10, 300).unwrap();
        decoder.slots.states.write(0, &[state]).unwrap();
        for number in 0..40usize {
            let mut peaks = [number as u32; 9];
            if number == ends_at {
                peaks[codebook] = 1024;
            }
            let (slot, record) = frame(&mut decoder, &peaks);
            let end = if number < ends_at { -1 } else { (ends_at as i32 - codebook as i32).max(0) };
            let last = if ignore_end { 39 } else { ends_at + 9 };
            let finished = if number < last {
                0
            } else if ignore_end {
                2
            } else {
                1
            };
            let expected: Vec<i32> =
                [number as i32 + 1, end, finished].into_iter().chain(peaks.iter().map(|&id| id as i32)).collect();
            report.check(record == expected, || format!("frame {number}: {record:?}, expected {expected:?}"));
            report.check(slot == if finished == 0 { 0 } else { -1 }, || format!("frame {number}: next slot {slot}"));
            if finished != 0 {
                let parsed = crate::slot::read_record(0, &record).unwrap();
                let reason = if ignore_end { Finish::Limit } else { Finish::EndOfAudio };
                report.check(parsed.finish == Some(reason), || format!("{parsed:?}"));
                break;
            }
        }
    }
    report.finish();
}
