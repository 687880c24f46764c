#!/usr/bin/env bash
# From nothing to the files of models/demo. Every step goes on where it was stopped; run it again until it says "done".
#
#   tools/demo-voice/train.sh [FOLDER]          everything that is trained lies in FOLDER (default: target/demo-voice)
#
# SENTENCES   how many are spoken (20,000 are some 12 hours)      ROWS     that the backbone learns from
# THREADS     of each step                                       VOCODER  steps of the codec's decoder
#
# Needs Rust, Python 3 with venv, and Debian's flite (apt-get install flite).
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-target/demo-voice} params=models/demo/params.json
: "${SENTENCES:=20000}" "${ROWS:=30e6}" "${VOCODER:=3000}" "${THREADS:=$(nproc)}"

mkdir -p "$folder"
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet -r tools/demo-voice/requirements.txt
cargo build --quiet --release -p zonos-cli
cargo build --quiet --release -p zonos-lm --example prompt_rows
builder=${CARGO_TARGET_DIR:-target}/release/examples/prompt_rows zonos=${CARGO_TARGET_DIR:-target}/release/zonos
step() { echo "== $1" && PYTHONPATH=tools/demo-voice "$folder/venv/bin/python" -m "demo_voice.$1" "${@:2}" | tee -a "$folder/$1.log"; }

step speech "$folder" "$SENTENCES"
[ -e "$folder/quantizer.pt" ] || step train_quantizer "$folder" 3000 6 "$THREADS"
[ -e "$folder/speaker.pt" ] || step train_speaker "$folder" 700 4 "$THREADS"
step train_speaker embed "$folder" "$THREADS"
step encode "$folder" "$THREADS"
step train_backbone "$folder" "$params" "$builder" --until "$ROWS" --threads "$THREADS"
step train_vocoder "$folder" --until "$VOCODER" --threads "$THREADS"
step export "$folder" "$params"
"$zonos" quantize "$folder/export" -o "$folder/export/model.gguf" --experts q8_0 --spine q8_0 --head q8_0
echo "done: $folder/export holds what models/demo ships; judge it with python -m demo_voice.judge"
