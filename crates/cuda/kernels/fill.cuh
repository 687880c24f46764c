// Random weights, for benchmarks: a pure function of seed and place.
#pragma once
#include "common.cuh"

struct Fill {
    void* output;
    unsigned long long count;
    unsigned long long seed;
    float center;
    float width;
    int kind;
};

__device__ __forceinline__ uint32_t mixed(unsigned long long x) {
    x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33, x *= 0xc4ceb9fe1a85ec53ull;
    return static_cast<uint32_t>(x >> 32);
}

extern "C" __global__ void fill(const __grid_constant__ Fill a) {
    const unsigned long long step = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
    for (unsigned long long at = blockIdx.x * static_cast<unsigned long long>(blockDim.x) + threadIdx.x; at < a.count;
         at += step) {
        const float unit = mixed(a.seed * 0x9e3779b97f4a7c15ull + at) * (2.0f / 4294967296.0f) - 1.0f;
        const float value = a.center + a.width * unit;
        if (a.kind == F32) static_cast<float*>(a.output)[at] = value;
        if (a.kind == BF16) static_cast<__nv_bfloat16*>(a.output)[at] = __float2bfloat16_rn(value);
        if (a.kind == F16) static_cast<__half*>(a.output)[at] = __float2half_rn(value);
        if (a.kind == Q8_0) static_cast<int8_t*>(a.output)[at] = static_cast<int8_t>(rintf(127.0f * unit));
    }
}
