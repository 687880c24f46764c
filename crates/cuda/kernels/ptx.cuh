// What C++ has no words for: the machine's instructions, each as a function, how a kernel is declared, and where a block's
// memory lies. Nothing else in these files is written for a card alone, so that a program that has its own versions of
// these (ZONOS_SIMULATOR) can compile all kernels for a processor.
#pragma once
#ifdef ZONOS_SIMULATOR
#include <simulator.hpp>
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

// A kernel and the name of its only parameter's type; the parameter is `a`. What follows are launch bounds: threads of a
// block and, if it matters, blocks on a multiprocessor.
#define KERNEL(name, Arguments, ...) \
    extern "C" __global__ void __launch_bounds__(__VA_ARGS__) name(const __grid_constant__ Arguments a)

// Declares an array: the memory that a block was started with.
#define BLOCK_MEMORY(type, name) extern __shared__ type name[]

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

// Starts bringing the line of an address into the second-level cache.
__device__ __forceinline__ void prefetch_line(const void* at) { asm volatile("prefetch.global.L2 [%0];" ::"l"(at)); }

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

// A number that others may be writing.
__device__ __forceinline__ int guess(const int* at) {
    int number;
    asm volatile("ld.global.cg.s32 %0, [%1];" : "=r"(number) : "l"(at));
    return number;
}

// (a & mask) | bits. The compiler makes two instructions of it where both are constants.
__device__ __forceinline__ uint32_t and_or(uint32_t a, uint32_t mask, uint32_t bits) {
    uint32_t both;
    asm("lop3.b32 %0, %1, %2, %3, 0xea;" : "=r"(both) : "r"(a), "r"(mask), "r"(bits));
    return both;
}

// The sum, and the largest, of one number of each lane, in all of them.
__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffff, value, offset);
    return value;
}

__device__ __forceinline__ float warp_max(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, offset));
    return value;
}

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

// Sixteen rows times eight numbers times eight columns, added to `sum` in float32.
__device__ __forceinline__ void multiply_tf32(float4& sum, const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sum.x), "+f"(sum.y), "+f"(sum.z), "+f"(sum.w)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void copy_four(float4* to, const float4* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from) : "memory");
}

__device__ __forceinline__ void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// All copies but those of the newest `OPEN` groups are there.
template <int OPEN> __device__ __forceinline__ void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(OPEN) : "memory");
}

// Adds one to a counter and says what it was. Writes before it are seen by who comes to know of it so, and reads behind it
// see what others wrote before theirs.
__device__ __forceinline__ unsigned arrive(unsigned* counter) {
    unsigned before;
    asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
    return before;
}

// A word that other blocks look at, written and read as a whole; nothing else is ordered by it.
__device__ __forceinline__ void store_relaxed(unsigned long long* at, unsigned long long word) {
    asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(at), "l"(word) : "memory");
}

__device__ __forceinline__ unsigned long long load_relaxed(const unsigned long long* at) {
    unsigned long long word;
    asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(word) : "l"(at) : "memory");
    return word;
}

// Two neighbouring words, if `any`; without a branch.
__device__ __forceinline__ void load_relaxed2(const unsigned long long* at, bool any, unsigned long long& low,
                                              unsigned long long& high) {
    asm volatile("{\n.reg .pred any;\nsetp.ne.u32 any, %3, 0;\n@any ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];\n}"
                 : "+l"(low), "+l"(high)
                 : "l"(at), "r"(static_cast<unsigned>(any))
                 : "memory");
}

#endif
