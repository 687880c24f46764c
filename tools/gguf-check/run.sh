#!/bin/sh
# Checks files that zonos writes with the reader of the `gguf` Python package, in a virtual environment of its own.
#   tools/gguf-check/run.sh             check what `zonos quantize` writes
#   tools/gguf-check/run.sh fixtures    write the files that the tests read, tests/fixtures/gguf
# ZONOS names the binary; without it, it is built.
set -eu
tool=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$tool/../.." && pwd)
venv=${VENV:-${CARGO_TARGET_DIR:-$root/target}/gguf-check-venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$tool/requirements.txt"
if [ "${1:-check}" = fixtures ]; then
    exec "$venv/bin/python" "$tool/fixtures.py" "$root/tests/fixtures/gguf"
fi
if [ -z "${ZONOS:-}" ]; then
    cargo build --manifest-path "$root/Cargo.toml" -p zonos-cli
    ZONOS=${CARGO_TARGET_DIR:-$root/target}/debug/zonos
fi
exec "$venv/bin/python" "$tool/check.py" "$ZONOS"
