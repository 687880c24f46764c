//! What `zonos bench` measures: every stage of a request, beside what the machine's memory could give.

use std::time::Instant;

use serde::Serialize;
use zonos_codec::Codes;
use zonos_lm::{Conditioning, Generation, GenerationOptions, Prompt, Work, step};

use crate::device::card;
use crate::{Arithmetic, Card, Engine, Machine, MemoryBandwidth, Result};

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// What to say.
    pub text: String,
    /// Frames to decode; at least 1.
    pub frames: usize,
    /// The seed of voice and frames.
    pub seed: u64,
    /// Numbers of sequences that are decoded together, each number by itself.
    pub batches: Vec<usize>,
}

impl Default for BenchOptions {
    fn default() -> Self {
        let text = "The quick brown fox jumps over the lazy dog, and then it does so once again.".to_owned();
        Self { text, frames: 86, seed: 1, batches: Vec::new() }
    }
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// The model.
    pub model: String,
    /// What it computed on.
    pub device: String,
    /// The machine, after the model was measured.
    pub machine: Machine,
    /// The card that it computed on, with the model in its memory.
    pub card: Option<Card>,
    /// The memory that the model is in, measured last.
    pub read_bandwidth: MemoryBandwidth,
    /// The processor, where it computes; measured last.
    pub arithmetic: Option<Arithmetic>,
    /// Rows of the prompt.
    pub prompt_rows: usize,
    /// Reading the prompt.
    pub prefill_ms: f64,
    /// Share of the arithmetic that reading the prompt used, products with weights alone.
    pub prefill_share: Option<f64>,
    /// Delayed frames decoded.
    pub frames: usize,
    /// Frames per second of the backbone and the sampler.
    pub frames_per_second: f64,
    /// Bytes of weights that one frame reads.
    pub bytes_per_frame: u64,
    /// Share of the bandwidth that decoding used, weights alone.
    pub bandwidth_share: f64,
    /// Decoding several sequences together.
    pub batches: Vec<BatchSpeed>,
    /// Seconds of computation in the codec per second of audio.
    pub codec_real_time_factor: f64,
    /// Share of the arithmetic that the codec used, counted by plain sums; it computes some of them by fewer.
    pub codec_share: Option<f64>,
    /// Seconds of computation per second of audio for the whole request, one stage after the other.
    pub real_time_factor: f64,
    /// From the request to the first samples of a stream: prompt, as many frames as the delay pattern and the codec's
    /// context need, codec.
    pub first_audio_ms: f64,
}

/// Several sequences decoded together.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BatchSpeed {
    /// How many.
    pub sequences: usize,
    /// Frames per second of all of them.
    pub frames_per_second: f64,
}

impl Engine {
    /// Measures this model, in the order of a request. Decodes exactly `frames` frames whether or not the audio ends.
    ///
    /// # Errors
    /// When the text does not fit the context, or the device fails.
    pub fn bench(&self, options: &BenchOptions) -> Result<BenchReport> {
        let prompt = Prompt::build(
            self.backbone().config(),
            &options.text,
            None,
            &Conditioning::defaults(self.backbone().config()),
        )?;
        self.first_audio(&prompt, options.seed)?;
        let first_audio_ms = self.first_audio(&prompt, options.seed)?;
        let (prefill_seconds, generation) = timed(|| self.start(&prompt, options.seed, options.frames))?;
        let frames_per_second = self.decode_speed(vec![generation])?;
        let codec = self.codec_speed(options.frames)?;
        let batches = options.batches.iter().map(|&count| self.batch_speed(&prompt, count, options));
        let batches = batches.collect::<Result<_>>()?;
        let bytes_per_frame = self.backbone().bytes_per_frame();
        let device = self.compute_device();
        // The measurement takes memory that the model does not.
        let (machine, card) = (Machine::now(), card(device));
        let read_bandwidth = MemoryBandwidth::of(device)?;
        let arithmetic = device.is_cpu().then(Arithmetic::measure);
        let share = |work: Option<Work>, seconds: f64| Some(arithmetic?.seconds(work?) / seconds);
        let decode_seconds = options.frames as f64 / frames_per_second;
        Ok(BenchReport {
            model: self.model().to_owned(),
            device: self.device().to_owned(),
            read_bandwidth,
            arithmetic,
            prompt_rows: prompt.rows(),
            prefill_ms: prefill_seconds * 1e3,
            prefill_share: share(self.backbone().work_of_prompt(prompt.rows()), prefill_seconds),
            frames: options.frames,
            frames_per_second,
            bytes_per_frame,
            bandwidth_share: frames_per_second * bytes_per_frame as f64 / read_bandwidth.bytes_per_second,
            batches,
            codec_real_time_factor: codec.seconds / codec.audio_seconds,
            codec_share: share(Some(codec.work), codec.seconds),
            real_time_factor: (prefill_seconds + decode_seconds + codec.seconds) / codec.audio_seconds,
            first_audio_ms,
            machine,
            card,
        })
    }

