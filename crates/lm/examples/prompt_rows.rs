//! Prompt rows as the engine builds them, for training: requests as JSON lines on stdin, rows on stdout.
//!
//! `prompt_rows params.json < requests.jsonl > rows.bin`. A request is `{"text", "voice": bool, "rate": bucket or null,
//! "quality": [bucket or null, …], "clean": bool, "accurate": bool}`. For each comes the number of rows as a 32-bit
//! integer, then the ids of the rows as 16-bit integers, all little-endian.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use serde::Deserialize;
use zonos_lm::{Background, Conditioning, Config, Delivery, Prompt};

#[derive(Deserialize)]
struct Request {
    text: String,
    voice: bool,
    rate: Option<usize>,
    quality: Vec<Option<usize>>,
    clean: bool,
    accurate: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let params = std::env::args().nth(1).ok_or("usage: prompt_rows params.json < requests.jsonl > rows.bin")?;
    let config = Config::read(params.as_ref())?;
    let mut output = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let prompt = build(&config, serde_json::from_str(&line?)?)?;
        output.write_all(&u32::try_from(prompt.rows())?.to_le_bytes())?;
        for id in prompt.ids() {
            output.write_all(&u16::try_from(*id)?.to_le_bytes())?;
        }
    }
    Ok(output.flush()?)
}

fn build(config: &Config, request: Request) -> zonos_lm::Result<Prompt> {
    // Only whether there is a voice changes the rows; the vector itself goes past them.
    let voice = config.speaker.filter(|_| request.voice).map(|speaker| vec![0.0; speaker.embedding_dim]);
    let conditioning = Conditioning {
        speaking_rate: request.rate,
        quality: request.quality,
        background: if request.clean { Background::Clean } else { Background::Noisy },
        delivery: if request.accurate { Delivery::Accurate } else { Delivery::Expressive },
    };
    Prompt::build(config, &request.text, voice.as_deref(), &conditioning)
}
