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

__device__ __forceinline__ float4 load_embedding(uint64_t table, int kind, size_t at) {
    if (kind == F32) return __ldg(reinterpret_cast<const float4*>(reinterpret_cast<const float*>(table) + at));
    const uint2 words = __ldg(reinterpret_cast<const uint2*>(reinterpret_cast<const uint16_t*>(table) + at));
    float2 low, high;
    if (kind == BF16) {
        low = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(&words.x));
        high = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(&words.y));
    } else {
        low = __half22float2(*reinterpret_cast<const __half2*>(&words.x));
        high = __half22float2(*reinterpret_cast<const __half2*>(&words.y));
    }
    return make_float4(low.x, low.y, high.x, high.y);
}

extern "C" __global__ void __launch_bounds__(THREADS) embed(const __grid_constant__ Embed a) {
    __shared__ float scratch[WARPS];
    __shared__ uint64_t tables[MAX_COLUMNS];
    __shared__ int kinds[MAX_COLUMNS];
    release_dependents();
    const int row = blockIdx.x, own = threadIdx.x;
    if (own < a.columns) tables[own] = a.tables[own], kinds[own] = a.kinds[own];
    wait_for_inputs();
    const bool live = __ldcg(a.slots + row) >= 0;
    // The address of the column's row.
    if (own < a.columns) {
        const uint64_t id = __ldcg(a.ids + row * a.columns + own);
        tables[own] += id * a.dim * (kinds[own] == F32 ? 4 : 2);
    }
    __syncthreads();
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
#pragma unroll 2
            for (int column = 0; column < a.columns; column++) {
                const float4 v = load_embedding(tables[column], kinds[column], at);
                sums[i].x = __fadd_rn(sums[i].x, v.x), sums[i].y = __fadd_rn(sums[i].y, v.y);
                sums[i].z = __fadd_rn(sums[i].z, v.z), sums[i].w = __fadd_rn(sums[i].w, v.w);
            }
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
