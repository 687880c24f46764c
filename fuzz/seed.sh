#!/bin/sh
# Fills the corpus of every target from the fixtures. Run it once before fuzzing.
set -eu
fuzz=$(cd "$(dirname "$0")" && pwd)
fixtures=$fuzz/../tests/fixtures
seed() { # target, files
    target=$1
    shift
    mkdir -p "$fuzz/corpus/$target"
    # Some have the same name in other folders.
    for file in "$@"; do
        cp "$file" "$fuzz/corpus/$target/$(basename "$(dirname "$file")")-$(basename "$file")"
    done
}
seed safetensors "$fixtures/gguf/dac.safetensors" "$fixtures/gguf/speaker_encoder/model.safetensors"
seed pth "$fixtures/vocoder/dac_tiny.pth"
seed gguf "$fixtures"/gguf/*.gguf
seed backbone "$fixtures/gguf/backbone-q8_0.gguf"
seed params "$fixtures/gguf/params.json" "$fixtures/backbone_tiny/params.json"
seed codec "$fixtures/gguf/dac.gguf" "$fixtures/gguf/dac.safetensors" "$fixtures/gguf/dac_44khz/model.safetensors"
seed codec_config "$fixtures/gguf/dac_44khz/config.json" "$fixtures/vocoder/config.json"
seed speaker "$fixtures/gguf/spk-encoder.gguf"
seed speaker_config "$fixtures/gguf/speaker_encoder/config.json"
mkdir -p "$fuzz/corpus/pickle" "$fuzz/corpus/voice"
unzip -p "$fixtures/vocoder/dac_tiny.pth" '*/data.pkl' >"$fuzz/corpus/pickle/data.pkl"
# The first byte names the kind: 0 .npy, 1 .npz, 2 .safetensors.
{ printf '\002' && cat "$fixtures/gguf/speaker_encoder/model.safetensors"; } >"$fuzz/corpus/voice/safetensors"
