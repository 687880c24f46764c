// Attention of each row over the rows of its slot up to its own, gated by head.
//
// A block takes SPLIT positions of one row and one key head, for all GROUP query heads that share it. Where a row sees
// more than SPLIT positions, the last of its blocks adds the others' results up, in the order of the positions. What a
// block takes depends on the row's position alone.
#pragma once
#include "common.cuh"

constexpr int MAX_SPLITS = 64;

struct Attention {
    // [rows, heads, head_dim], normed and rotated.
    const float* queries;
    const void* keys;
    const void* values;
    // Gate of the first head of the first row, before the sigmoid; numbers from row to row.
    const float* gates;
    const int* slots;
    const int* positions;
    // [rows, heads, head_dim]
    float* output;
    // Of each row, key head and split: GROUP × head_dim weighted sums; GROUP pairs of largest score and sum.
    float* sums;
    float* extents;
    // One for each row and key head.
    unsigned* arrived;
    long long slot_stride;
    int gate_stride;
    int kv_heads;
    // Numbers of the cache from one block of SPLIT positions to the next.
    int block_stride;
    int splits;
    float scale;
};

// Eight neighbouring numbers of the cache.
struct Eight {
    float v[8];
};

template <typename T> struct Packed;
template <> struct Packed<float> {
    float4 low, high;
    __device__ __forceinline__ void load(const float* from) {
        low = load4(from), high = load4(from + 4);
    }
    __device__ __forceinline__ Eight eight() const {
        return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
    }
};
template <> struct Packed<__nv_bfloat16> {
    uint4 words;
    __device__ __forceinline__ void load(const __nv_bfloat16* from) {
        words = __ldcg(reinterpret_cast<const uint4*>(from));
    }
    __device__ __forceinline__ Eight eight() const {
        Eight e;
        const uint32_t* w = reinterpret_cast<const uint32_t*>(&words);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            e.v[2 * i] = __uint_as_float(w[i] << 16);
            e.v[2 * i + 1] = __uint_as_float(w[i] & 0xffff0000u);
        }
        return e;
    }
};
template <> struct Packed<__half> {
    uint4 words;
    __device__ __forceinline__ void load(const __half* from) { words = __ldcg(reinterpret_cast<const uint4*>(from)); }
    __device__ __forceinline__ Eight eight() const {
        Eight e;
        const __half2* h = reinterpret_cast<const __half2*>(&words);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float2 f = __half22float2(h[i]);
            e.v[2 * i] = f.x, e.v[2 * i + 1] = f.y;
        }
        return e;
    }
};

// Scores to weights: each warp takes one head. Leaves exponentials in `scores`.
template <int GROUP> __device__ __forceinline__ void weigh(float (*scores)[SPLIT], int seen, float2* extents) {
    const int head = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (head >= GROUP) return;
    float most = -INFINITY;
#pragma unroll
    for (int i = lane; i < SPLIT; i += 32) {
        if (i < seen) most = fmaxf(most, scores[head][i]);
    }
    most = warp_max(most);
    float sum = 0.0f;
#pragma unroll
    for (int i = lane; i < SPLIT; i += 32) {
        if (i >= seen) continue;
        const float weight = __expf(scores[head][i] - most);
        scores[head][i] = weight;
        sum += weight;
    }
    sum = warp_sum(sum);
    if (lane == 0) extents[head] = make_float2(most, sum);
}

