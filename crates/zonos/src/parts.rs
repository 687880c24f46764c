//! Codec and speaker encoder, which also serve without the backbone.

use std::path::Path;

use zonos_audio::{Audio, ReadLimits};
use zonos_codec::{Codec, CodecConfig, Codes, DecodeStream};
use zonos_speaker::{SpeakerEncoder, Voice};

use crate::model::{find_codec, find_speaker};
use crate::{EngineOptions, Error, Result};

/// A model's codec: audio to codes and back.
pub struct AudioCodec(Codec);

impl AudioCodec {
    /// Loads a model's codec and nothing else of it.
    ///
    /// # Errors
    /// When it is not there, damaged, or does not fit the device's memory.
    pub fn load(options: &EngineOptions) -> Result<Self> {
        find_codec(options)?.codec(&options.device.open()?)
    }

    pub(crate) fn new(codec: Codec) -> Self {
        Self(codec)
    }

    pub(crate) fn config(&self) -> &CodecConfig {
        self.0.config()
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> u32 {
        self.0.sample_rate()
    }

    /// Turns audio into codes.
    ///
    /// # Errors
    /// When the codec has no encoder, or the device fails.
    pub fn encode(&self, audio: Audio) -> Result<Codes> {
        Ok(self.0.encode(&audio.into_rate(self.sample_rate())?)?)
    }

    /// Turns codes into samples at [`AudioCodec::sample_rate`].
    ///
    /// # Errors
    /// When the codes are not of this codec, or the device fails.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        Ok(self.0.decode(codes)?)
    }

    /// Reads codes from a `.npy`, `.npz` or `.safetensors` file.
    ///
    /// # Errors
    /// When the file holds no codes of this codec.
    pub fn load_codes(&self, path: impl AsRef<Path>) -> Result<Codes> {
        Ok(Codes::load(path, self.0.codebook_size())?)
    }

    /// Frames on both sides of a frame that its samples depend on.
    pub(crate) fn context_frames(&self) -> usize {
        self.0.context_frames()
    }

    pub(crate) fn stream(&self) -> DecodeStream {
        DecodeStream::new(&self.0)
    }

    /// The samples of the next frames of a stream.
    pub(crate) fn decode_next(&self, stream: &mut DecodeStream, frames: usize) -> Result<Vec<f32>> {
        Ok(stream.decode(&self.0, frames)?)
    }

    pub(crate) fn codes(&self, frames: &[u32], codebooks: usize) -> Result<Codes> {
        Ok(Codes::from_frames(frames, codebooks, self.0.codebook_size())?)
    }
}

/// A model's speaker encoder: audio to voices.
pub struct VoiceEncoder(SpeakerEncoder);

impl VoiceEncoder {
    /// Loads a model's speaker encoder and nothing else of it.
    ///
    /// # Errors
    /// When it is not there, damaged, or does not fit the device's memory.
    pub fn load(options: &EngineOptions) -> Result<Self> {
        find_speaker(options)?.ok_or(Error::NoSpeakerEncoder)?.speaker(&options.device.open()?)
    }

    pub(crate) fn new(encoder: SpeakerEncoder) -> Self {
        Self(encoder)
    }

    /// Makes a voice from an audio file of any common format; a few seconds of clean speech serve best.
    ///
    /// # Errors
    /// When the file cannot be read, or is too short or too long.
    pub fn hear(&self, path: impl AsRef<Path>) -> Result<Voice> {
        self.embed(zonos_audio::read(path, &ReadLimits::default())?)
    }

    /// Makes a voice from decoded audio.
    ///
    /// # Errors
    /// When it is too short or too long.
    pub fn embed(&self, audio: Audio) -> Result<Voice> {
        Ok(self.0.embed(&audio.into_rate(self.0.sample_rate())?)?)
    }
}

/// Whether a path is named like a saved voice (`.npy`, `.npz`, `.safetensors`) rather than audio.
pub fn is_saved_voice(path: impl AsRef<Path>) -> bool {
    let extension = path.as_ref().extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["npy", "npz", "safetensors"].contains(&extension.to_ascii_lowercase().as_str()))
}
