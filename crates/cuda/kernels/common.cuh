// What all kernels share: limits, reductions, how blocks come to know that all are done.
//
// Every kernel begins with release_dependents() and, before it reads or writes anything that another kernel writes or
// reads, calls wait_for_inputs(). A kernel runs for a few microseconds and finds the instruction caches cold: code that
// is short and loops counts for more than code that is unrolled. Where the card allows it (compute capability 9.0) the
// next kernel's blocks are so already on the multiprocessors, with their weights on the way, when their input is ready.
#pragma once
#include "ptx.cuh"

// Threads of most kernels.
constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;
// Rows of a step at most, experts that a row may use, and so pairs of both.
constexpr int MAX_ROWS = 64;
constexpr int MAX_USED = 4;
constexpr int MAX_ENTRIES = MAX_ROWS * MAX_USED;
// Positions that a block of attention takes, and that lie together in the cache.
constexpr int SPLIT = 128;
// Rows that are multiplied with a matrix together: the width of a matrix instruction.
constexpr int COLUMNS = 8;
// The widest vector that a kernel stages: four numbers a thread, four times.
constexpr int VECTORS = 4;

// How numbers are stored; the same as `Kind` on the host.
enum Kind : int { F32 = 0, BF16 = 1, F16 = 2, Q8_0 = 3, Q4_K = 4, Q5_K = 5, Q6_K = 6 };

__device__ __forceinline__ float4 load4(const float* from) { return __ldcg(reinterpret_cast<const float4*>(from)); }

__device__ __forceinline__ float dot4(float4 a, float4 b, float sum) {
    return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

__device__ __forceinline__ void add4(float4& sum, float4 v) {
    sum.x = __fadd_rn(sum.x, v.x), sum.y = __fadd_rn(sum.y, v.y);
    sum.z = __fadd_rn(sum.z, v.z), sum.w = __fadd_rn(sum.w, v.w);
}

__device__ __forceinline__ float4 scaled4(float4 v, float by) {
    return make_float4(__fmul_rn(v.x, by), __fmul_rn(v.y, by), __fmul_rn(v.z, by), __fmul_rn(v.w, by));
}

__device__ __forceinline__ float4 times4(float4 a, float4 b) {
    return make_float4(__fmul_rn(a.x, b.x), __fmul_rn(a.y, b.y), __fmul_rn(a.z, b.z), __fmul_rn(a.w, b.w));
}

__device__ __forceinline__ float largest4(float4 v) {
    return fmaxf(fmaxf(fabsf(v.x), fabsf(v.y)), fmaxf(fabsf(v.z), fabsf(v.w)));
}

// Leaves a lane with half of 2·HALF numbers, to which it adds what the lane `offset` further has of them.
template <int HALF, int COUNT> __device__ __forceinline__ void halve(float (&values)[COUNT], int offset) {
    const bool upper = threadIdx.x & offset;
#pragma unroll
    for (int i = 0; i < HALF; i++) {
        const float kept = upper ? values[i + HALF] : values[i], given = upper ? values[i] : values[i + HALF];
        values[i] = kept + __shfl_xor_sync(0xffffffff, given, offset);
    }
}

// Halves 2·HALF numbers until one is left, with lanes that are HALF·`distance` apart and then ever closer.
template <int HALF, int COUNT> __device__ __forceinline__ void fold(float (&values)[COUNT], int distance) {
    halve<HALF>(values, HALF * distance);
    if constexpr (HALF > 1) fold<HALF / 2>(values, distance);
}

// The sum of one number of each of the block's COUNT threads, in all of them. `scratch` holds one number for each warp.
template <int COUNT> __device__ __forceinline__ float block_sum(float value, float* scratch) {
    value = warp_sum(value);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0.0f;
#pragma unroll 8
    for (int warp = 0; warp < COUNT / 32; warp++) sum = __fadd_rn(sum, scratch[warp]);
    __syncthreads();
    return sum;
}

// What a root-mean-square norm multiplies with, from the sum of the squares.
__device__ __forceinline__ float norm_factor(float squares, int width, float eps) {
    return rsqrtf(__fadd_rn(__fdividef(squares, static_cast<float>(width)), eps));
}

// Whether this block is the last of `count` to come here; the writes of the others can then be read (with __ldcg).
// The counter is zero again afterwards.
__device__ __forceinline__ bool is_last_block(unsigned* counter, unsigned count) {
    __shared__ bool last;
    __syncthreads();
    if (threadIdx.x == 0) {
        last = arrive(counter) == count - 1;
        if (last) *counter = 0;
    }
    __syncthreads();
    return last;
}

// Two numbers of a half type in a register, the first in the lower half.
__device__ __forceinline__ uint32_t pack(__nv_bfloat162 pair) { return *reinterpret_cast<uint32_t*>(&pair); }
__device__ __forceinline__ uint32_t pack(__half2 pair) { return *reinterpret_cast<uint32_t*>(&pair); }

__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.0f, __fadd_rn(1.0f, __expf(-x))); }

// Which pairs of row and chosen expert are computed together: tiles of up to eight pairs of one expert. A pair is
// `row * used + choice`.
struct Plan {
    int tiles;
    int expert[MAX_ENTRIES];
    int count[MAX_ENTRIES];
    int entry[MAX_ENTRIES][COLUMNS];
    // The row of each pair.
    int row[MAX_ENTRIES][COLUMNS];
    // The weight of each pair.
    float weight[MAX_ENTRIES][COLUMNS];
};
