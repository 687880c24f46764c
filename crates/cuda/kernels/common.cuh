// What all kernels share: limits, the hand-over between kernels that overlap, loads, reductions, matrix instructions.
//
// Every kernel begins with release_dependents() and, before it reads or writes anything that another kernel writes or
// reads, calls wait_for_inputs(). A kernel runs for a few microseconds and finds the instruction caches cold: code that
// is short and loops counts for more than code that is unrolled. Where the card allows it (compute capability 9.0) the next kernel's blocks are so
// already on the multiprocessors, with their weights on the way, when their input is ready.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

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

__device__ __forceinline__ void release_dependents() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

__device__ __forceinline__ void wait_for_inputs() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// Starts bringing `bytes` (a multiple of 16, from an address that is one, too) into the second-level cache.
__device__ __forceinline__ void prefetch(const void* from, unsigned bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(from), "r"(bytes) : "memory");
#endif
}

// Bulk copies to shared memory: they need no registers and no threads, so that a block asks for all it will read at
// once. `gate` counts the bytes that are to come; it serves once.
__device__ __forceinline__ uint32_t shared_address(const void* at) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(at));
}

__device__ __forceinline__ void open_gate(uint64_t* gate) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.init.shared.b64 [%0], 1;" ::"r"(shared_address(gate)) : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

__device__ __forceinline__ void expect_bytes(uint64_t* gate, uint32_t bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;" ::"r"(shared_address(gate)), "r"(bytes) : "memory");
#endif
}

__device__ __forceinline__ void copy_bulk(void* to, const void* from, uint32_t bytes, uint64_t* gate) {
#if __CUDA_ARCH__ >= 900
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                     shared_address(to)),
                 "l"(from), "r"(bytes), "r"(shared_address(gate))
                 : "memory");
#endif
}

// As copy_bulk, of what need not stay in the second-level cache.
__device__ __forceinline__ void copy_bulk_once(void* to, const void* from, uint32_t bytes, uint64_t* gate) {
#if __CUDA_ARCH__ >= 900
    uint64_t policy;
    asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], %4;" ::"r"(
            shared_address(to)),
        "l"(from), "r"(bytes), "r"(shared_address(gate)), "l"(policy)
        : "memory");
#endif
}

// `turn` is 0 for the first time that the gate opens, 1 for the second, 0 for the third.
__device__ __forceinline__ void pass_gate(uint64_t* gate, uint32_t turn = 0) {
#if __CUDA_ARCH__ >= 900
    asm volatile("{\n.reg .pred passed;\nagain_%=:\nmbarrier.try_wait.parity.shared.b64 passed, [%0], %1;\n"
                 "@!passed bra again_%=;\n}" ::"r"(shared_address(gate)),
                 "r"(turn)
                 : "memory");
#endif
}

// Sixteen bytes of weights: read once, so kept out of the first-level cache.
__device__ __forceinline__ uint4 load_weights(const void* from) {
    uint4 words;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
                 : "l"(from));
    return words;
}

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

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffff, value, offset);
    return value;
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

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, offset));
    return value;
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
        unsigned before;
        asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
        last = before == count - 1;
        if (last) *counter = 0;
    }
    __syncthreads();
    return last;
}

// Two numbers of a half type in a register, the first in the lower half.
__device__ __forceinline__ uint32_t pack(__nv_bfloat162 pair) { return *reinterpret_cast<uint32_t*>(&pair); }
__device__ __forceinline__ uint32_t pack(__half2 pair) { return *reinterpret_cast<uint32_t*>(&pair); }

// Sixteen rows times sixteen numbers times eight columns, added to `sum` in float32.
__device__ __forceinline__ void multiply_bf16(float4& sum, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3,
                                              uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(sum.x), "+f"(sum.y), "+f"(sum.z), "+f"(sum.w)
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void multiply_f16(float4& sum, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3,
                                             uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(sum.x), "+f"(sum.y), "+f"(sum.z), "+f"(sum.w)
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

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
