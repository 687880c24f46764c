//! What a slot is told, and what it tells.

use crate::{Error, Result};

/// How a slot draws its frames. The meaning is that of the engine's sampler.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotOptions {
    /// 0 (greedy) to 2.
    pub temperature: f32,
    /// The k likeliest codes; 0 keeps 1024.
    pub top_k: usize,
    /// 0 and 1 turn it off.
    pub top_p: f32,
    /// 0 turns it off.
    pub min_p: f32,
    /// Frames back in which a code counts as repeated.
    pub repetition_window: usize,
    /// 1 turns it off.
    pub repetition_penalty: f32,
    /// Codebooks, from the first, that hold repeated codes back; negative stands for all.
    pub repetition_codebooks: i32,
    /// The stream of random numbers.
    pub seed: u64,
    /// Frames to make at most; at least 1.
    pub limit: usize,
    /// Goes on after the end of audio.
    pub ignore_end: bool,
}

impl SlotOptions {
    /// Always the likeliest code, nothing held back, up to `limit` frames.
    pub fn greedy(limit: usize) -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 0.0,
            min_p: 0.0,
            repetition_window: 0,
            repetition_penalty: 1.0,
            repetition_codebooks: 0,
            seed: 0,
            limit,
            ignore_end: false,
        }
    }
}

/// Why a slot made its last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The audio ended, and the frames that are due after that are made.
    EndOfAudio,
    /// As many frames as were asked for.
    Limit,
}

/// A frame of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whose it is.
    pub slot: usize,
    /// Its number, from 0.
    pub number: usize,
    /// The code of each codebook.
    pub codes: Vec<u32>,
    /// How many aligned frames are audible, once that is known.
    pub end: Option<usize>,
    /// Why it is the last one, if it is.
    pub finish: Option<Finish>,
}

/// A slot's state on the card; the same as `Slot` in the kernels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct SlotState {
    temperature: f32,
    top_p: f32,
    min_p: f32,
    penalty: f32,
    top_k: i32,
    window: i32,
    penalized: i32,
    ignore_end: i32,
    seed: u64,
    limit: i32,
    position: i32,
    made: i32,
    end: i32,
    left: i32,
    finished: i32,
}

impl SlotState {
    /// A slot whose prompt fills the first `position` of `capacity` rows.
    pub(crate) fn new(options: &SlotOptions, codebooks: usize, position: usize, capacity: usize) -> Result<Self> {
        // The last frame takes no row.
        let room = (capacity + 1).saturating_sub(position);
        if options.limit == 0 || position == 0 || position >= capacity {
            return Err(Error::Request(format!(
                "a prompt of {position} rows and {} frames do not fit {capacity} rows",
                options.limit
            )));
        }
        let small = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let penalized = usize::try_from(options.repetition_codebooks).unwrap_or(codebooks);
        Ok(Self {
            temperature: options.temperature,
            top_p: options.top_p,
            min_p: options.min_p,
            penalty: options.repetition_penalty,
            top_k: small(options.top_k),
            window: small(options.repetition_window),
            penalized: small(penalized),
            ignore_end: i32::from(options.ignore_end),
            seed: options.seed,
            limit: small(options.limit.min(room)),
            position: small(position),
            made: 0,
            end: -1,
            left: -1,
            finished: 0,
        })
    }
}

/// Numbers before the codes of a frame's record.
pub(crate) const RECORD_HEAD: usize = 3;

/// Reads a frame's record: frames made, end, state, codes.
pub(crate) fn read_record(slot: usize, record: &[i32]) -> Option<Frame> {
    let (&[made, end, finished], codes) = record.split_first_chunk::<RECORD_HEAD>()?;
    Some(Frame {
        slot,
        number: usize::try_from(made).ok()?.checked_sub(1)?,
        codes: codes.iter().map(|&code| code as u32).collect(),
        end: usize::try_from(end).ok(),
        finish: match finished {
            0 => None,
            1 => Some(Finish::EndOfAudio),
            _ => Some(Finish::Limit),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_keep_within_the_rows() {
        let state = |limit, position| SlotState::new(&SlotOptions::greedy(limit), 9, position, 100);
        assert_eq!(state(1000, 60).unwrap().limit, 41);
        assert_eq!(state(7, 60).unwrap().limit, 7);
        assert!(state(0, 60).is_err());
        assert!(state(5, 100).is_err());
        assert!(state(5, 0).is_err());
    }

    #[test]
    fn records_tell_frames() {
        let frame = read_record(2, &[4, -1, 0, 7, 8]).unwrap();
        assert_eq!((frame.slot, frame.number, frame.end, frame.finish), (2, 3, None, None));
        assert_eq!(frame.codes, [7, 8]);
        assert_eq!(read_record(0, &[4, 3, 1, 7]).unwrap().finish, Some(Finish::EndOfAudio));
        assert_eq!(read_record(0, &[0, 0, 0, 7]), None);
        assert_eq!(read_record(0, &[1]), None);
    }
}
