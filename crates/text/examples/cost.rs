//! What normalizing costs: `cost LANGUAGE TEXT…`, or `cost all` for the memory of all languages.
//!
//! Prints the time of the first call in the process, then the time per call for each text: processor time, so that other
//! work on the machine does not count. Linux only. First calls are too short for its ticks and are timed by the clock.

use std::time::{Duration, Instant};

use zonos_text::{Language, Normalize, Normalizer};

/// Calls per measurement.
const CALLS: u32 = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((all, [])) if all == "all" => memory_of_all(),
        Some((language, texts)) => times(Normalizer::new(language.parse()?), texts),
        None => Err("cost LANGUAGE TEXT…, or cost all".into()),
    }
}

fn times(normalizer: Normalizer, texts: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    for (index, text) in texts.iter().enumerate() {
        let start = Instant::now();
        let length = normalizer.normalize(text).len();
        let first = start.elapsed();
        let start = processor_time()?;
        let same = (0..CALLS).filter(|_| normalizer.normalize(std::hint::black_box(text)).len() == length).count();
        let each = (processor_time()? - start) / CALLS;
        let characters = text.chars().count() as f64;
        let scaled = each.as_secs_f64() * 1e8 / characters;
        let rate = text.len() as f64 / each.as_secs_f64() / 1e6;
        print!("{}\t{each:?} a call\t{scaled:.1} µs per 100 characters\t{rate:.1} MB/s", normalizer.language());
        println!("{}", if index == 0 { format!("\tfirst call {first:?}") } else { String::new() });
        assert_eq!(same, CALLS as usize, "readings differ from call to call");
    }
    Ok(())
}

/// How much memory the tables of all languages take.
fn memory_of_all() -> Result<(), Box<dyn std::error::Error>> {
    let text = "Dr. 5/6/2021 3:30 $5.32 2,5 kg XIV 10-15 % a@b.com 2021年3月 5개 &c.";
    let before = resident_kilobytes()?;
    let start = Instant::now();
    for language in Language::ALL {
        let normalizer = Normalizer::new(language);
        println!("{language}\t{}", normalizer.normalize(text));
    }
    println!("{:?} for the first call in each language", start.elapsed());
    println!("{} kB more than before", resident_kilobytes()? - before);
    Ok(())
}

fn processor_time() -> Result<Duration, Box<dyn std::error::Error>> {
    let statistics = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = statistics.split_whitespace().next().ok_or("no times in /proc/self/schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn resident_kilobytes() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
