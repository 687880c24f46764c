#!/usr/bin/env python3
"""Compiles our kernels with another version of CUDA, whose nvcc PyPI does not have: by its run-time compiler and its
assembler, both from wheels. Shows that the kernels' source is in that version's language; it makes no program.

    python3 tools/cuda/check-kernels.py [--version 12.8] [--archs 80,90]

Needs x86-64 Linux and Python with pip; no card, no driver. Fetches 130 MB.
"""

import argparse
import ctypes
import glob
import pathlib
import subprocess
import sys
import tempfile
import zipfile

KERNELS = pathlib.Path(__file__).resolve().parents[2] / "crates/cuda/kernels"
WHEELS = ["nvcc", "nvrtc", "runtime"]
# The run-time compiler has no headers of C.
STDINT = b"""
typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned uint32_t; typedef unsigned long uint64_t;
typedef long intptr_t; typedef unsigned long uintptr_t;
"""
INFINITY = "-DINFINITY=__int_as_float(0x7f800000)"


def fetch(version: str, folder: str) -> None:
    """The wheels' contents, in `folder`/nvidia."""
    names = [f"nvidia-cuda-{wheel}-cu{version.split('.')[0]}=={version}.*" for wheel in WHEELS]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--dest", folder, *names], check=True)
    for wheel in glob.glob(f"{folder}/*.whl"):
        zipfile.ZipFile(wheel).extractall(folder)


class Compiler:
    """NVRTC, as far as it is needed."""

    def __init__(self, folder: str) -> None:
        self.library = ctypes.CDLL(glob.glob(f"{folder}/nvidia/cuda_nvrtc/lib/libnvrtc.so.*")[0])
        self.headers = glob.glob(f"{folder}/nvidia/*/include")

    def text(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        getattr(self.library, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        getattr(self.library, f"nvrtcGet{what}")(program, buffer)
        return buffer.value

    def ptx(self, source: pathlib.Path, arch: str) -> bytes:
        program = ctypes.c_void_p()
        name, code = source.name.encode(), source.read_bytes()
        headers, names = ((ctypes.c_char_p * 1)(text) for text in (STDINT, b"stdint.h"))
        self.library.nvrtcCreateProgram(ctypes.byref(program), code, name, 1, headers, names)
        options = [f"--gpu-architecture=compute_{arch}", "--std=c++17", INFINITY, f"-I{source.parent}"]
        options += [f"-I{folder}" for folder in self.headers]
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        if self.library.nvrtcCompileProgram(program, len(options), array) != 0:
            sys.exit(self.text(program, "ProgramLog").decode())
        return self.text(program, "PTX")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default="12.8")
    parser.add_argument("--archs", default="80,90")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fetch(args.version, folder)
        assembler = f"{folder}/nvidia/cuda_nvcc/bin/ptxas"
        pathlib.Path(assembler).chmod(0o755)
        for arch in args.archs.split(","):
            ptx, cubin = (f"{folder}/kernels.{ending}" for ending in ("ptx", "cubin"))
            pathlib.Path(ptx).write_bytes(Compiler(folder).ptx(KERNELS / "zonos.cu", arch))
            subprocess.run([assembler, f"--gpu-name=sm_{arch}", "-o", cubin, ptx], check=True)
            size = pathlib.Path(cubin).stat().st_size
            print(f"CUDA {args.version}, sm_{arch}: {size / 1e6:.1f} MB of machine code")


if __name__ == "__main__":
    main()
