//! From encoded bytes to one channel of samples.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use crate::opus::OpusDecoder;
use crate::resample::check_rate;
use crate::{Audio, Error, ReadLimits, Result};

/// As many as the largest cinema format (22.2) has.
const MAX_CHANNELS: usize = 24;

/// The most frames that are held, whatever the sample rate claims to be: 512 MiB.
const MAX_FRAMES: u64 = 1 << 27;

/// Decodes what `source` holds.
///
/// Demuxers and decoders are other people's code fed with files from anywhere, and some of it indexes out of bounds
/// when those are hostile. A panic in there is a damaged file to us. This is the only place where panics are caught:
/// everything that was being built is dropped, so nothing half-done is seen. (The program's panic hook still runs, so
/// by default a message appears on standard error.)
pub(crate) fn decode(source: Box<dyn MediaSource + '_>, origin: &str, limits: &ReadLimits) -> Result<Audio> {
    catch_unwind(AssertUnwindSafe(|| run(source, origin, limits)))
        .unwrap_or_else(|_| Err(Error::Damaged { origin: origin.to_owned(), what: "the decoder gave up".into() }))
}

fn run(source: Box<dyn MediaSource + '_>, origin: &str, limits: &ReadLimits) -> Result<Audio> {
    let mut format = open(source).map_err(|fault| cannot_open(fault, origin))?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::Unsupported { origin: origin.to_owned(), what: "it has no audio track".into() })?;
    let id = track.id;
    let mut decoder = Decoder::new(track).map_err(|what| Error::Unsupported { origin: origin.to_owned(), what })?;
    let mut mix = Mix::new(origin, limits);
    while let Some(packet) = next_packet(format.as_mut(), &mut mix)? {
        if packet.track_id == id {
            decode_packet(&mut decoder, &packet, &mut mix)?;
        }
    }
    mix.finish()
}

fn open(source: Box<dyn MediaSource + '_>) -> Result<Box<dyn FormatReader + '_>, Fault> {
    let stream = MediaSourceStream::new(source, MediaSourceStreamOptions::default());
    symphonia::default::get_probe().probe(
        &Default::default(),
        stream,
        FormatOptions::default(),
        MetadataOptions::default(),
    )
}

fn cannot_open(fault: Fault, origin: &str) -> Error {
    let origin = origin.to_owned();
    match fault {
        Fault::IoError(source) if is_from_system(&source) => Error::Read { origin, source },
        Fault::Unsupported(what) if what.starts_with("core (probe)") => Error::UnknownFormat { origin },
        // How demuxers put it when the file ends before the part they look for.
        Fault::Unsupported(what) if what.contains("missing") => Error::Damaged { origin, what: what.into() },
        Fault::Unsupported(what) => Error::Unsupported { origin, what: what.into() },
        fault => Error::Damaged { origin, what: fault.to_string() },
    }
}

/// Whether an error came from the operating system, rather than from a reader that missed bytes.
fn is_from_system(error: &std::io::Error) -> bool {
    error.raw_os_error().is_some()
}

/// The next packet of any track. Damage that the demuxer cannot step over ends the audio, like its regular end.
fn next_packet(format: &mut dyn FormatReader, mix: &mut Mix) -> Result<Option<Packet>> {
    match format.next_packet() {
        Ok(packet) => Ok(packet),
        Err(fault) => mix.note(fault).map(|()| None),
    }
}

fn decode_packet(decoder: &mut Decoder, packet: &Packet, mix: &mut Mix) -> Result<()> {
    match decoder.decode(packet) {
        Ok(block) => mix.add(&block),
        Err(fault) => mix.note(fault),
    }
}

/// Interleaved samples of one packet.
struct Block<'a> {
    samples: &'a [f32],
    channels: usize,
    rate: u32,
}

enum Decoder {
    Opus(Box<OpusDecoder>),
    Other { decoder: Box<dyn AudioDecoder>, samples: Vec<f32> },
}

impl Decoder {
    /// The error says what is not supported.
    fn new(track: &Track) -> Result<Self, String> {
        let params = track.codec_params.as_ref().and_then(CodecParameters::audio).ok_or("unknown codec")?;
        if params.codec == CODEC_ID_OPUS {
            return OpusDecoder::new(params, track.time_base).map(|opus| Self::Opus(Box::new(opus)));
        }
        Self::other(params).map_err(|fault| fault.to_string())
    }

