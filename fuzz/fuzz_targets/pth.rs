#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zonos_fuzz::read_all(bytes));
