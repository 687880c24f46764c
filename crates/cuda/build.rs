//! Compiles the kernels for all architectures into one fat binary, which the library embeds.
//!
//! `ZONOS_CUDA_ARCHS` lists the architectures, such as `80,86,89,90`; else `CUDA_COMPUTE_CAP` names one; else all that
//! are documented. The compiler is `NVCC`, else that of `CUDA_HOME`, else the `nvcc` in the path. Code of the newest
//! architecture is kept as PTX, too, so that newer cards can run it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const ARCHITECTURES: &str = "80,86,89,90";

fn main() {
    println!("cargo:rerun-if-changed=kernels");
    for variable in ["ZONOS_CUDA_ARCHS", "CUDA_COMPUTE_CAP", "NVCC", "CUDA_HOME"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    if env::var_os("CARGO_FEATURE_CUDA").is_some() {
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
        compile(&out.join("zonos.fatbin"));
    }
}

fn compile(output: &Path) {
    let nvcc = compiler();
    let mut command = Command::new(&nvcc);
    command.args(["-O3", "-std=c++17", "--fatbin", "-o"]).arg(output).args(targets()).arg("kernels/zonos.cu");
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{} failed on kernels/zonos.cu: {status}", nvcc.display()),
        Err(error) => panic!("cannot run {}: {error}. Set NVCC or CUDA_HOME to a CUDA toolkit.", nvcc.display()),
    }
}

fn compiler() -> PathBuf {
    match (env::var_os("NVCC"), env::var_os("CUDA_HOME")) {
        (Some(nvcc), _) => nvcc.into(),
        (None, Some(home)) => Path::new(&home).join("bin/nvcc"),
        (None, None) => "nvcc".into(),
    }
}

fn targets() -> Vec<String> {
    let list = env::var("ZONOS_CUDA_ARCHS").or_else(|_| env::var("CUDA_COMPUTE_CAP")).unwrap_or(ARCHITECTURES.into());
    let architectures: Vec<&str> = list.split(',').map(str::trim).filter(|number| !number.is_empty()).collect();
    let machine_code = architectures.iter().map(|number| format!("-gencode=arch=compute_{number},code=sm_{number}"));
    let newest = architectures.iter().filter(|number| number.bytes().all(|digit| digit.is_ascii_digit())).max();
    let portable = newest.map(|number| format!("-gencode=arch=compute_{number},code=compute_{number}"));
    machine_code.chain(portable).collect()
}
