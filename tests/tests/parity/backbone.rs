//! The backbone against the reference: hidden states layer by layer, router choices, logits, greedy frames.

use candle_core::{DType, IndexOp, Tensor};
use serde_json::Value;
use zonos_lm::{
    Backbone, Background, Conditioning, Config, Delivery, GenerationOptions, KvCache, Prompt, Sampling, Trace, generate,
};
use zonos_tests::{Goldens, assert_close, device, fixture, ids, index, json, rms_difference, values};
use zonos_weights::Checkpoint;

const HIDDEN: f64 = 2e-4;
const LOGITS: f64 = 5e-4;
const LOGITS_RMS: f64 = 2.5e-5;
const ROUTER: f64 = 2e-5;
/// Bounds for bfloat16: median error per position, share of agreeing argmaxes.
const BF16_MEDIAN_RMS: f64 = 0.3;
const BF16_AGREEMENT: f64 = 0.8;

fn parts(file: &str) -> (Config, Checkpoint) {
    let config = Config::read(&fixture("backbone_tiny/params.json")).unwrap();
    (config, Checkpoint::open(fixture(&format!("backbone_tiny/{file}"))).unwrap())
}

fn load(file: &str, dtype: Option<DType>) -> Backbone {
    let (config, checkpoint) = parts(file);
    Backbone::load(config, checkpoint, &device(), dtype).unwrap()
}

fn in_f32() -> Backbone {
    load("model.safetensors", Some(DType::F32))
}

fn prompts() -> Vec<Value> {
    json("backbone_tiny/goldens.json")["prompts"].as_array().unwrap().clone()
}

fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap()
}

/// The prompt of a case, built by us from its text and options.
fn prompt(config: &Config, goldens: &Goldens, case: &Value) -> Prompt {
    let mut conditioning = Conditioning {
        speaking_rate: index(&case["speaking_rate_bucket"]),
        background: if case["clean_speaker_background"] == true { Background::Clean } else { Background::Noisy },
        delivery: if case["accurate_mode"] == true { Delivery::Accurate } else { Delivery::Expressive },
        ..Conditioning::default()
    };
    match &case["quality_buckets"] {
        Value::Array(list) => conditioning.quality = list.iter().map(index).collect(),
        Value::Object(by_name) => by_name.iter().for_each(|(feature, bucket)| {
            conditioning.set_quality_bucket(config, feature, index(bucket)).unwrap();
        }),
        _ => {}
    }
    let voice = (case["speaker"] == true).then(|| goldens.f32(&format!("{}.speaker_embedding", name(case))));
    let prompt = Prompt::build(config, case["text"].as_str().unwrap(), voice.as_deref(), &conditioning).unwrap();
    assert_eq!(prompt.ids(), goldens.ids(&format!("{}.input_ids", name(case))));
    prompt
}

struct Case {
    name: String,
    prompt: Prompt,
    greedy: Vec<Vec<u32>>,
}

fn cases(config: &Config, goldens: &Goldens) -> Vec<Case> {
    let case = |case: &Value| Case {
        name: name(case).to_owned(),
        prompt: prompt(config, goldens, case),
        greedy: ids(&case["greedy_frames"]).chunks(config.codebooks).map(<[u32]>::to_vec).collect(),
    };
    let cases: Vec<Case> = prompts().iter().map(case).collect();
    assert!(!cases.is_empty());
    cases
}

/// Logits of the last prompt row, then after each of the given frames: [1 + frames, codebooks, ids].
fn forced(backbone: &Backbone, prompt: &Prompt, frames: &[Vec<u32>]) -> Tensor {
    let mut cache = backbone.new_cache().unwrap();
    let mut rows = vec![backbone.prefill(prompt, &mut cache).unwrap().unsqueeze(0).unwrap()];
    rows.extend(frames.iter().map(|frame| backbone.decode(&[frame], &mut [&mut cache]).unwrap()));
    Tensor::cat(&rows, 0).unwrap()
}