    fn other(params: &AudioCodecParameters) -> Result<Self, Fault> {
        let options = AudioDecoderOptions::default();
        let decoder = symphonia::default::get_codecs().make_audio_decoder(params, &options)?;
        Ok(Self::Other { decoder, samples: Vec::new() })
    }

    fn decode(&mut self, packet: &Packet) -> Result<Block<'_>, Fault> {
        match self {
            Self::Opus(decoder) => {
                let (channels, rate) = (decoder.channels(), OpusDecoder::RATE);
                Ok(Block { samples: decoder.decode(packet).map_err(Fault::DecodeError)?, channels, rate })
            }
            Self::Other { decoder, samples } => {
                let buffer = decoder.decode(packet)?;
                buffer.copy_to_vec_interleaved(samples);
                let spec = buffer.spec();
                Ok(Block { samples, channels: spec.channels().count(), rate: spec.rate() })
            }
        }
    }
}

/// The audio so far, and what went wrong so far.
struct Mix<'a> {
    origin: &'a str,
    max_seconds: u32,
    audio: Audio,
    fault: Option<String>,
}

impl<'a> Mix<'a> {
    fn new(origin: &'a str, limits: &ReadLimits) -> Self {
        let audio = Audio { samples: Vec::new(), sample_rate: 0, source_channels: 0 };
        Self { origin, max_seconds: limits.max_seconds, audio, fault: None }
    }

    /// Remembers why something was skipped. Only errors of the operating system are returned.
    fn note(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::IoError(source) if is_from_system(&source) => {
                Err(Error::Read { origin: self.origin.to_owned(), source })
            }
            fault => {
                self.fault.get_or_insert(fault.to_string());
                Ok(())
            }
        }
    }

    fn add(&mut self, block: &Block) -> Result<()> {
        if block.samples.is_empty() {
            return Ok(());
        }
        self.check_spec(block)?;
        self.append_mean(block)?;
        self.check_len()
    }

    /// Takes the format of the first block and checks that the others fit to it.
    fn check_spec(&mut self, block: &Block) -> Result<()> {
        let origin = || self.origin.to_owned();
        if block.channels > MAX_CHANNELS {
            return Err(Error::Channels { origin: origin(), channels: block.channels, max: MAX_CHANNELS });
        }
        if self.audio.samples.is_empty() {
            check_rate(block.rate, self.origin)?;
            self.audio.sample_rate = block.rate;
            self.audio.source_channels = block.channels;
        }
        if block.rate != self.audio.sample_rate {
            let what = format!("its sample rate changes from {} to {} Hz", self.audio.sample_rate, block.rate);
            return Err(Error::Unsupported { origin: origin(), what });
        }
        Ok(())
    }

    fn append_mean(&mut self, block: &Block) -> Result<()> {
        let samples = &mut self.audio.samples;
        let start = samples.len();
        let channels = block.channels as f32;
        samples.extend(block.samples.chunks_exact(block.channels).map(|frame| frame.iter().sum::<f32>() / channels));
        match samples[start..].iter().position(|sample| !sample.is_finite()) {
            Some(at) => Err(Error::NonFinite { origin: self.origin.to_owned(), index: start + at }),
            None => Ok(()),
        }
    }

    fn check_len(&self) -> Result<()> {
        let rate = u64::from(self.audio.sample_rate);
        let max_frames = MAX_FRAMES.min(u64::from(self.max_seconds) * rate);
        if self.audio.samples.len() as u64 <= max_frames {
            return Ok(());
        }
        // At most the 32-bit number that it was made from.
        Err(Error::TooLong { origin: self.origin.to_owned(), max_seconds: (max_frames / rate) as u32 })
    }

    fn finish(self) -> Result<Audio> {
        match (self.audio.samples.is_empty(), self.fault) {
            (false, _) => Ok(self.audio),
            (true, Some(what)) => Err(Error::Damaged { origin: self.origin.to_owned(), what }),
            (true, None) => Err(Error::NoSamples { origin: self.origin.to_owned() }),
        }
    }
}
