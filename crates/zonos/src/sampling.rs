use serde::{Deserialize, Serialize};
use zonos_lm::Sampling;

/// Sampling parameters set one by one. A request's stand over its model's, which stand over the reference's defaults.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingOverrides {
    /// As [`Sampling::temperature`].
    pub temperature: Option<f32>,
    /// As [`Sampling::top_k`].
    pub top_k: Option<usize>,
    /// As [`Sampling::top_p`].
    pub top_p: Option<f32>,
    /// As [`Sampling::min_p`].
    pub min_p: Option<f32>,
    /// As [`Sampling::repetition_window`].
    pub repetition_window: Option<usize>,
    /// As [`Sampling::repetition_penalty`].
    pub repetition_penalty: Option<f32>,
    /// As [`Sampling::repetition_codebooks`].
    pub repetition_codebooks: Option<i32>,
}

impl SamplingOverrides {
    /// What is set here, and `below` for the rest.
    pub fn over(&self, below: &Sampling) -> Sampling {
        Sampling {
            temperature: self.temperature.unwrap_or(below.temperature),
            top_k: self.top_k.unwrap_or(below.top_k),
            top_p: self.top_p.unwrap_or(below.top_p),
            min_p: self.min_p.unwrap_or(below.min_p),
            repetition_window: self.repetition_window.unwrap_or(below.repetition_window),
            repetition_penalty: self.repetition_penalty.unwrap_or(below.repetition_penalty),
            repetition_codebooks: self.repetition_codebooks.unwrap_or(below.repetition_codebooks),
        }
    }
}

impl From<Sampling> for SamplingOverrides {
    fn from(sampling: Sampling) -> Self {
        Self {
            temperature: Some(sampling.temperature),
            top_k: Some(sampling.top_k),
            top_p: Some(sampling.top_p),
            min_p: Some(sampling.min_p),
            repetition_window: Some(sampling.repetition_window),
            repetition_penalty: Some(sampling.repetition_penalty),
            repetition_codebooks: Some(sampling.repetition_codebooks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_stands_over_what_lies_below() {
        let below = Sampling { temperature: 0.7, top_k: 9, ..Sampling::default() };
        let set = SamplingOverrides { top_k: Some(0), min_p: Some(0.0), ..SamplingOverrides::default() };
        assert_eq!(set.over(&below), Sampling { top_k: 0, min_p: 0.0, ..below.clone() });
        assert_eq!(SamplingOverrides::default().over(&below), below);
        assert_eq!(SamplingOverrides::from(below.clone()).over(&Sampling::greedy()), below);
    }
}
