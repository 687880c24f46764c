//! The demo model, which is part of the program: `models/demo` of the repository. Its files are not copied; they load as
//! they lie in the binary.

use std::collections::BTreeMap;

use candle_core::{DType, Device};
use zonos_codec::Codec;
use zonos_speaker::{SpeakerConfig, SpeakerEncoder, Voice};
use zonos_weights::Checkpoint;

use crate::{Error, Result};

/// The voice of requests that name none.
const VOICE: &str = "slt";

/// The content of the files.
struct Files {
    backbone: &'static [u8],
    codec: &'static [u8],
    speaker: &'static [u8],
    speaker_config: &'static str,
    /// Voices by name.
    voices: [(&'static str, &'static [u8]); 4],
}

#[cfg(not(feature = "demo"))]
static FILES: Option<Files> = None;

#[cfg(feature = "demo")]
static FILES: Option<Files> = Some(Files {
    backbone: include_bytes!("../../../models/demo/model.gguf"),
    codec: include_bytes!("../../../models/demo/codec.safetensors"),
    speaker: include_bytes!("../../../models/demo/speaker_encoder/model.safetensors"),
    speaker_config: include_str!("../../../models/demo/speaker_encoder/config.json"),
    voices: [
        ("awb", include_bytes!("../../../models/demo/voices/awb.safetensors")),
        ("kal16", include_bytes!("../../../models/demo/voices/kal16.safetensors")),
        ("rms", include_bytes!("../../../models/demo/voices/rms.safetensors")),
        ("slt", include_bytes!("../../../models/demo/voices/slt.safetensors")),
    ],
});

fn files() -> Result<&'static Files> {
    FILES.as_ref().ok_or(Error::NoDemo)
}

pub(crate) fn backbone() -> Result<Checkpoint> {
    Ok(Checkpoint::from_static("the demo model", files()?.backbone)?)
}

pub(crate) fn codec(device: &Device) -> Result<Codec> {
    let checkpoint = Checkpoint::from_static("the demo model's codec", files()?.codec)?;
    Ok(Codec::from_checkpoint(checkpoint, device, DType::F32)?)
}

pub(crate) fn speaker(device: &Device) -> Result<SpeakerEncoder> {
    let files = files()?;
    let checkpoint = Checkpoint::from_static("the demo model's speaker encoder", files.speaker)?;
    Ok(SpeakerEncoder::from_checkpoint(&checkpoint, SpeakerConfig::parse(files.speaker_config)?, device)?)
}

/// The voices that it comes with, by name; none in a build without it.
pub(crate) fn voices() -> Result<BTreeMap<String, Voice>> {
    let files = FILES.iter().flat_map(|files| files.voices);
    let load =
        |(name, bytes): (&str, &[u8])| Ok((name.to_owned(), Voice::from_bytes(format!("{name}.safetensors"), bytes)?));
    files.map(load).collect()
}

/// The voice of requests that name none.
pub(crate) fn voice() -> Result<Option<Voice>> {
    Ok(voices()?.remove(VOICE))
}
