//! What the processor can do that matters here.

/// A feature of the processor and whether it is there.
pub type Feature = (&'static str, bool);

#[cfg(target_arch = "x86_64")]
pub fn cpu() -> Vec<Feature> {
    vec![
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
        ("amx_bf16", is_listed("amx_bf16")),
        ("amx_int8", is_listed("amx_int8")),
    ]
}

#[cfg(target_arch = "aarch64")]
pub fn cpu() -> Vec<Feature> {
    use std::arch::is_aarch64_feature_detected;
    vec![
        ("neon", is_aarch64_feature_detected!("neon")),
        ("fp16", is_aarch64_feature_detected!("fp16")),
        ("dotprod", is_aarch64_feature_detected!("dotprod")),
        ("bf16", is_aarch64_feature_detected!("bf16")),
        ("i8mm", is_aarch64_feature_detected!("i8mm")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn cpu() -> Vec<Feature> {
    Vec::new()
}

/// Whether Linux lists a feature that Rust cannot ask for yet.
#[cfg(target_arch = "x86_64")]
fn is_listed(name: &str) -> bool {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    flags.split_whitespace().any(|flag| flag == name)
}

/// Features of the build.
pub fn compiled() -> Vec<Feature> {
    vec![
        ("demo", cfg!(feature = "demo")),
        ("download", cfg!(feature = "download")),
        ("cuda", cfg!(feature = "cuda")),
        ("cudnn", cfg!(feature = "cudnn")),
        ("metal", cfg!(feature = "metal")),
        ("accelerate", cfg!(feature = "accelerate")),
        ("mkl", cfg!(feature = "mkl")),
    ]
}
