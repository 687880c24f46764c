use std::iter::repeat_n;

use crate::config::FIRST_BYTE_ID;
use crate::delay::delay;
use crate::{Background, Conditioning, Config, Delivery, Error, Frames, Result};

const BEGIN_OF_TEXT: u32 = 2;
const END_OF_TEXT: u32 = 3;

/// 0.2 s of silence as the codec says it, before the delay pattern; from the published prompt builder.
const SILENCE: [[u32; 9]; 17] = {
    let mut frames = [[568, 804, 10, 674, 364, 981, 568, 378, 731]; 17];
    frames[0] = [568, 778, 338, 524, 967, 360, 728, 550, 90];
    frames[1] = [568, 778, 10, 674, 364, 981, 741, 378, 731];
    frames[16] = [568, 778, 721, 842, 264, 974, 989, 507, 308];
    frames
};

/// The input rows that come before the first generated frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    ids: Vec<u32>,
    width: usize,
    voice: Option<Vec<f32>>,
}

impl Prompt {
    /// Builds the rows of a text, already normalized, with an optional voice (a raw speaker vector):
    /// speaker slot, background and delivery marks, speaking rate, qualities, text, and 0.2 s of silence.
    ///
    /// # Errors
    /// When the voice does not fit the model, a bucket is out of range, or no context is left for audio.
    pub fn build(config: &Config, text: &str, voice: Option<&[f32]>, conditioning: &Conditioning) -> Result<Self> {
        conditioning.check(config)?;
        check_voice(config, voice)?;
        let mut rows = Rows { config, ids: Vec::new() };
        if voice.is_some() {
            rows.text(config.text_pad());
        }
        rows.all_text(conditioning_ids(config, voice.is_some(), conditioning));
        rows.text(BEGIN_OF_TEXT);
        rows.all_text(text.bytes().map(|byte| FIRST_BYTE_ID as u32 + u32::from(byte)));
        rows.text(END_OF_TEXT);
        rows.silence();
        let prompt = Self { ids: rows.ids, width: config.row_width(), voice: voice.map(<[f32]>::to_vec) };
        if prompt.rows() >= config.context {
            return Err(Error::PromptTooLong { rows: prompt.rows(), context: config.context });
        }
        Ok(prompt)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ids.len() / self.width
    }

    /// The first rows alone, for analysis: with [`crate::Backbone::observe`] they fill a cache without the rest.
    pub fn prefix(&self, rows: usize) -> Self {
        let ids = self.ids.iter().take(rows * self.width).copied().collect();
        Self { ids, ..self.clone() }
    }

    /// At most `rows` rows, behind the first `first` ones.
    pub(crate) fn piece(&self, first: usize, rows: usize) -> Piece<'_> {
        let first = first.min(self.rows());
        let end = first.saturating_add(rows).min(self.rows());
        Piece {
            ids: self.ids.get(first * self.width..end * self.width).unwrap_or_default(),
            voice: self.voice().filter(|_| first == 0),
            is_last: end == self.rows(),
        }
    }

    /// Ids row by row: one for each codebook, then the text id.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The speaker vector, which takes the place of the first row's embedding.
    pub fn voice(&self) -> Option<&[f32]> {
        self.voice.as_deref()
    }
}

/// Consecutive rows of a prompt, which are run together.
pub(crate) struct Piece<'a> {
    /// Ids row by row.
    pub(crate) ids: &'a [u32],
    /// The speaker vector, if the first row of the prompt is among these.
    pub(crate) voice: Option<&'a [f32]>,
    /// Whether the prompt ends with these.
    pub(crate) is_last: bool,
}

/// How much of the prompts that are left is run before the next frame of those who speak.
#[derive(Clone, Copy)]
pub(crate) struct Pieces {
    /// Rows of a piece.
    pub(crate) rows: usize,
    /// Pieces before a frame.
    pub(crate) before_frame: usize,
    /// A piece behind so many rows, which attention reads, too, goes before a frame alone.
    pub(crate) alone_behind: usize,
}

impl Pieces {
    /// Whatever is left at once, for there is nobody who waits.
    pub(crate) const WHOLE: Self = Self { rows: usize::MAX, before_frame: 1, alone_behind: usize::MAX };

    /// How many of the pieces before a frame one behind `rows` rows stands for.
    pub(crate) fn share(&self, rows: usize) -> usize {
        if rows < self.alone_behind { 1 } else { self.before_frame }
    }
}

fn check_voice(config: &Config, voice: Option<&[f32]>) -> Result<()> {
    let Some(voice) = voice else { return Ok(()) };
    let expected = config.speaker.ok_or(Error::NoSpeaker)?.embedding_dim;
    if voice.len() == expected { Ok(()) } else { Err(Error::VoiceLength { found: voice.len(), expected }) }
}

/// Conditioning ids in prompt order. In the vocabulary they stand at the end of the text ids: rates, qualities,
/// clean, noisy, accurate.
fn conditioning_ids(config: &Config, has_voice: bool, conditioning: &Conditioning) -> Vec<u32> {
    let first_rate = config.text_vocab - config.conditioning_ids();
    let mut first = first_rate + config.speaking_rate.len();
    let mut qualities = Vec::new();
    for (index, feature) in config.quality.iter().enumerate() {
        qualities.extend(conditioning.quality.get(index).copied().flatten().map(|bucket| first + bucket));
        first += feature.buckets.len();
    }
    let mut ids = Vec::new();
    if has_voice && config.background_ids {
        ids.push(first + usize::from(conditioning.background == Background::Noisy));
        first += 2;
    }
    if has_voice && config.accurate_id && conditioning.delivery == Delivery::Accurate {
        ids.push(first);
    }
    ids.extend(conditioning.speaking_rate.map(|bucket| first_rate + bucket));
    ids.extend(qualities);
    ids.into_iter().map(|id| id as u32).collect()
}

struct Rows<'a> {
    config: &'a Config,
    ids: Vec<u32>,
}

impl Rows<'_> {
    fn text(&mut self, id: u32) {
        self.ids.extend(repeat_n(self.config.audio_pad, self.config.codebooks));
        self.ids.push(id);
    }

    fn all_text(&mut self, ids: impl IntoIterator<Item = u32>) {
        ids.into_iter().for_each(|id| self.text(id));
    }

    fn silence(&mut self) {
        let codebooks = self.config.codebooks;
        let max = self.config.codebook_size as u32 - 1;
        // Models of other shapes than the released one exist for tests: they get as many columns as they have.
        let columns = |frame: &[u32; 9]| -> Vec<u32> { (0..codebooks).map(|j| frame[j % 9].min(max)).collect() };
        let aligned = Frames::from_ids(codebooks, SILENCE.iter().flat_map(columns).collect());
        for frame in delay(&aligned, self.config.audio_pad).iter() {
            self.ids.extend_from_slice(frame);
            self.ids.push(self.config.text_pad());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_behind_many_rows_goes_before_a_frame_alone() {
        let pieces = Pieces { rows: 64, before_frame: 2, alone_behind: 1024 };
        assert_eq!([0, 1023, 1024, 6000].map(|rows| pieces.share(rows)), [1, 1, 2, 2]);
        assert_eq!(Pieces::WHOLE.share(100_000), Pieces::WHOLE.before_frame);
    }
}
