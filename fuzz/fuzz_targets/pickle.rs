//! The table of contents of a torch archive, beside one storage of 64 bytes.
#![no_main]

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

libfuzzer_sys::fuzz_target!(|pickle: &[u8]| {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [("archive/data.pkl", pickle), ("archive/data/0", &[0; 64])] {
        archive.start_file(name, stored).expect("a name");
        archive.write_all(bytes).expect("memory");
    }
    zonos_fuzz::read_all(archive.finish().expect("memory").get_ref());
});
