//! Speech on the default sound device, while it is made.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, TrySendError, channel, sync_channel,
};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{thread, vec};

use anyhow::{Context, Result, anyhow};
use rodio::cpal::{Error as DeviceError, ErrorKind};
use rodio::{ChannelCount, DeviceSinkBuilder, MixerDeviceSink, SampleRate, Source};

use crate::exit::Interrupted;
use crate::interrupt;

/// Pieces that wait to be played at most: the maker of more has to wait.
const AHEAD: usize = 8;
/// How often a wait looks whether it is to end.
const LOOK: Duration = Duration::from_millis(20);
/// Silence after the end. The device still holds the last samples when it asks for more, and loses what it holds when it
/// is closed.
const AFTERWARDS: Duration = Duration::from_millis(300);

/// The default sound device, open and silent.
pub struct Speakers {
    device: MixerDeviceSink,
    failure: Arc<OnceLock<DeviceError>>,
}

impl Speakers {
    /// Opens the device with the rate and channels that it prefers; what is played is converted to them.
    pub fn open() -> Result<Self> {
        let failure = Arc::new(OnceLock::new());
        let seen = failure.clone();
        let on_error = move |error: DeviceError| {
            if is_the_end(&error) {
                let _ = seen.set(error);
            }
        };
        // What ALSA would print from this thread; the error that comes back is told.
        #[cfg(target_os = "linux")]
        let _ = alsa::Output::local_error_handler();
        let mut device = DeviceSinkBuilder::from_default_device()
            .and_then(|device| device.with_error_callback(on_error).open_sink_or_fallback())
            .context("--play needs a sound device and can use none here; -o writes a file")?;
        device.log_on_drop(false);
        Ok(Self { device, failure })
    }

    /// Plays what will be pushed, of one channel.
    pub fn play(self, sample_rate: u32) -> Result<Playing> {
        let rate = NonZero::new(sample_rate).context("a sample rate of 0 cannot be played")?;
        let (pieces, waiting) = sync_channel(AHEAD);
        let (end, ended) = channel();
        let late = Arc::new(AtomicU64::new(0));
        let after = (AFTERWARDS.as_secs_f64() * f64::from(sample_rate)) as usize;
        self.device.mixer().add(Queue { waiting, piece: None, rate, late: late.clone(), after, _end: end });
        Ok(Playing { speakers: self, pieces, ended, late, rate })
    }

    fn check(&self) -> Result<()> {
        self.failure.get().map_or(Ok(()), |failure| Err(anyhow!("the sound device failed: {failure}")))
    }
}

/// Whether nothing more will be heard. A device that was late goes on.
fn is_the_end(error: &DeviceError) -> bool {
    !matches!(error.kind(), ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged)
}

/// Speech that is being played.
pub struct Playing {
    speakers: Speakers,
    pieces: SyncSender<Vec<f32>>,
    ended: Receiver<()>,
    late: Arc<AtomicU64>,
    rate: SampleRate,
}

impl Playing {
    /// Plays samples after those before them. It waits while enough of them wait, and gives up on Ctrl-C.
    pub fn push(&self, samples: &[f32]) -> Result<()> {
        let mut piece = samples.to_vec();
        while let Err(TrySendError::Full(back)) = self.pieces.try_send(piece) {
            if interrupt::was_asked() {
                break;
            }
            self.speakers.check()?;
            thread::sleep(LOOK);
            piece = back;
        }
        Ok(())
    }

    /// Waits until the last sample is played. Gives the seconds of silence that came between samples because the next were
    /// not made yet.
    pub fn finish(self) -> Result<f64> {
        drop(self.pieces);
        while let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(LOOK) {
            if interrupt::was_asked() {
                return Err(Interrupted.into());
            }
            self.speakers.check()?;
        }
        Ok(self.late.load(Ordering::Relaxed) as f64 / f64::from(self.rate.get()))
    }
}

/// The side of the device. It must not wait: where samples are missing, it is silent.
struct Queue {
    waiting: Receiver<Vec<f32>>,
    /// None before the first.
    piece: Option<vec::IntoIter<f32>>,
    rate: SampleRate,
    /// Samples of silence between pieces.
    late: Arc<AtomicU64>,
    /// Samples of silence that are still to come after the end.
    after: usize,
    /// Closed when the device is done with this.
    _end: Sender<()>,
}

impl Iterator for Queue {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        loop {
            if let Some(sample) = self.piece.as_mut().and_then(Iterator::next) {
                return Some(sample);
            }
            match self.waiting.try_recv() {
                Ok(piece) => self.piece = Some(piece.into_iter()),
                Err(TryRecvError::Empty) => return Some(self.silence()),
                Err(TryRecvError::Disconnected) => {
                    self.after = self.after.checked_sub(1)?;
                    return Some(0.0);
                }
            }
        }
    }
}

impl Queue {
    fn silence(&self) -> f32 {
        self.late.fetch_add(u64::from(self.piece.is_some()), Ordering::Relaxed);
        0.0
    }
}

impl Source for Queue {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        ChannelCount::MIN
    }

    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue with two samples of silence at its end, and what belongs to it on the other side.
    fn queue() -> (SyncSender<Vec<f32>>, Receiver<()>, Queue) {
        let (pieces, waiting) = sync_channel(AHEAD);
        let (end, ended) = channel();
        let late = Arc::new(AtomicU64::new(0));
        (pieces, ended, Queue { waiting, piece: None, rate: NonZero::<u32>::MIN, late, after: 2, _end: end })
    }

    #[test]
    fn samples_come_in_order_with_silence_where_they_are_late() {
        let (pieces, ended, mut queue) = queue();
        let take = |queue: &mut Queue, count| queue.by_ref().take(count).collect::<Vec<_>>();
        assert_eq!(take(&mut queue, 2), [0.0, 0.0], "before the first piece");
        pieces.send(vec![1.0, 2.0]).unwrap();
        pieces.send(vec![]).unwrap();
        pieces.send(vec![3.0]).unwrap();
        assert_eq!(take(&mut queue, 4), [1.0, 2.0, 3.0, 0.0]);
        assert_eq!(queue.late.load(Ordering::Relaxed), 1, "only what lies between pieces is late");
        pieces.send(vec![4.0]).unwrap();
        drop(pieces);
        assert_eq!(take(&mut queue, 9), [4.0, 0.0, 0.0], "the end is pushed out by silence");
        assert_eq!(ended.try_recv(), Err(TryRecvError::Empty));
        drop(queue);
        assert_eq!(ended.try_recv(), Err(TryRecvError::Disconnected));
    }
}
