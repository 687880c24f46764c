use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;
use zonos_audio::Audio;
use zonos_codec::Codes;
use zonos_lm::{Backbone, FinishReason, Frames, Generation, GenerationOptions, Prompt, Sampling, Script};
use zonos_speaker::Voice;

use crate::device::device_name;
use crate::model::Model;
use crate::parts::is_saved_voice;
use crate::utterance::Utterance;
use crate::{AudioCodec, DeviceChoice, Error, Precision, Request, Result, Speech, VoiceEncoder};

/// How a model is loaded.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// A name of the [`Registry`](crate::Registry), a folder or a file of weights; `None` for the registry's default.
    pub model: Option<String>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Element type of the backbone's matrices; `None` for that of the file.
    pub precision: Option<Precision>,
    /// A codec in the place of the model's own.
    pub codec: Option<PathBuf>,
    /// A speaker encoder in the place of the model's own.
    pub speaker_encoder: Option<PathBuf>,
    /// A list of models over all others, as [`Registry::load_with`](crate::Registry::load_with) takes it.
    pub models_file: Option<PathBuf>,
}

impl EngineOptions {
    /// A model with defaults for everything else.
    pub fn model(name: impl Into<String>) -> Self {
        Self { model: Some(name.into()), ..Self::default() }
    }
}

/// What a request has come to, for progress bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Frames made so far.
    pub frames: usize,
    /// Most frames that it can come to; the end of audio usually comes before.
    pub limit: usize,
}

/// A loaded model: backbone, codec and speaker encoder on one device.
///
/// Clones share the model and cost nothing. It can be used from several threads at once: nothing in it changes, and each
/// request keeps its own state. Requests that run at the same time on threads of their own share the cores; to have
/// them share the reading of the weights as well, put them into one [`Batch`](crate::Batch).
#[derive(Clone)]
pub struct Engine {
    parts: Arc<Parts>,
    script: Option<Script>,
}

struct Parts {
    name: String,
    sampling: Sampling,
    voice: Option<Voice>,
    backbone: Backbone,
    codec: AudioCodec,
    speaker: Option<VoiceEncoder>,
}

impl Parts {
    fn check_fit(&self) -> Result<()> {
        let (lm, codec) = (self.backbone.config(), self.codec.config());
        if (lm.codebooks, lm.codebook_size) == (codec.n_codebooks, codec.codebook_size) {
            return Ok(());
        }
        Err(Error::Mismatch(format!(
            "the backbone makes {} codebooks of {} codes, the codec takes {} of {}",
            lm.codebooks, lm.codebook_size, codec.n_codebooks, codec.codebook_size
        )))
    }
}

impl Engine {
    /// Loads a model by name or path, on the best device.
    ///
    /// # Errors
    /// When it is not there, damaged, or does not fit the device's memory.
    pub fn load(model: &str) -> Result<Self> {
        Self::with_options(&EngineOptions::model(model))
    }