#[test]
fn every_stage_equals_the_reference() {
    // Kernels on a card show no stages.
    let (config, checkpoint) = parts("model.safetensors");
    let backbone = Backbone::by_operators(config, checkpoint, &device(), Some(DType::F32)).unwrap();
    let goldens = Goldens::read("backbone_tiny/goldens.safetensors");
    for Case { name, prompt, .. } in cases(backbone.config(), &goldens) {
        let mut trace = Trace::default();
        let logits = backbone.observe(&prompt, &mut backbone.new_cache().unwrap(), &mut trace).unwrap();
        let check = |part: &str, tensor: &Tensor, max: f64, rms: Option<f64>| {
            let part = format!("{name}.{part}");
            assert_close(&part, &values(tensor), &goldens.f32(&part), max, rms);
        };
        check("emb_norm", &trace.embedding.unwrap(), HIDDEN, None);
        for (layer, x) in trace.layers.iter().enumerate() {
            check(&format!("layer.{layer}"), x, HIDDEN, None);
        }
        check("out_norm", &trace.output.unwrap(), HIDDEN, None);
        check("logits", &logits, LOGITS, Some(LOGITS_RMS));
        let routed = goldens
            .names()
            .iter()
            .filter(|part| part.starts_with(&format!("{name}.router.")) && part.ends_with(".softmax"))
            .count();
        assert_eq!(trace.routers.len(), routed, "{name}: mixture layers");
        for (layer, routing) in &trace.routers {
            let part = format!("{name}.router.{layer}");
            check(&format!("router.{layer}.softmax"), &routing.probabilities, ROUTER, None);
            assert_eq!(routing.experts.concat(), goldens.ids(&format!("{part}.expert_ids")), "{part}");
            let weights = goldens.f32(&format!("{part}.expert_weights"));
            assert_close(&part, &routing.weights.concat(), &weights, ROUTER, None);
        }
    }
}

#[test]
fn logits_of_prompts_equal_the_reference() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    for Case { name, prompt, .. } in cases(backbone.config(), &goldens) {
        let logits = backbone.observe(&prompt, &mut backbone.new_cache().unwrap(), &mut ()).unwrap();
        let part = format!("{name}.logits");
        assert_close(&part, &values(&logits), &goldens.f32(&part), LOGITS, Some(LOGITS_RMS));
    }
}

#[test]
fn greedy_frames_equal_the_reference() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    for Case { name, prompt, greedy } in cases(backbone.config(), &goldens) {
        let options = GenerationOptions {
            sampling: Sampling::greedy(),
            max_frames: Some(greedy.len()),
            ignore_end: true,
            ..GenerationOptions::default()
        };
        let generated = generate(&backbone, &prompt, &options, |_| true).unwrap();
        assert_eq!(generated.frames.ids(), greedy.concat(), "{name}");
    }
}

#[test]
fn forced_logits_equal_the_reference() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    for Case { name, prompt, greedy } in cases(backbone.config(), &goldens) {
        let logits = forced(&backbone, &prompt, &greedy);
        let part = format!("{name}.greedy.logits");
        assert_close(&part, &values(&logits), &goldens.f32(&part), LOGITS, Some(LOGITS_RMS));
    }
}

#[test]
fn decoding_with_the_cache_equals_computing_everything_again() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    let case = &cases(backbone.config(), &goldens)[0];
    // A text of other length has its silence elsewhere, so the same rows are reached by prefill and by decode only
    // through the prompt itself: feed its silence rows, frame by frame, to a cache that saw the rows before them.
    let mut whole = backbone.new_cache().unwrap();
    let expected = backbone.observe(&case.prompt, &mut whole, &mut ()).unwrap();
    let width = backbone.config().row_width();
    let silence = 17;
    let before = case.prompt.rows() - silence;
    let mut cache = backbone.new_cache().unwrap();
    backbone.observe(&case.prompt.prefix(before), &mut cache, &mut ()).unwrap();
    for row in before..case.prompt.rows() {
        let frame = &case.prompt.ids()[row * width..(row + 1) * width - 1];
        let logits = backbone.decode(&[frame], &mut [&mut cache]).unwrap();
        assert_close("decode", &values(&logits), &values(&expected.i(row).unwrap()), 2e-4, Some(LOGITS_RMS));
    }
    assert_eq!(cache.rows(), whole.rows());
}

#[test]
fn a_batch_gives_each_sequence_what_it_gets_alone() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    let cases = cases(backbone.config(), &goldens);
    let alone: Vec<Tensor> = cases.iter().map(|case| forced(&backbone, &case.prompt, &case.greedy)).collect();
    let mut caches: Vec<KvCache> = cases.iter().map(|_| backbone.new_cache().unwrap()).collect();
    for (case, cache) in cases.iter().zip(&mut caches) {
        backbone.prefill(&case.prompt, cache).unwrap();
    }
    let steps = cases.iter().map(|case| case.greedy.len()).min().unwrap();
    for step in 0..steps {
        let frames: Vec<&[u32]> = cases.iter().map(|case| case.greedy[step].as_slice()).collect();
        let logits = backbone.decode(&frames, &mut caches.iter_mut().collect::<Vec<_>>()).unwrap();
        for (row, alone) in alone.iter().enumerate() {
            assert_same(&format!("step {step} row {row}"), &logits.i(row).unwrap(), &alone.i(step + 1).unwrap());
        }
    }
}

