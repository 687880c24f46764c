// Between the projections and attention: queries and keys are normed by head, queries multiplied with the head's
// temperature, both rotated (interleaved pairs), keys and values written to the cache. A warp does one head of a row.
#pragma once
#include "common.cuh"

struct Heads {
    // [rows, stride]: queries, keys, values (and gates, not read here) of each row.
    const float* projected;
    // Magnitude for each query head.
    const float* temperatures;
    // [context, head_dim / 2]
    const float* cosines;
    const float* sines;
    const int* slots;
    const int* positions;
    // [rows, heads, head_dim]
    float* queries;
    // Keys of the first slot's layer, [kv_heads, SPLIT, head_dim] in each block of positions; its values; numbers from slot
    // to slot.
    void* keys;
    void* values;
    long long slot_stride;
    int stride;
    int heads;
    int kv_heads;
    int head_dim;
    // Numbers of the cache from one block of SPLIT positions to the next.
    int block_stride;
    float eps;
};

template <typename T> __device__ __forceinline__ void store_pair(T* at, float2 v);
template <> __device__ __forceinline__ void store_pair(float* at, float2 v) { *reinterpret_cast<float2*>(at) = v; }
template <> __device__ __forceinline__ void store_pair(__nv_bfloat16* at, float2 v) {
    *reinterpret_cast<__nv_bfloat162*>(at) = __floats2bfloat162_rn(v.x, v.y);
}
template <> __device__ __forceinline__ void store_pair(__half* at, float2 v) {
    *reinterpret_cast<__half2*>(at) = __floats2half2_rn(v.x, v.y);
}

// Pairs of a head that a lane holds: head_dim is 128 at most.
constexpr int PAIRS = 2;

// One head of a row, by one warp: queries first, then keys, then values. `read` reads the lane's pairs, lane and lane + 32.
// Queries go to `query`, the others to the cache.
template <typename T, typename Read>
__device__ __forceinline__ void norm_and_rotate(const Heads& a, int head, int slot, int position, float* query, Read read) {
    const int lane = threadIdx.x % 32, half = a.head_dim / 2;
    const bool is_query = head < a.heads, is_value = head >= a.heads + a.kv_heads;
    float2 v[PAIRS] = {};
    float cosines[PAIRS], sines[PAIRS], squares = 0.0f;
    const float temperature = is_query ? __ldg(a.temperatures + head) : 1.0f;
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
        const int pair = lane + 32 * i, at = position * half + min(pair, half - 1);
        cosines[i] = __ldg(a.cosines + at), sines[i] = __ldg(a.sines + at);
    }
    read(v);
#pragma unroll
    for (int i = 0; i < PAIRS; i++) squares = fmaf(v[i].y, v[i].y, fmaf(v[i].x, v[i].x, squares));
    if (!is_value) {
        float factor = norm_factor(warp_sum(squares), a.head_dim, a.eps);
#pragma unroll
        for (int i = 0; i < PAIRS; i++) {
            const int pair = lane + 32 * i;
            if (pair >= half) continue;
            const float cosine = cosines[i], sine = sines[i];
            const float x = __fmul_rn(__fmul_rn(v[i].x, factor), temperature);
            const float y = __fmul_rn(__fmul_rn(v[i].y, factor), temperature);
            v[i] = make_float2(fmaf(x, cosine, -__fmul_rn(y, sine)), fmaf(x, sine, __fmul_rn(y, cosine)));
        }
    }
    const int kv_head = head - a.heads - (is_value ? a.kv_heads : 0);
    T* cache = static_cast<T*>(is_value ? a.values : a.keys) + slot * a.slot_stride +
               static_cast<long long>(position / SPLIT) * a.block_stride + (kv_head * SPLIT + position % SPLIT) * a.head_dim;
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
        const int pair = lane + 32 * i;
        if (pair >= half) continue;
        if (is_query) {
            store_pair(query + 2 * pair, v[i]);
        } else {
            store_pair(cache + 2 * pair, v[i]);
        }
    }
}

template <typename T> __device__ __forceinline__ void heads(const Heads& a) {
    release_dependents();
    wait_for_inputs();
    const int row = blockIdx.y, head = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    const int slot = __ldcg(a.slots + row), position = __ldcg(a.positions + row);
    if (slot < 0 || head >= a.heads + 2 * a.kv_heads) return;
    float* query = a.queries + (static_cast<size_t>(row) * a.heads + head) * a.head_dim;
    const float2* from = reinterpret_cast<const float2*>(a.projected + static_cast<size_t>(row) * a.stride +
                                                          static_cast<size_t>(head) * a.head_dim);
    norm_and_rotate<T>(a, head, slot, position, query, [&](float2(&v)[PAIRS]) {
#pragma unroll
        for (int i = 0; i < PAIRS; i++) {
            const int pair = threadIdx.x % 32 + 32 * i;
            if (pair < a.head_dim / 2) v[i] = __ldcg(from + pair);
        }
    });
}

KERNEL(heads_f32, Heads, 128) { heads<float>(a); }
KERNEL(heads_bf16, Heads, 128) { heads<__nv_bfloat16>(a); }
KERNEL(heads_f16, Heads, 128) { heads<__half>(a); }
