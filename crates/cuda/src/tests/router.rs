use super::{Random, Report, card, random_decoder, small};
use crate::layer::{Feed, Router};
use crate::{Decoder, Kind, Mixture, Shape};

fn read(decoder: &Decoder, address: u64, len: usize) -> Vec<f64> {
    decoder.model().read_vector(address, len).into_iter().map(f64::from).collect()
}

pub(super) fn erf(x: f64) -> f64 {
    // Series and continued fraction, far below float32's rounding.
    if x.abs() < 3.0 {
        let (mut sum, mut term) = (x, x);
        for n in 1..120 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * 2.0 / std::f64::consts::PI.sqrt();
    }
    let mut fraction = 0.0;
    for n in (1..80).rev() {
        fraction = f64::from(n) / 2.0 / (x.abs() + fraction);
    }
    let tail = (-x * x).exp() / std::f64::consts::PI.sqrt() / (x.abs() + fraction);
    x.signum() * (1.0 - tail)
}

fn affine(weights: &[f64], bias: &[f64], x: &[f64]) -> Vec<f64> {
    let dot = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
    weights.chunks(x.len()).map(dot).zip(bias).map(|(y, b)| y + b).collect()
}

/// Probabilities of a row from its state.
fn probabilities(decoder: &Decoder, router: &Router, state: &[f64]) -> Vec<f64> {
    let shape = decoder.model().shape();
    let (width, experts) = (shape.mixture.router_dim, shape.mixture.experts);
    let mean = state.iter().map(|v| v * v).sum::<f64>() / width as f64;
    let factor = 1.0 / (mean + f64::from(shape.norm_eps)).sqrt();
    let h: Vec<f64> = state.iter().zip(read(decoder, router.norm, width)).map(|(v, w)| v * factor * w).collect();
    let gelu = |y: Vec<f64>| -> Vec<f64> { y.iter().map(|y| 0.5 * y * (1.0 + erf(y / 2f64.sqrt()))).collect() };
    let square = |address| read(decoder, address, width * width);
    let h = gelu(affine(&square(router.first), &read(decoder, router.first_bias, width), &h));
    let h = gelu(affine(&square(router.second), &read(decoder, router.second_bias, width), &h));
    let logits = affine(&read(decoder, router.third, experts * width), &vec![0.0; experts], &h);
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logits.iter().map(|l| (l - most).exp()).sum();
    logits.iter().map(|l| (l - most).exp() / total).collect()
}

/// The plan holds every pair of a live row once, with its expert.
fn check_plan(report: &mut Report, decoder: &Decoder, slots: &[i32], chosen: &[i32], used: usize, what: &str) {
    const PAIRS: usize = 256;
    let plan = decoder.workspace.plan.read(0, decoder.workspace.plan.len()).unwrap();
    let mut seen = vec![0; slots.len() * used];
    for tile in 0..plan[0] as usize {
        let (expert, count) = (plan[1 + tile], plan[1 + PAIRS + tile] as usize);
        report.check((1..=8).contains(&count), || format!("{what}: tile {tile} of {count}"));
        for place in 0..count.min(8) {
            let pair = plan[1 + 2 * PAIRS + 8 * tile + place] as usize;
            report.check(pair < seen.len() && chosen[pair] == expert, || {
                format!("{what}: pair {pair} in tile {tile} of {expert}")
            });
            if let Some(seen) = seen.get_mut(pair) {
                *seen += 1;
            }
        }
    }
    for (pair, count) in seen.iter().enumerate() {
        let expected = i32::from(slots[pair / used] >= 0);
        report.check(*count == expected, || format!("{what}: pair {pair} planned {count} times"));
    }
}

fn check(report: &mut Report, random: &mut Random, decoder: &mut Decoder, rows: usize) {
    let shape = decoder.model().shape().clone();
    let (width, experts) = (shape.mixture.router_dim, shape.mixture.experts);
    let slots: Vec<i32> = (0..rows).map(|row| if rows > 3 && row % 5 == 2 { -1 } else { row as i32 % 2 }).collect();
    decoder.rows.slots.write(0, &slots).unwrap();
    let mut states: Vec<Vec<f64>> = vec![vec![0.0; width]; rows];
    for index in 0..shape.used.len() {
        let model = decoder.model().clone();
        let Feed::Mixture { router, used, .. } = &model.layers[index].feed else { continue };
        let x = random.vector(rows * shape.dim, 3.0);
        decoder.workspace.residual.write(0, &x).unwrap();
        decoder.step().route(rows, index, &model.layers[index], router, *used).unwrap();
        let chosen = decoder.workspace.chosen.read(0, rows * used).unwrap();
        let weights = decoder.workspace.expert_weights.read(0, rows * used).unwrap();
        let what = format!("layer {index} rows {rows} experts {experts}");
        check_plan(report, decoder, &slots, &chosen, *used, &what);
        let norm = read(decoder, model.layers[index].feed_norm, shape.dim);
        let down = read(decoder, router.down.numbers, width * shape.dim);
        let bias = read(decoder, router.down_bias, width);
        for row in 0..rows {
            let own: Vec<f64> = x[row * shape.dim..(row + 1) * shape.dim].iter().map(|&v| f64::from(v)).collect();
            let mean = own.iter().map(|v| v * v).sum::<f64>() / shape.dim as f64;
            let factor = 1.0 / (mean + f64::from(shape.norm_eps)).sqrt();
            let normed: Vec<f64> = own.iter().zip(&norm).map(|(v, w)| v * factor * w).collect();
            let mut state = affine(&down, &bias, &normed);
            if index > 0 && shape.used[index - 1] > 0 {
                let scale = read(decoder, router.state_scale, width);
                (0..width).for_each(|i| state[i] += states[row][i] * scale[i]);
            }
            states[row] = state;
            let probabilities = probabilities(decoder, router, &states[row]);
            let balancing = read(decoder, router.balancing, experts);
            let mut order: Vec<usize> = (0..experts).collect();
            let score = |expert: usize| probabilities[expert] + balancing[expert];
            order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
            // A choice on which rounding decides is none.
            let margin = if order.len() > *used { score(order[used - 1]) - score(order[*used]) } else { 1.0 };
            let mut expected = order[..*used].to_vec();
            expected.sort_unstable();
            let found: Vec<usize> = chosen[row * used..(row + 1) * used].iter().map(|&e| e as usize).collect();
            report.check(found == expected || margin < 1e-5, || {
                format!("{what} row {row}: {found:?}, expected {expected:?}")
            });
            for (place, expert) in found.iter().enumerate() {
                let (found, expected) = (f64::from(weights[row * used + place]), probabilities[*expert]);
                report.check((found - expected).abs() < 1e-5, || {
                    format!("{what} row {row}: weight {found}, expected {expected}")
                });
            }
        }
    }
}

#[test]
fn routers_choose_like_the_plain_one() {
    let Some(device) = card("routers_choose_like_the_plain_one") else { return };
    let (mut random, mut report) = (Random(6), Report::default());
    for (experts, router_dim) in [(6, 32), (16, 128), (32, 64)] {
        let mixture = Mixture { experts, router_dim, balancing: 1.0 };
        let shape = Shape { mixture, used: vec![0, 1, 2, 1, 0, 4], ..small() };
        let mut decoder = random_decoder(&device, &shape, Kind::F32, 2, 64);
        for rows in [1, 2, 9, 64] {
            check(&mut report, &mut random, &mut decoder, rows);
        }
    }
    report.finish();
}
