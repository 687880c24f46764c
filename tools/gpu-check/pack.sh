#!/usr/bin/env bash
# Builds gpu-check with everything that it needs on a machine with a card, into one archive:
#   tools/gpu-check/pack.sh [ARCHIVE]        default: target/gpu-check.tar.xz
# Needs a CUDA toolkit (docs/cuda.md) and no card. ZONOS_COMMIT, which its tables name, is asked of git unless it is set.
# There: tar xf gpu-check.tar.xz && gpu-check/run.sh
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
archive="${1:-$target/gpu-check.tar.xz}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$root"

# A tree without its history is told of which commit it is.
export ZONOS_COMMIT="${ZONOS_COMMIT:-$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)}"

cargo build --release --locked --features cuda -p zonos-gpu-check
parity="$(cargo test --release --locked --features cuda -p zonos-tests --test parity --no-run --message-format json |
    sed -n 's/.*"executable":"\([^"]*parity-[^"]*\)".*/\1/p')"

mkdir -p "$work/gpu-check/fixtures"
strip -o "$work/gpu-check/gpu-check" "$target/release/gpu-check"
strip -o "$work/gpu-check/parity" "$parity"
cp tools/gpu-check/run.sh "$work/gpu-check/"
for fixture in backbone_tiny sampler speaker vocoder; do
    cp -r "tests/fixtures/$fixture" "$work/gpu-check/fixtures/"
done
tar -C "$work" -c gpu-check | xz -T0 >"$archive"
du -h "$archive"