    /// Loads a model.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn with_options(options: &EngineOptions) -> Result<Self> {
        Self::from_model(Model::find(options)?, options)
    }

    /// A model of the released sizes with random weights, for measurements; where the options name a model, only its
    /// backbone is taken. Random backbones take 15.3 GB at 16 bits; set a precision.
    ///
    /// # Errors
    /// When the named backbone is not there or damaged, or the device is not there or lacks memory.
    pub fn random_full(options: &EngineOptions) -> Result<Self> {
        Self::from_model(Model::random_full(options)?, options)
    }

    fn from_model(model: Model, options: &EngineOptions) -> Result<Self> {
        let precision = options.precision.map(Precision::dtype);
        let device = options.device.open_for(model.device_bytes(precision))?;
        // In the order written: what is small, and may fail, before what takes long.
        let parts = Parts {
            name: model.name.clone(),
            sampling: model.sampling.over(&Sampling::default()),
            voice: model.voice.clone(),
            codec: model.load_codec(&device)?,
            speaker: model.load_speaker(&device)?,
            backbone: model.load_backbone(&device, precision)?,
        };
        parts.check_fit()?;
        Ok(Self { parts: Arc::new(parts), script: None })
    }

    /// The same engine with frames from a script in the place of the sampler: for tests of what stands on it. The model
    /// computes as always.
    pub fn scripted(&self, script: Script) -> Self {
        Self { script: Some(script), ..self.clone() }
    }

    /// The model's name or path.
    pub fn model(&self) -> &str {
        &self.parts.name
    }

    /// How codes are drawn where a request leaves it open: the model's own defaults, else those of the reference.
    pub fn sampling(&self) -> &Sampling {
        &self.parts.sampling
    }

    /// What it computes on: `cpu`, `cuda` or `metal`.
    pub fn device(&self) -> &'static str {
        device_name(self.compute_device())
    }

    /// Samples per second of the speech.
    pub fn sample_rate(&self) -> u32 {
        self.codec().sample_rate()
    }

    pub(crate) fn frames_per_second(&self) -> f64 {
        f64::from(self.sample_rate()) / self.codec().config().hop() as f64
    }

    /// Makes a voice from an audio file of any common format; a few seconds of clean speech serve best. A saved voice
    /// (`.npy`, `.npz`, `.safetensors`) is loaded as it is.
    ///
    /// # Errors
    /// When the file cannot be read, is too short or too long, or the model has no speaker encoder.
    pub fn voice(&self, path: impl AsRef<Path>) -> Result<Voice> {
        let path = path.as_ref();
        if is_saved_voice(path) {
            return Ok(Voice::load(path)?);
        }
        self.encoder()?.hear(path)
    }

    /// Makes a voice from decoded audio.
    ///
    /// # Errors
    /// When it is too short or the model has no speaker encoder.
    pub fn embed(&self, audio: Audio) -> Result<Voice> {
        self.encoder()?.embed(audio)
    }

    fn encoder(&self) -> Result<&VoiceEncoder> {
        self.parts.speaker.as_ref().ok_or(Error::NoSpeakerEncoder)
    }

    /// Speaks a request.
    ///
    /// # Errors
    /// When a parameter is out of range, the text does not fit the model's context, or the device fails.
    pub fn say(&self, request: &Request) -> Result<Speech> {
        self.say_with(request, |_| true)
    }

    /// Speaks a request and tells how far it is after each frame. `false` stops it: what was made until then is
    /// returned, with [`FinishReason::Cancelled`].
    ///
    /// # Errors
    /// As [`Engine::say`].
    pub fn say_with(&self, request: &Request, mut on_progress: impl FnMut(Progress) -> bool) -> Result<Speech> {
        let mut utterance = Utterance::start(self, request)?;
        while !utterance.is_finished() {
            utterance.step()?;
            if !on_progress(utterance.progress()) {
                utterance.stop(FinishReason::Cancelled);
            }
            utterance.retry()?;
        }
        utterance.speech()
    }

    /// The request with the model's own voice where it names none.
    pub(crate) fn voiced<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        match (&request.voice, &self.parts.voice) {
            (None, Some(voice)) => Cow::Owned(request.clone().voice(voice.clone())),
            _ => Cow::Borrowed(request),
        }
    }

    pub(crate) fn prompt(&self, request: &Request) -> Result<Prompt> {
        let text = request.spoken();
        let config = self.backbone().config();
        let conditioning = request.conditioning(config)?;
        let voice = request.voice.as_ref().map(Voice::as_slice);
        Ok(Prompt::build(config, &text, voice, &conditioning)?)
    }

    /// What is to speak a prompt, before it was run.
    pub(crate) fn begin(&self, prompt: &Prompt, options: GenerationOptions) -> Result<Generation> {
        let mut generation = Generation::new(self.backbone(), prompt, options)?;
        if let Some(script) = &self.script {
            generation.follow(script.clone());
        }
        Ok(generation)
    }

    pub(crate) fn codes(&self, aligned: &Frames) -> Result<Codes> {
        self.codec().codes(aligned.ids(), aligned.codebooks())
    }

    /// Turns audio into codes.
    ///
    /// # Errors
    /// When the model's codec has no encoder, or the device fails.
    pub fn encode(&self, audio: Audio) -> Result<Codes> {
        self.codec().encode(audio)
    }

    /// Turns codes into samples at [`Engine::sample_rate`].
    ///
    /// # Errors
    /// When the codes are not of this codec, or the device fails.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.codec().decode(codes)
    }

    /// Reads codes from a `.npy` or `.safetensors` file.
    ///
    /// # Errors
    /// When the file holds no codes of this model's codec.
    pub fn load_codes(&self, path: impl AsRef<Path>) -> Result<Codes> {
        self.codec().load_codes(path)
    }

    pub(crate) fn backbone(&self) -> &Backbone {
        &self.parts.backbone
    }

    pub(crate) fn codec(&self) -> &AudioCodec {
        &self.parts.codec
    }

    pub(crate) fn compute_device(&self) -> &Device {
        self.backbone().device()
    }
}

/// Sets how many threads compute on the CPU. Call it once, before anything is computed.
///
/// # Errors
/// When threads run already, or `threads` is 0.
pub fn set_threads(threads: usize) -> Result<()> {
    let refused = |range| Error::OutOfRange { name: "threads", value: threads.to_string(), range };
    if !(1..=1024).contains(&threads) {
        return Err(refused("1 to 1024"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global().map_err(|_| refused("set once, before anything is computed"))
}
