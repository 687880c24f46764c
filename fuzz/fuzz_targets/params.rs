#![no_main]

use zonos_lm::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::parse(text);
});
