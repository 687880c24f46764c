//! What is written into sound files: that the speech is synthetic, and how it came to be.

use zonos_lm::{Background, Delivery, Sampling};

use crate::{Pace, Quality, Request, SOFTWARE};

/// Says that the speech of a request is synthetic, with model, seed and every parameter that is in force.
pub(crate) fn comment(request: &Request, sampling: &Sampling, model: &str, seed: u64) -> String {
    let mut parts = vec![
        format!("Synthetic speech, not a recording of a person. {SOFTWARE}"),
        format!("model {model}"),
        format!("seed {seed}"),
        format!("language {}", request.language),
        drawing(sampling),
    ];
    parts.extend(request.max_frames.map(|frames| format!("max_frames {frames}")));
    parts.extend(pace(request.pace));
    parts.extend(request.quality.iter().map(|(name, target)| quality(name, target)));
    parts.extend(request.voice.as_ref().map(|_| manner(request)));
    parts.join(", ")
}

fn drawing(s: &Sampling) -> String {
    format!(
        "temperature {}, top_k {}, top_p {}, min_p {}, repetition_window {}, repetition_penalty {}, \
         repetition_codebooks {}",
        s.temperature, s.top_k, s.top_p, s.min_p, s.repetition_window, s.repetition_penalty, s.repetition_codebooks
    )
}

fn pace(pace: Pace) -> Option<String> {
    match pace {
        Pace::Free => None,
        Pace::Bucket(bucket) => Some(format!("rate_bucket {bucket}")),
        Pace::BytesPerSecond(rate) => Some(format!("rate {rate}")),
        Pace::Speed(factor) => Some(format!("speed {factor}")),
    }
}

fn quality(name: &str, target: &Quality) -> String {
    match target {
        Quality::Free => format!("{name} free"),
        Quality::Bucket(bucket) => format!("{name} bucket {bucket}"),
        Quality::Value(value) => format!("{name} {value}"),
    }
}

/// Only with a voice do these reach the model.
fn manner(request: &Request) -> String {
    let background = match request.background {
        Background::Clean => "clean",
        Background::Noisy => "noisy",
    };
    let delivery = match request.delivery {
        Delivery::Accurate => "accurate",
        Delivery::Expressive => "expressive",
    };
    format!("cloned voice, {background} background, {delivery}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_in_force_is_named() {
        let mut request = Request::new("Hi.").max_frames(9).voice(zonos_speaker::Voice::new(vec![1.0]).unwrap());
        request.pace = Pace::Speed(1.5);
        request.quality =
            vec![("lufs".to_owned(), Quality::Value(-20.0)), ("max_pause".to_owned(), Quality::Bucket(2))];
        request.delivery = Delivery::Expressive;
        let sampling = Sampling { top_k: 12, ..Sampling::default() };
        let comment = comment(&request, &sampling, "demo", 7);
        let expected = [
            "Synthetic speech",
            "model demo",
            "seed 7",
            "language en_us",
            "temperature 1.15",
            "top_k 12",
            "min_p 0.18",
            "max_frames 9",
            "speed 1.5",
            "lufs -20",
            "max_pause bucket 2",
            "noisy background",
            "expressive",
        ];
        for part in expected {
            assert!(comment.contains(part), "{part}: {comment}");
        }
        let plain = super::comment(&Request::new("Hi."), &sampling, "demo", 7);
        assert!(!plain.contains("voice") && !plain.contains("speed"), "{plain}");
    }
}
