use std::path::Path;

use serde::Serialize;
use zonos_audio::{WavOptions, save_wav};
use zonos_codec::Codes;
use zonos_lm::FinishReason;

use crate::Result;

/// Finished speech: samples, the codes they came from, and how they came to be.
#[derive(Clone, Debug)]
pub struct Speech {
    /// One channel; full scale is ±1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate: u32,
    /// The audible frames.
    pub codes: Codes,
    /// Says that the speech is synthetic, with model, seed and parameters: goes into WAV files.
    pub comment: String,
    /// How it came to be.
    pub report: Report,
}

/// How a speech came to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The model's name or path.
    pub model: String,
    /// The seed, given or drawn.
    pub seed: u64,
    /// How often it was begun: more than once where the length did not fit the text, see [`Guard`](crate::Guard).
    pub attempts: u32,
    /// Audible frames.
    pub frames: usize,
    /// Length of the audio.
    pub seconds: f64,
    /// Seconds of computation per second of audio; absent where there is no audio.
    pub real_time_factor: Option<f64>,
    /// Why it ended: see [`FinishReason::as_str`].
    #[serde(serialize_with = "by_name")]
    pub finish_reason: FinishReason,
    /// Rows of the prompt.
    pub prompt_rows: usize,
    /// Where the time went.
    pub timings: Timings,
}

/// Where the time of a request went, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timings {
    /// Up to the logits of the first frame: the prompt, and in a batch the others' frames while it waited.
    pub prefill_s: f64,
    /// Making the frames.
    pub decode_s: f64,
    /// Turning them into samples.
    pub codec_s: f64,
    /// From the request to its first samples; absent where there are none.
    pub first_audio_s: Option<f64>,
}

impl Timings {
    /// All of it.
    pub fn total_s(&self) -> f64 {
        self.prefill_s + self.decode_s + self.codec_s
    }
}

pub(crate) fn by_name<S: serde::Serializer>(
    finish: &FinishReason,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(finish.as_str())
}

impl Speech {
    /// Saves a 16-bit WAV with a comment that the speech is synthetic. For other forms see [`Speech::wav_options`].
    ///
    /// # Errors
    /// When the file cannot be written; nothing is left of it then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(save_wav(path, &self.samples, &self.wav_options())?)
    }

    /// How [`Speech::save`] writes: to be changed and given to [`save_wav`] or [`write_wav`](crate::write_wav).
    pub fn wav_options(&self) -> WavOptions {
        WavOptions {
            sample_rate: self.sample_rate,
            comment: Some(self.comment.clone()),
            software: Some(crate::SOFTWARE.to_owned()),
            ..WavOptions::default()
        }
    }
}