    fn batch_speed(&self, prompt: &Prompt, sequences: usize, options: &BenchOptions) -> Result<BatchSpeed> {
        let seeds = (0..sequences as u64).map(|index| options.seed.wrapping_add(index));
        let generations = seeds.map(|seed| self.start(prompt, seed, options.frames)).collect::<Result<_>>();
        Ok(BatchSpeed { sequences, frames_per_second: self.decode_speed(generations?)? })
    }

    /// Frames per second of all generations together, which are brought to their ends.
    fn decode_speed(&self, mut generations: Vec<Generation>) -> Result<f64> {
        let started = Instant::now();
        while generations.iter().any(|generation| generation.finish_reason().is_none()) {
            step(self.backbone(), &mut generations.iter_mut().collect::<Vec<_>>())?;
        }
        let frames: usize = generations.iter().map(|generation| generation.frames().len()).sum();
        Ok(frames as f64 / started.elapsed().as_secs_f64())
    }

    fn start(&self, prompt: &Prompt, seed: u64, frames: usize) -> Result<Generation> {
        let options =
            GenerationOptions { seed, max_frames: Some(frames), ignore_end: true, ..GenerationOptions::default() };
        let mut generation = self.begin(prompt, options)?;
        generation.prefill(self.backbone())?;
        Ok(generation)
    }

    /// Milliseconds until the first frame of samples is final.
    fn first_audio(&self, prompt: &Prompt, seed: u64) -> Result<f64> {
        let started = Instant::now();
        let mut stream = self.codec().stream();
        let frames = self.backbone().config().codebooks + self.codec().context_frames();
        let mut generation = self.start(prompt, seed, frames)?;
        while generation.finish_reason().is_none() {
            step(self.backbone(), &mut [&mut generation])?;
        }
        stream.push(generation.aligned_from(0).ids());
        self.codec().decode_next(&mut stream, 1)?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }

    /// That of so many frames. Which sounds they are makes no difference.
    fn codec_speed(&self, frames: usize) -> Result<CodecSpeed> {
        let config = self.codec().config();
        let codes = Codes::new(vec![0; frames * config.n_codebooks], config.n_codebooks, config.codebook_size)?;
        let (seconds, samples) = timed(|| self.decode(&codes))?;
        let floats = config.decoder_multiply_adds() * frames as u64;
        Ok(CodecSpeed {
            seconds,
            audio_seconds: samples.len().max(1) as f64 / f64::from(self.sample_rate()),
            work: Work { floats, ..Work::default() },
        })
    }
}

/// A decoding of frames to samples.
struct CodecSpeed {
    seconds: f64,
    audio_seconds: f64,
    work: Work,
}

/// Calls a function. The seconds that it took, and what it gave.
fn timed<T>(function: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
    let started = Instant::now();
    let made = function()?;
    Ok((started.elapsed().as_secs_f64(), made))
}
