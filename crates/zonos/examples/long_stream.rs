//! Streams speech for as many minutes as asked for (20 unless told) and prints, minute by minute, the most memory that
//! the process has held: `cargo run --release -p zonos --example long_stream -- MODEL [MINUTES]`.

use zonos::{Engine, Guard, Machine, Request};

fn main() -> zonos::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().unwrap_or_else(|| "demo".to_owned());
    let minutes = arguments.next().and_then(|minutes| minutes.parse().ok()).unwrap_or(20.0);
    let engine = Engine::load(&model)?;
    let mut request = Request::new("Word after word, and then some more of them.").max_frames(400);
    request.guard = Guard { watch_length: false, ..Guard::default() };
    let (mut spoken, mut told, mut seed) = (0.0, 0.0, 0);
    while spoken < minutes {
        for chunk in engine.stream(&request.clone().seed(seed))? {
            spoken += chunk?.samples.len() as f64 / f64::from(engine.sample_rate()) / 60.0;
        }
        seed += 1;
        if spoken >= told {
            let peak = Machine::now().peak_memory_bytes.unwrap_or_default();
            println!("{spoken:6.2} minutes of speech: at most {:.1} MB", peak as f64 / 1e6);
            told += 1.0;
        }
    }
    Ok(())
}
