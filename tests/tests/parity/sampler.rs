//! The sampler's distributions against the reference.

use serde_json::Value;
use zonos_lm::sampling::Distribution;
use zonos_lm::{Frames, Sampling};
use zonos_tests::{Goldens, assert_close, index, json};

const CODES: usize = 1024;
const TOLERANCE: f64 = 5e-6;

fn number(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

/// Parameters outside our ranges are brought into them as the reference does: it clamps, we refuse.
fn sampling(params: &Value) -> Sampling {
    Sampling {
        temperature: number(&params["temperature"]),
        top_k: params["topk"].as_i64().unwrap().max(0) as usize,
        top_p: number(&params["top_p"]).clamp(0.0, 1.0),
        min_p: number(&params["min_p"]),
        repetition_window: params["repetition_window"].as_i64().unwrap().max(0) as usize,
        repetition_penalty: number(&params["repetition_penalty"]).max(1.0),
        repetition_codebooks: params["repetition_codebooks"].as_i64().unwrap() as i32,
    }
}

fn history(goldens: &Goldens, case: &Value, codebooks: usize) -> Frames {
    let name = format!("history.{}", case["history"].as_str().unwrap());
    if case["history"] == "none" { Frames::new(codebooks) } else { Frames::from_ids(codebooks, goldens.ids(&name)) }
}

fn sorted(values: &[f32]) -> Vec<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted
}

fn support(values: &[f32]) -> Vec<usize> {
    values.iter().enumerate().filter(|(_, value)| **value > 0.0).map(|(id, _)| id).collect()
}

#[test]
fn distributions_equal_the_reference() {
    let (goldens, json) = (Goldens::read("sampler/sampler.safetensors"), json("sampler/sampler.json"));
    let cases = json["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let logits = goldens.get(&format!("logits.{}", case["logits"].as_str().unwrap()));
        let (codebooks, ids) = logits.dims2().unwrap();
        let (logits, expected) = (zonos_tests::values(logits), goldens.f32(&format!("probs.{name}")));
        let (sampling, made) = (sampling(&case["params"]), history(&goldens, case, codebooks));
        let mut distribution = Distribution::default();
        for codebook in 0..codebooks {
            let row = codebook * ids..(codebook + 1) * ids;
            distribution.compute(&logits[row.clone()], &sampling, &made, codebook, CODES);
            check(&format!("{name} codebook {codebook}"), distribution.probabilities(), &expected[row], case);
            assert_eq!(distribution.likeliest() as usize, index(&case["argmax_penalized_logits"][codebook]).unwrap());
        }
    }
}

fn check(name: &str, actual: &[f32], expected: &[f32], case: &Value) {
    if case["top_p_cut_inside_tie_group"] == true {
        return assert_close(name, &sorted(actual), &sorted(expected), TOLERANCE, None);
    }
    assert_eq!(support(actual), support(expected), "{name}: support");
    assert_close(name, actual, expected, TOLERANCE, None);
}

#[test]
fn every_parameter_out_of_range_is_refused() {
    let config = zonos_lm::Config::released().unwrap();
    let good = Sampling::default();
    good.check(&config).unwrap();
    let bad = [
        ("temperature", Sampling { temperature: 2.1, ..good.clone() }),
        ("temperature", Sampling { temperature: f32::NAN, ..good.clone() }),
        ("top_k", Sampling { top_k: 2049, ..good.clone() }),
        ("top_p", Sampling { top_p: -0.1, ..good.clone() }),
        ("min_p", Sampling { min_p: 1.5, ..good.clone() }),
        ("repetition_window", Sampling { repetition_window: 6145, ..good.clone() }),
        ("repetition_penalty", Sampling { repetition_penalty: 0.9, ..good.clone() }),
        ("repetition_codebooks", Sampling { repetition_codebooks: 10, ..good.clone() }),
        ("repetition_codebooks", Sampling { repetition_codebooks: -2, ..good }),
    ];
    for (name, sampling) in bad {
        let message = sampling.check(&config).unwrap_err().to_string();
        assert!(message.contains(name), "{message}");
    }
}
