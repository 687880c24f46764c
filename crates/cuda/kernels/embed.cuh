// The input of the first block: the sum of a row's embeddings, or a given vector in its place, normed without weight.
#pragma once
#include "common.cuh"

// Ids of a row at most.
constexpr int MAX_COLUMNS = 64;

struct Embed {
    // For each column of ids: the address of its table and how its numbers are stored.
    const uint64_t* tables;
    const int* kinds;
    // [rows, columns]
    const int* ids;
    // The slot of each row; negative: no row, zeros come out.
    const int* slots;
    // Takes the place of the row `given_row`, if that is not negative.
    const float* given;
    float* output;
    int columns;
    int dim;
    int given_row;
    float eps;
};

// Four numbers of halves of either kind; both ways are gone, so that nothing branches.
__device__ __forceinline__ float4 widen_halves(uint2 words, bool brain) {
    const float2 low = __half22float2(*reinterpret_cast<const __half2*>(&words.x));
    const float2 high = __half22float2(*reinterpret_cast<const __half2*>(&words.y));
    return make_float4(brain ? __uint_as_float(words.x << 16) : low.x, brain ? __uint_as_float(words.x & 0xffff0000u) : low.y,
                       brain ? __uint_as_float(words.y << 16) : high.x,
                       brain ? __uint_as_float(words.y & 0xffff0000u) : high.y);
}

// The sum over the columns of four numbers from `at` on.
__device__ __forceinline__ float4 sum_floats(const Embed& a, const uint64_t* rows, const int* kinds, int at) {
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 1
    for (int column = 0; column < a.columns; column++) {
        float4 v;
        if (kinds[column] == F32) {
            v = __ldg(reinterpret_cast<const float4*>(rows[column]) + at / 4);
        } else {
            v = widen_halves(__ldg(reinterpret_cast<const uint2*>(rows[column]) + at / 4), kinds[column] == BF16);
        }
        add4(sum, v);
    }
    return sum;
}

// The same of tables of halves. They are far apart: rows of all are asked for before the first is used.
__device__ __forceinline__ float4 sum_halves(const Embed& a, const uint64_t* rows, const int* kinds, int at) {
    constexpr int AT_ONCE = 10;
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 1
    for (int first = 0; first < a.columns; first += AT_ONCE) {
        uint2 words[AT_ONCE];
#pragma unroll
        for (int i = 0; i < AT_ONCE; i++) {
            const int column = min(first + i, a.columns - 1);
            words[i] = __ldg(reinterpret_cast<const uint2*>(rows[column]) + at / 4);
        }
#pragma unroll
        for (int i = 0; i < AT_ONCE; i++) {
            const int column = min(first + i, a.columns - 1);
            if (first + i < a.columns) add4(sum, widen_halves(words[i], kinds[column] == BF16));
        }
    }
    return sum;
}

// A row's vector, four numbers at a time, to `give`; `kept` has room for it in shared memory.
template <typename Give>
__device__ __forceinline__ void embed_row(const Embed& a, int row, float4* kept, Give give) {
    __shared__ float scratch[WARPS];
    __shared__ uint64_t tables[MAX_COLUMNS];
    __shared__ int kinds[MAX_COLUMNS];
    const int own = threadIdx.x;
    if (own < a.columns) tables[own] = a.tables[own], kinds[own] = a.kinds[own];
    wait_for_inputs();
    const bool live = __ldcg(a.slots + row) >= 0;
    // The address of the column's row.
    if (own < a.columns) {
        const uint64_t id = __ldcg(a.ids + row * a.columns + own);
        tables[own] += id * a.dim * (kinds[own] == F32 ? 4 : 2);
    }
    const bool halves = __syncthreads_and(own >= a.columns || kinds[own] != F32);
    float squares = 0.0f;
#pragma unroll 1
    for (int at = 4 * threadIdx.x; at < a.dim; at += 4 * THREADS) {
        float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        if (live && row == a.given_row) {
            sum = load4(a.given + at);
        } else if (live) {
            sum = halves ? sum_halves(a, tables, kinds, at) : sum_floats(a, tables, kinds, at);
        }
        squares = dot4(sum, sum, squares), kept[at / 4] = sum;
    }
    const float factor = norm_factor(block_sum<THREADS>(squares, scratch), a.dim, a.eps);
#pragma unroll 1
    for (int at = 4 * threadIdx.x; at < a.dim; at += 4 * THREADS) give(at, scaled4(kept[at / 4], factor));
}

KERNEL(embed, Embed, THREADS) {
    __shared__ float4 kept[VECTORS * THREADS];
    release_dependents();
    float* output = a.output + static_cast<size_t>(blockIdx.x) * a.dim;
    embed_row(a, blockIdx.x, kept, [&](int at, float4 v) { *reinterpret_cast<float4*>(output + at) = v; });
}
