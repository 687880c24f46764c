#!/usr/bin/env bash
# Speaks held-out sentences with the real binary and prints how well they are understood, matched and ended.
#
#   tools/demo-voice/judge.sh [FOLDER] [options of demo_voice.judge]
#
# FOLDER keeps the sound files and what was heard (default: target/demo-judge); what is there is not made again.
# Needs Rust, Python 3 with venv, and Debian's flite (apt-get install flite).
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/demo-judge}
mkdir -p "$folder"
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet -r tools/demo-voice/requirements-judge.txt
cargo build --quiet --release -p zonos-cli
PYTHONPATH=tools/demo-voice "$folder/venv/bin/python" -m demo_voice.judge "${CARGO_TARGET_DIR:-target}/release/zonos" "$folder" "${@:2}"
