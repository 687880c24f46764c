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

// The sum over the columns of four numbers from `at` on. Tables are far apart: rows of all are asked for before the first
// is used.
template <bool HALVES>
__device__ __forceinline__ float4 sum_columns(const Embed& a, const uint64_t* rows, const int* kinds, int at) {
    constexpr int AT_ONCE = 10;
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 1
    for (int first = 0; first < a.columns; first += AT_ONCE) {
        uint4 words[AT_ONCE];
#pragma unroll
        for (int i = 0; i < AT_ONCE; i++) {
            if (first + i >= a.columns) continue;
            if (HALVES) {
                const uint2 halves = __ldg(reinterpret_cast<const uint2*>(rows[first + i]) + at / 4);
                words[i].x = halves.x, words[i].y = halves.y;
            } else if (kinds[first + i] == F32) {
                words[i] = __ldg(reinterpret_cast<const uint4*>(rows[first + i]) + at / 4);
            } else {
                const uint2 halves = __ldg(reinterpret_cast<const uint2*>(rows[first + i]) + at / 4);
                words[i].x = halves.x, words[i].y = halves.y;
            }
        }
#pragma unroll
        for (int i = 0; i < AT_ONCE; i++) {
            if (first + i >= a.columns) continue;
            const int kind = kinds[first + i];
            const float4 v = !HALVES && kind == F32 ? *reinterpret_cast<const float4*>(&words[i])
                                                    : widen_halves(make_uint2(words[i].x, words[i].y), kind == BF16);
            sum.x = __fadd_rn(sum.x, v.x), sum.y = __fadd_rn(sum.y, v.y);
            sum.z = __fadd_rn(sum.z, v.z), sum.w = __fadd_rn(sum.w, v.w);
        }
    }
    return sum;
}

__device__ __forceinline__ void embed_row(const Embed& a, int row) {
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
    float4 sums[VECTORS];
    float squares = 0.0f;
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        sums[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        const int at = 4 * (threadIdx.x + i * THREADS);
        if (at >= a.dim || !live) break;
        if (row == a.given_row) {
            sums[i] = load4(a.given + at);
        } else {
            sums[i] = halves ? sum_columns<true>(a, tables, kinds, at) : sum_columns<false>(a, tables, kinds, at);
        }
        squares = dot4(sums[i], sums[i], squares);
    }
    const float factor = norm_factor(block_sum(squares, scratch), a.dim, a.eps);
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        const int at = 4 * (threadIdx.x + i * THREADS);
        if (at >= a.dim) break;
        *reinterpret_cast<float4*>(a.output + static_cast<size_t>(row) * a.dim + at) = scaled4(sums[i], factor);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS) embed(const __grid_constant__ Embed a) {
    release_dependents();
    embed_row(a, blockIdx.x);
}