// Adds the splits of a row and key head up.
template <int HEAD_DIM, int GROUP>
__device__ __forceinline__ void combine(const Attention& a, int row, int kv_head, int used, float* output) {
    __shared__ float factors[GROUP][MAX_SPLITS];
    __shared__ float totals[GROUP];
    const int head = threadIdx.x / 32, lane = threadIdx.x % 32;
    const size_t first = (static_cast<size_t>(row) * a.kv_heads + kv_head) * a.splits;
    if (head < GROUP) {
        float2 extents[MAX_SPLITS / 32];
        float most = -INFINITY, sum = 0.0f;
#pragma unroll
        for (int i = 0; i < MAX_SPLITS / 32; i++) {
            const int split = lane + 32 * i;
            if (split >= used) continue;
            extents[i] = __ldcg(reinterpret_cast<const float2*>(a.extents) + (first + split) * GROUP + head);
            most = fmaxf(most, extents[i].x);
        }
        most = warp_max(most);
#pragma unroll
        for (int i = 0; i < MAX_SPLITS / 32; i++) {
            const int split = lane + 32 * i;
            if (split >= used) continue;
            const float factor = __expf(extents[i].x - most);
            factors[head][split] = factor;
            sum = fmaf(extents[i].y, factor, sum);
        }
        sum = warp_sum(sum);
        if (lane == 0) totals[head] = sum;
    }
    __syncthreads();
    // Threads share the splits of the same four numbers, every so many of them each.
    constexpr int FOURS = GROUP * HEAD_DIM / 4, SHARES = THREADS / FOURS > 0 ? THREADS / FOURS : 1;
    __shared__ float4 shared_sums[SHARES][FOURS];
    const float4* from = reinterpret_cast<const float4*>(a.sums + first * GROUP * HEAD_DIM);
    for (int index = threadIdx.x; index < SHARES * FOURS; index += THREADS) {
        const int four = index % FOURS, share = index / FOURS, head = four * 4 / HEAD_DIM;
        float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 4
        for (int split = share; split < used; split += SHARES) {
            const float4 v = __ldcg(from + static_cast<size_t>(split) * FOURS + four);
            const float factor = factors[head][split];
            sum.x = fmaf(v.x, factor, sum.x), sum.y = fmaf(v.y, factor, sum.y);
            sum.z = fmaf(v.z, factor, sum.z), sum.w = fmaf(v.w, factor, sum.w);
        }
        shared_sums[share][four] = sum;
    }
    __syncthreads();
#pragma unroll 1
    for (int index = threadIdx.x; index < GROUP * HEAD_DIM; index += THREADS) {
        float sum = 0.0f;
#pragma unroll
        for (int share = 0; share < SHARES; share++) {
            sum = __fadd_rn(sum, reinterpret_cast<const float*>(shared_sums[share])[index]);
        }
        const float gate = __ldcg(a.gates + static_cast<size_t>(row) * a.gate_stride + kv_head * GROUP + index / HEAD_DIM);
        output[index] = __fmul_rn(__fdividef(sum, totals[index / HEAD_DIM]), sigmoid(gate));
    }
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void attention(const Attention& a) {
    // Lanes that share a position, positions that a warp and that the block take at once.
    constexpr int LANES = HEAD_DIM / 8, OF_WARP = 32 / LANES, AT_ONCE = OF_WARP * WARPS;
    __shared__ float scores[GROUP][SPLIT];
    __shared__ float2 extents[GROUP];
    __shared__ float sums[WARPS][GROUP * HEAD_DIM];
    release_dependents();
    wait_for_inputs();
    const int split = blockIdx.x, kv_head = blockIdx.y, row = blockIdx.z;
    const int slot = __ldcg(a.slots + row), position = __ldcg(a.positions + row);
    const int used = position / SPLIT + 1;
    if (slot < 0 || split >= used) return;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, part = lane % LANES;
    const int seen = min(position + 1 - split * SPLIT, SPLIT);
    const long long head = slot * a.slot_stride + static_cast<long long>(split) * a.block_stride + kv_head * SPLIT * HEAD_DIM + part * 8;
    const T *keys = static_cast<const T*>(a.keys) + head, *values = static_cast<const T*>(a.values) + head;
    const size_t first_query = static_cast<size_t>(row) * a.kv_heads * GROUP + kv_head * GROUP;
    {
        float query[GROUP][8];
#pragma unroll
        for (int h = 0; h < GROUP; h++) {
            const float* from = a.queries + (first_query + h) * HEAD_DIM + part * 8;
            const float4 low = load4(from), high = load4(from + 4);
            query[h][0] = low.x, query[h][1] = low.y, query[h][2] = low.z, query[h][3] = low.w;
            query[h][4] = high.x, query[h][5] = high.y, query[h][6] = high.z, query[h][7] = high.w;
        }
#pragma unroll 1
        for (int start = 0; start < seen; start += 4 * AT_ONCE) {
        Packed<T> key[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int at = start + i * AT_ONCE + warp * OF_WARP + lane / LANES;
            key[i].load(keys + min(at, seen - 1) * HEAD_DIM);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int at = start + i * AT_ONCE + warp * OF_WARP + lane / LANES;
            float dots[GROUP] = {};
            {
                const Eight k = key[i].eight();
#pragma unroll
                for (int h = 0; h < GROUP; h++) {
#pragma unroll
                    for (int d = 0; d < 8; d++) dots[h] = fmaf(query[h][d], k.v[d], dots[h]);
                }
            }
#pragma unroll
            for (int h = 0; h < GROUP; h++) {
#pragma unroll
                for (int offset = LANES / 2; offset > 0; offset /= 2) {
                    dots[h] += __shfl_xor_sync(0xffffffff, dots[h], offset);
                }
                if (part == 0 && at < SPLIT) scores[h][at] = at < seen ? __fmul_rn(dots[h], a.scale) : -INFINITY;
            }
        }
        }
    }
    __syncthreads();
    weigh<GROUP>(scores, seen, extents);
    __syncthreads();
    float sum[GROUP][8] = {};
#pragma unroll 1
    for (int start = 0; start < seen; start += 4 * AT_ONCE) {
        Packed<T> value[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int at = start + i * AT_ONCE + warp * OF_WARP + lane / LANES;
            value[i].load(values + min(at, seen - 1) * HEAD_DIM);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int at = start + i * AT_ONCE + warp * OF_WARP + lane / LANES;
            if (at >= seen) continue;
            const Eight v = value[i].eight();
#pragma unroll
            for (int h = 0; h < GROUP; h++) {
                const float weight = scores[h][at];
#pragma unroll
                for (int d = 0; d < 8; d++) sum[h][d] = fmaf(weight, v.v[d], sum[h][d]);
            }
        }
    }
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
#pragma unroll
        for (int d = 0; d < 8; d++) {
#pragma unroll
            for (int offset = 16; offset >= LANES; offset /= 2) {
                sum[h][d] += __shfl_xor_sync(0xffffffff, sum[h][d], offset);
            }
            if (lane < LANES) sums[warp][h * HEAD_DIM + part * 8 + d] = sum[h][d];
        }
    }
    __syncthreads();
    const size_t place = (static_cast<size_t>(row) * a.kv_heads + kv_head) * a.splits + split;
    float* output = a.output + first_query * HEAD_DIM;
#pragma unroll 1
    for (int index = threadIdx.x; index < GROUP * HEAD_DIM; index += THREADS) {
        float all = 0.0f;
#pragma unroll
        for (int other = 0; other < WARPS; other++) all = __fadd_rn(all, sums[other][index]);
        const int h = index / HEAD_DIM;
        if (used == 1) {
            const float gate = __ldcg(a.gates + static_cast<size_t>(row) * a.gate_stride + kv_head * GROUP + h);
            output[index] = __fmul_rn(__fdividef(all, extents[h].y), sigmoid(gate));
        } else {
            a.sums[place * GROUP * HEAD_DIM + index] = all;
        }
    }
    if (used == 1) return;
    if (threadIdx.x < GROUP) reinterpret_cast<float2*>(a.extents)[place * GROUP + threadIdx.x] = extents[threadIdx.x];
    if (is_last_block(a.arrived + row * a.kv_heads + kv_head, used)) {
        combine<HEAD_DIM, GROUP>(a, row, kv_head, used, output);
    }
}

#define ATTENTION(name, type, head_dim, group)                                               \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                  \
        attention_##name##_##head_dim##_##group(const __grid_constant__ Attention a) {       \
        attention<type, head_dim, group>(a);                                                 \
    }
#define ATTENTION_GROUPS(name, type, head_dim) \
    ATTENTION(name, type, head_dim, 1)         \
    ATTENTION(name, type, head_dim, 2)         \
    ATTENTION(name, type, head_dim, 4)         \
    ATTENTION(name, type, head_dim, 8)
#define ATTENTION_TYPES(head_dim)                          \
    ATTENTION_GROUPS(f32, float, head_dim)                 \
    ATTENTION_GROUPS(bf16, __nv_bfloat16, head_dim)        \
    ATTENTION_GROUPS(f16, __half, head_dim)

ATTENTION_TYPES(64)
ATTENTION_TYPES(128)
