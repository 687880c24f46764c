//! Prompt rows and buckets against the reference: exact.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use zonos_lm::{Background, Conditioning, Config, Delivery, Prompt};
use zonos_tests::{ids, index, json};

/// The prompts were made with the released configuration.
fn config() -> Config {
    Config::released().unwrap()
}

fn conditioning(case: &Value) -> Conditioning {
    let quality = case["quality_buckets"].as_array().map(|list| list.iter().map(index).collect());
    Conditioning {
        speaking_rate: index(&case["speaking_rate_bucket"]),
        quality: quality.unwrap_or_default(),
        background: if case["clean_speaker_background"] == true { Background::Clean } else { Background::Noisy },
        delivery: if case["accurate_mode"] == true { Delivery::Accurate } else { Delivery::Expressive },
    }
}

#[test]
fn rows_equal_the_reference() {
    let prompts = json("prompt/prompts.json");
    let config = config();
    let voice = vec![0.0; config.speaker.unwrap().embedding_dim];
    let cases = prompts["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let voice = case["has_speaker"].as_bool().unwrap().then_some(voice.as_slice());
        let prompt = Prompt::build(&config, case["text"].as_str().unwrap(), voice, &conditioning(case)).unwrap();
        assert_eq!(prompt.ids(), ids(&case["input_ids"]), "{}", case["name"]);
        assert_eq!(prompt.rows(), case["input_ids"].as_array().unwrap().len(), "{}", case["name"]);
    }
}

#[test]
fn released_sizes_are_derived() {
    let prompts = json("prompt/prompts.json");
    let (config, derived) = (config(), &prompts["derived_released"]);
    assert_eq!(Some(config.heads), index(&derived["n_heads"]));
    assert_eq!(Some(config.kv_heads), index(&derived["n_kv_heads"]));
    assert_eq!(Some(config.inner), index(&derived["intermediate_size"]));
    assert_eq!(Some(config.norm_eps), derived["rms_norm_eps"].as_f64());
    for layer in 0..config.layers {
        let expected = index(&derived["topk_per_moe_layer"][layer.to_string()]).unwrap_or(0);
        assert_eq!(config.experts_used(layer), expected, "layer {layer}");
    }
}

#[test]
fn values_fall_into_the_reference_buckets() {
    let (config, buckets) = (config(), json("prompt/buckets.json"));
    let neutral = buckets["neutral_rate_bytes_per_second"].as_f64();
    assert_eq!(config.speaking_rate.neutral(), neutral);
    let mut conditioning = Conditioning::default();
    for case in buckets["rate"].as_array().unwrap() {
        conditioning.set_rate(&config, case["speaking_rate"].as_f64().unwrap()).unwrap();
        assert_eq!(conditioning.speaking_rate, index(&case["bucket"]), "{case}");
    }
    for case in buckets["speed"].as_array().unwrap() {
        conditioning.set_speed(&config, case["speed"].as_f64().unwrap()).unwrap();
        assert_eq!(conditioning.speaking_rate, index(&case["bucket"]), "{case}");
    }
    for case in buckets["quality"].as_array().unwrap() {
        let (feature, value) = (case["feature"].as_str().unwrap(), case["value"].as_f64().unwrap());
        conditioning.set_quality(&config, feature, value).unwrap();
        let place = config.quality.iter().position(|known| known.name == feature).unwrap();
        assert_eq!(conditioning.quality[place], index(&case["bucket"]), "{case}");
    }
}

#[test]
fn defaults_are_those_of_the_reference_api() {
    let (config, buckets) = (config(), json("prompt/buckets.json"));
    let defaults = Conditioning::defaults(&config);
    for (feature, bucket) in config.quality.iter().zip(&defaults.quality) {
        assert_eq!(*bucket, index(&buckets["default_quality_buckets"][&feature.name]), "{}", feature.name);
    }
    assert_eq!(defaults.background, Background::Noisy);
    assert_eq!(defaults.delivery, Delivery::Accurate);
    assert_eq!(defaults.speaking_rate, None);
}

#[test]
fn what_does_not_fit_the_model_is_refused() {
    let config = config();
    let build = |text: &str, voice: Option<&[f32]>, conditioning: &Conditioning| {
        Prompt::build(&config, text, voice, conditioning).map(drop).map_err(|error| error.to_string())
    };
    let plain = Conditioning::default();
    assert!(build("Hi", Some(&[0.0; 3]), &plain).unwrap_err().contains("3 numbers"));
    let long = "a".repeat(config.context);
    assert!(build(&long, None, &plain).unwrap_err().contains("split"));
    let rate = Conditioning { speaking_rate: Some(8), ..plain.clone() };
    assert!(build("Hi", None, &rate).unwrap_err().contains("0 to 7"));
    let quality = Conditioning { quality: vec![Some(12)], ..plain.clone() };
    assert!(build("Hi", None, &quality).unwrap_err().contains("0 to 11"));
    let too_many = Conditioning { quality: vec![None; 7], ..plain.clone() };
    assert!(build("Hi", None, &too_many).is_err());
    let mut unset = plain;
    assert!(unset.set_rate(&config, f64::NAN).is_err());
    assert!(unset.set_speed(&config, 0.0).is_err());
    assert!(unset.set_quality(&config, "lufs", f64::NAN).is_err());
    assert!(unset.set_quality(&config, "loudness", 1.0).unwrap_err().to_string().contains("lufs"));
}
