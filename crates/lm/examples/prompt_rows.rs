//! Prompts as the engine builds them, for programs that train models: one JSON request a line on standard input, each
//! prompt's rows on standard output.
//!
//! ```sh
//! cargo run --release -p zonos-lm --example prompt_rows -- params.json < requests.jsonl > rows.bin
//! ```
//!
//! A request has `text`, `voice` (whether there is one), `clean`, `accurate`, `rate` (a bucket or null) and `quality`
//! (a bucket or null for each feature). A prompt is written as its number of rows (u32) and its ids, row by row (u16),
//! little-endian.

use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};

use serde::Deserialize;
use zonos_lm::{Background, Conditioning, Config, Delivery, Prompt};

#[derive(Deserialize)]
struct Request {
    text: String,
    voice: bool,
    clean: bool,
    accurate: bool,
    rate: Option<usize>,
    quality: Vec<Option<usize>>,
}

impl Request {
    fn conditioning(&self) -> Conditioning {
        Conditioning {
            speaking_rate: self.rate,
            quality: self.quality.clone(),
            background: if self.clean { Background::Clean } else { Background::Noisy },
            delivery: if self.accurate { Delivery::Accurate } else { Delivery::Expressive },
        }
    }

    /// The rows do not depend on what the voice sounds like: its vector takes the first row's place later.
    fn prompt(&self, config: &Config) -> zonos_lm::Result<Prompt> {
        let voice = config.speaker.filter(|_| self.voice).map(|speaker| vec![0.0; speaker.embedding_dim]);
        Prompt::build(config, &self.text, voice.as_deref(), &self.conditioning())
    }
}

fn write(output: &mut impl Write, prompt: &Prompt) -> Result<(), Box<dyn Error>> {
    output.write_all(&u32::try_from(prompt.rows())?.to_le_bytes())?;
    for &id in prompt.ids() {
        output.write_all(&u16::try_from(id)?.to_le_bytes())?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let params = std::env::args().nth(1).ok_or("name the model's params.json")?;
    let config = Config::read(params.as_ref())?;
    let mut output = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        write(&mut output, &request.prompt(&config)?)?;
    }
    Ok(output.flush()?)
}
