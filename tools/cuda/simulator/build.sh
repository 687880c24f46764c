#!/usr/bin/env bash
# Makes what stands in for a CUDA toolkit and its driver, with the kernels compiled for this processor, in the folder given
# (default: target/cuda-simulator). Needs a C++ compiler (CXX, else g++) for C++20 on Linux. Then:
# source FOLDER/env.sh; cargo test -p zonos-cuda --features cuda
# ARCHITECTURE=80 simulates a card that has no bulk copies. RACES=1 has accesses to memory checked that nothing orders
# (docs/testing.md).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
out="${1:-$root/target/cuda-simulator}"
compiler="${CXX:-g++}"
architecture="${ARCHITECTURE:-90}"

command -v "$compiler" >/dev/null || { echo "build.sh: $compiler is missing; CXX names another C++ compiler" >&2; exit 1; }
mkdir -p "$out/bin" "$out/lib64" "$out/objects"
rm -f "$out"/objects/*.o
out="$(cd "$out" && pwd)"

flags=(-std=c++20 -O2 -march=native -ffp-contract=off -fPIC -fvisibility=hidden -ftls-model=initial-exec
    -DZONOS_SIMULATOR="$architecture" -I"$here" -I"$root/crates/cuda/kernels")
# Kernels read bits as other types, as they may on a card; what is wrong with them, their own compiler says.
kernel_flags=(-fno-strict-aliasing -w)
sources=(fiber threads driver)
if [ -n "${RACES:-}" ]; then
    flags+=(-DZONOS_RACES -g)
    kernel_flags+=(-fsanitize=thread)
    sources+=(races)
fi
for source in "${sources[@]}"; do
    "$compiler" "${flags[@]}" -Wall -Wextra -c "$here/$source.cpp" -o "$out/objects/$source.o"
done
"$compiler" "${flags[@]}" "${kernel_flags[@]}" -c "$here/kernels.cpp" -o "$out/objects/kernels.o"
"$compiler" -shared -pthread -Wl,-soname,libcuda.so.1 -o "$out/lib64/libcuda.so.1" "$out"/objects/*.o
ln -sf libcuda.so.1 "$out/lib64/libcuda.so"

# The compiler of a toolkit, of which nothing is asked but that there is a file.
cat >"$out/bin/nvcc" <<'NVCC'
#!/bin/sh
while [ $# -gt 0 ]; do
    [ "$1" = -o ] && output="$2"
    shift
done
echo "the simulator has the kernels" >"$output"
NVCC
chmod +x "$out/bin/nvcc"

cat >"$out/env.sh" <<ENV
# Source this before cargo test -p zonos-cuda --features cuda.
export CUDA_HOME="$out" NVCC="$out/bin/nvcc" CUDARC_CUDA_VERSION=13000 CUDA_COMPUTE_CAP=$architecture
export LD_LIBRARY_PATH="$out/lib64\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
# Tests that need a card find one, or fail.
export ZONOS_TEST_CARD=1
ENV
echo "source $out/env.sh"
