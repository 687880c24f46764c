//! Random tensors: the same everywhere, and spread as promised.

use candle_core::{DType, Device, Tensor};
use zonos_weights::{Checkpoint, Error, Init};

use crate::make::{error_of, floats};

fn fan_in(_: &str, shape: &[usize]) -> Init {
    Init::FanIn(shape.last().copied().unwrap_or(1))
}

fn draw(seed: u64, name: &str, shape: &[usize], dtype: DType) -> Tensor {
    Checkpoint::random(seed, fan_in).weights(&Device::Cpu, Some(dtype)).get(name, shape).unwrap()
}

fn mean_and_deviation(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[test]
fn seed_and_name_decide_the_values() {
    let values = |seed, name| floats(&draw(seed, name, &[300, 300], DType::F32));
    assert_eq!(values(1, "a"), values(1, "a"));
    assert_ne!(values(1, "a"), values(2, "a"));
    assert_ne!(values(1, "a"), values(1, "b"));
}

#[test]
fn threads_do_not_matter() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(7).build().unwrap();
    let values = || floats(&draw(3, "w", &[3, 100_000], DType::F32));
    assert_eq!(alone.install(values), many.install(values));
}

#[test]
fn what_else_is_asked_for_does_not_matter() {
    let checkpoint = Checkpoint::random(9, fan_in);
    let weights = checkpoint.weights(&Device::Cpu, None);
    let first = floats(&weights.get("w", &[10]).unwrap());
    weights.get("other", &[1000]).unwrap();
    assert_eq!(floats(&weights.get("w", &[10]).unwrap()), first);
    checkpoint.check_all_used().unwrap();
}

#[test]
fn spread_is_as_promised_in_every_float_type() {
    for dtype in [DType::F32, DType::BF16, DType::F16] {
        let tensor = draw(5, "w", &[512, 1024], dtype);
        assert_eq!(tensor.dtype(), dtype);
        let (mean, deviation) = mean_and_deviation(&floats(&tensor));
        let expected = 1.0 / 1024f64.sqrt();
        assert!(mean.abs() < expected / 200.0, "{dtype:?}: mean {mean}");
        assert!((deviation / expected - 1.0).abs() < 0.01, "{dtype:?}: deviation {deviation}");
    }
}

#[test]
fn a_range_around_a_center_is_kept() {
    let checkpoint = Checkpoint::random(5, |_, _| Init::Around { center: 1.0, width: 0.25 });
    let values = floats(&checkpoint.weights(&Device::Cpu, None).get("w", &[100_000]).unwrap());
    assert!(values.iter().all(|value| (0.75..=1.25).contains(value)));
    let (mean, deviation) = mean_and_deviation(&values);
    assert!((mean - 1.0).abs() < 0.003, "{mean}");
    assert!((deviation - 0.25 / 3f64.sqrt()).abs() < 0.003, "{deviation}");
}

#[test]
fn parts_are_the_parts_of_the_whole() {
    let checkpoint = Checkpoint::random(7, fan_in);
    let weights = checkpoint.weights(&Device::Cpu, Some(DType::BF16));
    // Parts that begin within a quad, within a block, and that reach over several blocks.
    for shape in [[5, 3, 7], [3, 100, 333], [3, 500, 301]] {
        let whole = weights.get("stack", &shape).unwrap();
        for index in 0..shape[0] {
            let part = weights.get_part("stack", &shape, index).unwrap();
            assert_eq!(part.dims(), &shape[1..]);
            assert_eq!(floats(&part), floats(&whole.get(index).unwrap()), "{shape:?} {index}");
        }
    }
}

#[test]
fn neighbours_do_not_repeat_each_other() {
    let values = floats(&draw(1, "w", &[1 << 18], DType::F32));
    let blocks: Vec<_> = values.chunks(1 << 16).collect();
    assert!(blocks.iter().skip(1).all(|block| block != &blocks[0]));
    let products: f64 = values.windows(2).map(|pair| f64::from(pair[0]) * f64::from(pair[1])).sum();
    let squares: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
    assert!((products / squares).abs() < 0.01, "{}", products / squares);
}

#[test]
fn empty_tensors_scalars_and_no_inputs_are_fine() {
    let checkpoint = Checkpoint::random(1, |_, _| Init::FanIn(0));
    let weights = checkpoint.weights(&Device::Cpu, None);
    assert_eq!(weights.get("none", &[0, 4]).unwrap().elem_count(), 0);
    assert!(floats(&weights.get("one", &[]).unwrap())[0].is_finite());
    assert!(weights.contains("anything"));
    assert_eq!(weights.shape("anything").unwrap(), None);
    assert!(checkpoint.names().is_empty());
    assert_eq!(checkpoint.bytes(), 0);
}

#[test]
fn shapes_beyond_memory_are_an_error() {
    let checkpoint = Checkpoint::random(1, fan_in);
    let weights = checkpoint.weights(&Device::Cpu, Some(DType::BF16));
    for shape in [&[usize::MAX, 2][..], &[1 << 62], &[usize::MAX, usize::MAX, 0]] {
        assert!(matches!(error_of(weights.get("w", shape)), Error::TooLarge { .. }), "{shape:?}");
    }
    let far = error_of(weights.get_part("w", &[usize::MAX, 4], usize::MAX - 1));
    assert!(matches!(far, Error::TooLarge { .. }), "{far}");
}

#[test]
fn renaming_changes_nothing() {
    let renamed = Checkpoint::random(1, fan_in).rename(|_| None).unwrap();
    assert_eq!(
        floats(&renamed.weights(&Device::Cpu, None).get("w", &[10]).unwrap()),
        floats(&draw(1, "w", &[10], DType::F32))
    );
}
