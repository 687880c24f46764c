//! Compiles the kernels for all architectures into one fat binary, which the library embeds.
//!
//! `ZONOS_CUDA_ARCHS` lists the architectures, such as `80,86,89,90`; else `CUDA_COMPUTE_CAP` names one; else all that
//! are documented. The compiler is `NVCC`, else that of `CUDA_HOME`, else the `nvcc` in the path. Code of the newest
//! architecture is kept as PTX, too, so that newer cards can run it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

const ARCHITECTURES: &str = "80,86,89,90";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=kernels");
    for variable in ["ZONOS_CUDA_ARCHS", "CUDA_COMPUTE_CAP", "NVCC", "CUDA_HOME"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    match env::var_os("OUT_DIR") {
        Some(out) if env::var_os("CARGO_FEATURE_CUDA").is_some() => compile(&Path::new(&out).join("zonos.fatbin")),
        _ => Ok(()),
    }
}

fn compile(output: &Path) -> Result<(), Box<dyn Error>> {
    let nvcc = compiler();
    let mut command = Command::new(&nvcc);
    command.args(["-O3", "-std=c++17", "--fatbin", "-o"]).arg(output).args(targets()).arg("kernels/zonos.cu");
    let advice = |error: io::Error| format!("cannot run {}: {error}. Set NVCC or CUDA_HOME.", nvcc.display());
    let status = command.status().map_err(advice)?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed on kernels/zonos.cu: {status}", nvcc.display()).into())
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
