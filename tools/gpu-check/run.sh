#!/bin/sh
# Tests and measures zonos on this machine's card; results go into the folder it is called from. Needs the card's driver
# and CUDA's libcublas and libcurand, wherever they are. Arguments go to gpu-check: see --help.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

known() {
    ldconfig -p 2>/dev/null | grep -q "$1" && return
    for folder in $(echo "${LD_LIBRARY_PATH:-}" | tr : ' '); do
        [ ! -e "$folder/$1" ] || return 0
    done
    return 1
}

# The folder of a library that the loader does not know, such as one of PyTorch's.
look_for() {
    known "$1" && return
    found=$(find /usr /opt /home /root -name "$1" 2>/dev/null | head -n 1)
    if [ -n "$found" ]; then
        LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(dirname "$found")"
    fi
}

look_for libcuda.so.1
look_for libcublas.so.13
look_for libcurand.so.10
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
exec "$here/gpu-check" "$@"
