// Random weights, for benchmarks: a pure function of seed and place.
#pragma once
#include "product.cuh"

struct Fill {
    void* output;
    // Numbers; of Q8_0 bytes of tiles, of Q4_K, Q5_K and Q6_K steps of tiles.
    unsigned long long count;
    unsigned long long seed;
    // Of Q8_0 the scale.
    float center;
    float width;
    int kind;
};

__device__ __forceinline__ uint32_t mixed(unsigned long long x) {
    x ^= x >> 33, x *= 0xff51afd7ed558ccdull, x ^= x >> 33, x *= 0xc4ceb9fe1a85ec53ull;
    return static_cast<uint32_t>(x >> 32);
}

// Of Q8_0 in tiles: a number or, behind those of a step, half of a scale.
__device__ __forceinline__ uint8_t byte_of_tile(unsigned long long at, float scale, float unit) {
    if (at % Layout<Q8_0>::STEP_BYTES < 1024) return static_cast<uint8_t>(static_cast<int8_t>(rintf(127.0f * unit)));
    return static_cast<uint8_t>(__half_as_ushort(__float2half_rn(scale)) >> at % 2 * 8);
}

// A step of a tile of blocks, of numbers between −width and width: bits drawn, and factors that make it so.
__device__ __forceinline__ void fill_step(const Fill& a, unsigned long long at) {
    constexpr int ROWS = 16, SCALE_WORDS = 4;
    const int words = step_bytes_of(a.kind) / 4, factors = a.kind == Q6_K ? words - ROWS / 2 : words;
    uint32_t* step = static_cast<uint32_t*>(a.output) + at * words;
    for (int word = SCALE_WORDS * ROWS; word < factors; word++) {
        step[word] = mixed(a.seed * 0x9e3779b97f4a7c15ull + at * words + word);
    }
    const float six = a.width / (32.0f * 64.0f);
    for (int word = factors; word < words; word++) step[word] = pack(__floats2half2_rn(six, six));
    // Of Q6_K all scales 64; of the others 32, and all offsets 30.
    const float most = a.kind == Q4_K ? 15.0f : 31.0f;
    const uint32_t both = pack(__floats2half2_rn(a.width / (16.0f * most), a.width / 30.0f));
    const uint4 scales = a.kind == Q6_K ? make_uint4(0x40404040u, 0x40404040u, 0x40404040u, 0x40404040u)
                                        : make_uint4(both, 0xa0a0a0a0u, 0x5e5e5e5eu, 0xe0e0e0e0u);
    for (int row = 0; row < ROWS; row++) reinterpret_cast<uint4*>(step)[row] = scales;
}

KERNEL(fill, Fill, THREADS) {
    const unsigned long long step = static_cast<unsigned long long>(gridDim.x) * blockDim.x;
    for (unsigned long long at = blockIdx.x * static_cast<unsigned long long>(blockDim.x) + threadIdx.x; at < a.count;
         at += step) {
        if (a.kind >= Q4_K) {
            fill_step(a, at);
            continue;
        }
        const float unit = mixed(a.seed * 0x9e3779b97f4a7c15ull + at) * (2.0f / 4294967296.0f) - 1.0f;
        const float value = a.center + a.width * unit;
        if (a.kind == F32) static_cast<float*>(a.output)[at] = value;
        if (a.kind == BF16) static_cast<__nv_bfloat16*>(a.output)[at] = __float2bfloat16_rn(value);
        if (a.kind == F16) static_cast<__half*>(a.output)[at] = __float2half_rn(value);
        if (a.kind == Q8_0) static_cast<uint8_t*>(a.output)[at] = byte_of_tile(at, a.center, unit);
    }
}
