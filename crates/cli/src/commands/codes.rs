//! `zonos encode` and `zonos decode`: the codec alone.

use anyhow::Result;
use zonos::{AudioCodec, ModelPart, ReadLimits, WavOptions};

use super::pull::offer;
use crate::args::{DecodeArgs, EncodeArgs, ModelArgs};
use crate::exit::usage;
use crate::output::{Sound, check_file, held};
use crate::progress::Ui;

pub fn encode(args: &EncodeArgs, ui: Ui) -> Result<()> {
    // Codes are kept in the same kinds of files as voices.
    if !zonos::is_saved_voice(&args.output) {
        return Err(usage(format!("{} must end in .npy, .npz or .safetensors", args.output.display())));
    }
    check_file(&args.output)?;
    let audio = zonos::read_audio(&args.input, &ReadLimits::default()).map_err(zonos::Error::from)?;
    let codec = load(&args.model, ui)?;
    let codes = ui.during("encoding", || codec.encode(audio))?;
    held(|| codes.save(&args.output)).map_err(zonos::Error::from)?;
    ui.note(format!("{}: {} frames of {} codes", args.output.display(), codes.frames(), codes.n_codebooks()));
    Ok(())
}

pub fn decode(args: &DecodeArgs, ui: Ui) -> Result<()> {
    args.output.check(args.format.raw)?;
    let codec = load(&args.model, ui)?;
    let codes = codec.load_codes(&args.input)?;
    let samples = ui.during("decoding", || codec.decode(&codes))?;
    let (format, sample_rate) = (args.format.sample_format, codec.sample_rate());
    let options = WavOptions { sample_rate, format, ..WavOptions::default() };
    args.output.write(&Sound { samples: &samples, options, raw: args.format.raw })?;
    ui.note(format!("{}: {:.2} s", args.output, samples.len() as f64 / f64::from(codec.sample_rate())));
    Ok(())
}

fn load(model: &ModelArgs, ui: Ui) -> Result<AudioCodec> {
    model.set_threads()?;
    offer(model, &[ModelPart::Codec], ui)?;
    Ok(ui.during("loading the codec", || AudioCodec::load(&model.options()))?)
}
