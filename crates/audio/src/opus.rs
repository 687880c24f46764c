//! Opus packets: what the container says about them, and what it leaves to the player.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;

/// Frames of the longest packet, 120 ms.
const MAX_FRAMES: usize = 5760;

/// A decoder for one or two channels at 48 kHz, which is what Opus is made of inside.
pub(crate) struct OpusDecoder {
    decoder: opus_rs::OpusDecoder,
    channels: usize,
    gain: f32,
    /// Frames still to be dropped at the beginning.
    skip: usize,
    /// Whether the container counts time in frames, so that it can say how much of the last packet is padding.
    counts_frames: bool,
    samples: Vec<f32>,
}

impl OpusDecoder {
    /// Samples per second of everything this decoder makes.
    pub(crate) const RATE: u32 = 48_000;

    /// The error says what is not supported.
    pub(crate) fn new(params: &AudioCodecParameters, time_base: Option<TimeBase>) -> Result<Self, String> {
        let head = params.extra_data.as_deref().and_then(Head::parse).ok_or("Opus without a header")?;
        if head.family != 0 || !(1..=2).contains(&head.channels) {
            return Err(format!("Opus with {} channels of mapping family {}", head.channels, head.family));
        }
        let channels = usize::from(head.channels);
        Ok(Self {
            decoder: opus_rs::OpusDecoder::new(Self::RATE as i32, channels)?,
            channels,
            gain: 10_f32.powf(f32::from(head.gain) / (20.0 * 256.0)),
            skip: usize::from(head.pre_skip),
            counts_frames: time_base.is_some_and(|base| base.numer.get() == 1 && base.denom.get() == Self::RATE),
            samples: vec![0.0; MAX_FRAMES * channels],
        })
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Decodes a packet to interleaved samples, none of them beyond ±1.
    pub(crate) fn decode(&mut self, packet: &Packet) -> Result<&[f32], &'static str> {
        let frames = packet_frames(&packet.data).ok_or("opus: not a packet")?;
        let samples = &mut self.samples[..frames * self.channels];
        let decoded = self.decoder.decode(&packet.data, frames, samples)?.min(frames);
        let start = self.skip.min(decoded);
        self.skip -= start;
        let padding = if self.counts_frames { packet.trim_end.get() } else { 0 };
        let end = decoded.saturating_sub(usize::try_from(padding).unwrap_or(usize::MAX)).max(start);
        let samples = &mut self.samples[start * self.channels..end * self.channels];
        // Damaged packets can come out a thousand times too loud.
        samples.iter_mut().for_each(|sample| *sample = (*sample * self.gain).clamp(-1.0, 1.0));
        Ok(samples)
    }
}

/// The fields of an identification header (RFC 7845, 5.1) that matter for decoding.
struct Head {
    channels: u8,
    pre_skip: u16,
    gain: i16,
    family: u8,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[version, channels, skip0, skip1, _, _, _, _, gain0, gain1, family], _) =
            bytes.strip_prefix(b"OpusHead")?.split_first_chunk()?;
        // Ogg and Matroska hold version 1. MP4 counts from 0 and has the same fields with the high byte first.
        let int = if version == 0 { u16::from_be_bytes } else { u16::from_le_bytes };
        let gain = int([gain0, gain1]).cast_signed();
        Some(Self { channels, pre_skip: int([skip0, skip1]), gain, family })
    }
}

/// The frames of a packet at 48 kHz per channel, by its first bytes (RFC 6716, 3.1); `None` if they make no sense.
fn packet_frames(packet: &[u8]) -> Option<usize> {
    let &toc = packet.first()?;
    let frame = match toc >> 3 {
        mode @ 0..12 => [480, 960, 1920, 2880][usize::from(mode & 3)],
        mode @ 12..16 => [480, 960][usize::from(mode & 1)],
        mode => [120, 240, 480, 960][usize::from(mode & 3)],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    Some(frame * count).filter(|frames| (1..=MAX_FRAMES).contains(frames))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels, 312 frames to skip, 48 kHz, −2 dB, family 0: as in Ogg, and as in MP4.
    const OGG: &[u8] = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\xfe\x00";
    const MP4: &[u8] = b"OpusHead\x00\x02\x01\x38\x00\x00\xbb\x80\xfe\x00\x00";

    #[test]
    fn heads_in_both_byte_orders() {
        for bytes in [OGG, MP4] {
            let head = Head::parse(bytes).unwrap();
            assert_eq!((head.channels, head.pre_skip, head.gain, head.family), (2, 312, -512, 0));
            assert!(Head::parse(&bytes[..18]).is_none());
        }
        assert!(Head::parse(b"OpusTags\x01\x02\x38\x01\x80\xbb\x00\x00\x00\xfe\x00").is_none());
    }

    #[test]
    fn the_gain_of_the_head_is_applied() {
        let mut params = AudioCodecParameters::new();
        params.with_extra_data(OGG.into());
        let decoder = OpusDecoder::new(&params, None).unwrap();
        assert!((20.0 * decoder.gain.log10() + 2.0).abs() < 1e-5);
        params.with_extra_data(MP4[..12].into());
        assert!(OpusDecoder::new(&params, None).is_err());
    }

    #[test]
    fn packet_lengths() {
        let lengths: [(&[u8], Option<usize>); 10] = [
            (&[0], Some(480)),
            (&[3 << 3], Some(2_880)),
            (&[13 << 3 | 1], Some(1_920)),
            (&[16 << 3], Some(120)),
            (&[31 << 3 | 2], Some(1_920)),
            (&[16 << 3 | 3, 48], Some(5_760)),
            (&[16 << 3 | 3, 49], None),
            (&[3 << 3 | 3, 0], None),
            (&[3], None),
            (&[], None),
        ];
        for (packet, frames) in lengths {
            assert_eq!(packet_frames(packet), frames, "{packet:?}");
        }
    }
}
