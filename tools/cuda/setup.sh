#!/usr/bin/env bash
# Makes a CUDA 13.0 toolkit that compiles and links, from PyPI wheels, in the folder given (default: target/cuda-toolkit).
# Needs: x86-64 Linux, gcc, ar, unzip, cargo, Python with pip. No card, no driver, no root. 105 MB to fetch, 270 MB on disk.
# Then: source FOLDER/env.sh; cargo build --release --features cuda -p zonos-cli
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
toolkit="${1:-$root/target/cuda-toolkit}"

die() { echo "setup.sh: $*" >&2; exit 1; }

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || die "the wheels and the stand-ins are for x86-64 Linux; use NVIDIA's own toolkit here"
for program in gcc ar unzip cargo python3; do
    command -v "$program" >/dev/null || die "$program is missing"
done
[ ! -e "$toolkit" ] || die "$toolkit exists; remove it or name another folder"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

fetch_wheels() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --requirement "$here/requirements.txt" --dest "$work/wheels"
    for wheel in "$work"/wheels/*.whl; do
        unzip -qo "$wheel" 'nvidia/cu13/*' -d "$work/merged"
    done
    mv "$work/merged/nvidia/cu13" "$work/toolkit"
    chmod +x "$work"/toolkit/bin/* "$work"/toolkit/nvvm/bin/*
    ln -s lib "$work/toolkit/lib64"
}

# The runtime goes into the program; left beside it, the linker would take the shared one.
link_runtime_statically() {
    rm "$work/toolkit/lib/libcudart.so.13"
    ln -s libcudart_static.a "$work/toolkit/lib/libcudart.a"
}

# The folder of the sources of cudarc, the crate that declares all entry points that a program of ours can call.
cudarc() {
    cargo metadata --manifest-path "$root/Cargo.toml" --locked --format-version 1 --all-features |
        python3 -c 'import json, os, sys
found = [p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "cudarc"]
print(os.path.dirname(found[0]))'
}

# stand_in NAME MODULE LIBRARY STATUS: lib/libNAME.a with the entries that cudarc's MODULE declares.
stand_in() {
    local entries="$work/$1.entries"
    grep -oE 'pub unsafe fn (cu|nvrtc)[A-Za-z0-9_]+\(' "$sources/src/$2/sys/mod.rs" |
        sed -E 's/pub unsafe fn (.*)\(/ENTRY(\1)/' | grep -v 'ENTRY(culib)' | sort -u >"$entries"
    [ -s "$entries" ] || die "no entry points of $1 in $sources"
    gcc -O2 -fPIC -c "$here/stubs.c" -o "$work/$1.o" -DLIBRARY="\"$3\"" -DFAILED="$4" -DENTRIES="\"$entries\""
    ar rcs "$work/toolkit/lib/lib$1.a" "$work/$1.o"
}

write_environment() {
    cat >"$work/toolkit/env.sh" <<ENV
# Source this before cargo build --features cuda.
export CUDA_HOME="$toolkit"
export NVCC="\$CUDA_HOME/bin/nvcc"
export PATH="\$CUDA_HOME/bin:\$PATH"
# The version of the interface that cudarc compiles for.
export CUDARC_CUDA_VERSION=13000
# The cards to build for: 80 (A100), 86 (RTX 30), 89 (RTX 40, L4, L40), 90 (H100, H200), 100, 120 (RTX 50). One build, one kind.
export CUDA_COMPUTE_CAP="\${CUDA_COMPUTE_CAP:-90}"
ENV
}

fetch_wheels
link_runtime_statically
sources="$(cudarc)"
# The statuses: CUDA_ERROR_STUB_LIBRARY, CUBLAS_STATUS_NOT_INITIALIZED, CURAND_STATUS_INITIALIZATION_FAILED, NVRTC_ERROR_INTERNAL_ERROR.
stand_in cuda driver libcuda.so.1 34
stand_in cublas cublas libcublas.so.13 1
stand_in cublasLt cublaslt libcublasLt.so.13 1
stand_in curand curand libcurand.so.10 203
stand_in nvrtc nvrtc libnvrtc.so.13 11

mkdir -p "$(dirname "$toolkit")"
toolkit="$(cd "$(dirname "$toolkit")" && pwd)/$(basename "$toolkit")"
write_environment
mv "$work/toolkit" "$toolkit"
"$toolkit/bin/nvcc" --version | sed -n 4p >&2
echo "source $toolkit/env.sh" 