#[test]
fn a_prompt_in_pieces_gives_the_logits_of_the_whole() {
    for dtype in [DType::F32, DType::BF16, DType::F16] {
        let backbone = load("model.safetensors", Some(dtype));
        let goldens = Goldens::read("backbone_tiny/goldens.safetensors");
        for Case { name, prompt, greedy } in cases(backbone.config(), &goldens) {
            let expected = forced(&backbone, &prompt, &greedy);
            for rows in [1, 3, 8, 31, 32, 64] {
                let mut cache = backbone.new_cache().unwrap();
                let mut logits = None;
                while logits.is_none() {
                    logits = backbone.prefill_piece(&prompt, &mut cache, rows).unwrap();
                }
                assert_eq!(cache.rows(), prompt.rows());
                let name = format!("{name} in {dtype:?} by {rows} rows");
                assert_same(&name, &logits.unwrap(), &expected.i(0).unwrap());
                let next = backbone.decode(&[&greedy[0]], &mut [&mut cache]).unwrap();
                assert_same(&name, &next.i(0).unwrap(), &expected.i(1).unwrap());
            }
        }
    }
}

#[test]
fn a_prompt_that_was_run_is_not_run_again() {
    let (backbone, goldens) = (in_f32(), Goldens::read("backbone_tiny/goldens.safetensors"));
    let Case { prompt, .. } = cases(backbone.config(), &goldens).swap_remove(0);
    let mut cache = backbone.new_cache().unwrap();
    assert!(backbone.prefill_piece(&prompt, &mut cache, 0).is_err());
    assert!(backbone.prefill_piece(&prompt, &mut cache, 1).unwrap().is_none());
    assert!(backbone.prefill(&prompt, &mut cache).unwrap_err().to_string().contains("rows in the cache is 1"));
    assert!(backbone.prefill_piece(&prompt, &mut cache, usize::MAX).unwrap().is_some());
    assert!(backbone.prefill_piece(&prompt, &mut cache, 1).is_err());
}

/// Equal to the bit on the CPU. On a card products of other sizes may add up in another order.
fn assert_same(name: &str, actual: &Tensor, expected: &Tensor) {
    let (actual, expected) = (values(actual), values(expected));
    match device().is_cpu() {
        true => assert_eq!(actual, expected, "{name}"),
        false => assert_close(name, &actual, &expected, LOGITS, Some(LOGITS_RMS)),
    }
}

#[test]
fn a_torch_archive_gives_the_same_model_as_safetensors() {
    let (a, b) = (load("model.safetensors", None), load("model.pth", None));
    let goldens = Goldens::read("backbone_tiny/goldens.safetensors");
    for case in cases(a.config(), &goldens) {
        let (a, b) = (forced(&a, &case.prompt, &case.greedy), forced(&b, &case.prompt, &case.greedy));
        assert_eq!(values(&a), values(&b), "{}", case.name);
    }
}

/// Median over positions of the root mean square error, and the share of positions and codebooks with equal argmax.
fn half_precision(dtype: DType) -> (f64, f64) {
    let (backbone, goldens) =
        (load("model.safetensors", Some(dtype)), Goldens::read("backbone_tiny/goldens.safetensors"));
    let (mut errors, mut agreeing, mut compared) = (Vec::new(), 0, 0);
    for Case { name, prompt, greedy } in cases(backbone.config(), &goldens) {
        let prefill = backbone.observe(&prompt, &mut backbone.new_cache().unwrap(), &mut ()).unwrap();
        let decode = forced(&backbone, &prompt, &greedy);
        for (logits, reference) in [(prefill, "logits"), (decode, "greedy.logits")] {
            let (_, codebooks, ids) = logits.dims3().unwrap();
            let (logits, reference) = (values(&logits), goldens.f32(&format!("{name}.{reference}")));
            let positions = logits.chunks(codebooks * ids).zip(reference.chunks(codebooks * ids));
            errors.extend(positions.map(|(a, b)| rms_difference(a, b)));
            let rows = logits.chunks(ids).zip(reference.chunks(ids));
            agreeing += rows.filter(|(a, b)| argmax(a) == argmax(b)).count();
            compared += logits.len() / ids;
        }
    }
    errors.sort_by(f64::total_cmp);
    (errors[errors.len() / 2], agreeing as f64 / compared as f64)
}

fn argmax(row: &[f32]) -> usize {
    (0..row.len()).reduce(|best, id| if row[id] > row[best] { id } else { best }).unwrap()
}

#[test]
fn half_precision_stays_near_the_reference() {
    for dtype in [DType::BF16, DType::F16] {
        let (median, agreement) = half_precision(dtype);
        println!("{dtype:?}: median rms {median:.4}, argmax agreement {agreement:.3}");
        assert!(median < BF16_MEDIAN_RMS, "{dtype:?}: median rms {median}");
        assert!(agreement > BF16_AGREEMENT, "{dtype:?}: argmax agreement {agreement}");
    }
}
