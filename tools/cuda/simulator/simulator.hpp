// What CUDA's compiler and headers give to kernels, for a processor: included by kernels/ptx.cuh in place of its own
// functions. A thread of a block is a fiber; threads.hpp says how they run. Numbers are rounded as the card rounds them,
// except where it is free: functions of the mathematics library, and the order in which a matrix instruction adds.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "races.hpp"
#include "threads.hpp"

#define __CUDA_ARCH__ (ZONOS_SIMULATOR * 10)
#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
// A multiprocessor is a thread of the system, and runs one block at a time.
#define __shared__ static thread_local
#define threadIdx (simulator::here->thread)
#define blockIdx (simulator::here->block)
#define gridDim (simulator::here->grid)
#define blockDim (simulator::here->threads)

#define KERNEL(name, Arguments, ...)                                                          \
    static void name(const Arguments& a);                                                     \
    static const simulator::Kernel kernel_##name(                                             \
        #name, sizeof(Arguments), [](const void* a) { name(*static_cast<const Arguments*>(a)); }, \
        simulator::bounds(__VA_ARGS__));                                                      \
    static void name(const Arguments& a)

struct alignas(8) int2 {
    int x, y;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};

inline int2 make_int2(int x, int y) { return {x, y}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline unsigned min(int a, unsigned b) { return min(static_cast<unsigned>(a), b); }
inline unsigned min(unsigned a, int b) { return min(a, static_cast<unsigned>(b)); }

namespace simulator {
template <typename To, typename From> inline To bits_of(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits keep their number");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

inline float brain_to_float(uint16_t bits) { return bits_of<float>(static_cast<uint32_t>(bits) << 16); }

// To the nearest, of two the even one.
inline uint16_t float_to_brain(float value) {
    const uint32_t bits = bits_of<uint32_t>(value);
    if (std::isnan(value)) return 0x7fff;
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float half_to_float(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16, rest = bits & 0x7fff;
    if (rest >= 0x7c00) return bits_of<float>(sign | 0x7f800000u | rest << 13);
    // Numbers below 2^-14 have no leading one: the multiplication gives it to them.
    return bits_of<float>(sign | bits_of<uint32_t>(bits_of<float>(rest << 13) * 0x1p112f));
}

inline uint16_t float_to_half(float value) {
    const uint32_t bits = bits_of<uint32_t>(value), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (std::isnan(value)) return 0x7fff;
    if (rest >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);
    // What a number below 2^-14 keeps is counted in 2^-24.
    if (rest < 0x38800000) return static_cast<uint16_t>(sign | static_cast<uint32_t>(std::nearbyint(std::fabs(value) * 0x1p24f)));
    return static_cast<uint16_t>(sign | (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13);
}
}  // namespace simulator

inline uint32_t __float_as_uint(float value) { return simulator::bits_of<uint32_t>(value); }
inline float __uint_as_float(uint32_t bits) { return simulator::bits_of<float>(bits); }

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return expf(x); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline uint32_t __umulhi(uint32_t a, uint32_t b) { return static_cast<uint64_t>(a) * b >> 32; }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }

inline uint32_t __byte_perm(uint32_t low, uint32_t high, uint32_t selector) {
    const uint64_t bytes = static_cast<uint64_t>(high) << 32 | low;
    uint32_t chosen = 0;
    for (int i = 0; i < 4; i++) chosen |= static_cast<uint32_t>(bytes >> (selector >> 4 * i & 7) * 8 & 0xff) << 8 * i;
    return chosen;
}

struct __half {
    uint16_t bits;
};
struct __half2 {
    __half x, y;
};
struct __nv_bfloat16 {
    uint16_t bits;
};
struct __nv_bfloat162 {
    __nv_bfloat16 x, y;
};

inline float __half2float(__half a) { return simulator::half_to_float(a.bits); }
inline __half __float2half_rn(float a) { return {simulator::float_to_half(a)}; }
inline float2 __half22float2(__half2 a) { return {__half2float(a.x), __half2float(a.y)}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__float2half_rn(x), __float2half_rn(y)}; }
inline __half2 __half2half2(__half a) { return {a, a}; }
inline __half __ushort_as_half(uint16_t bits) { return {bits}; }
inline uint16_t __half_as_ushort(__half a) { return a.bits; }
inline __half2 __hsub2(__half2 a, __half2 b) {
    return __floats2half2_rn(__half2float(a.x) - __half2float(b.x), __half2float(a.y) - __half2float(b.y));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
    return __floats2half2_rn(fmaf(__half2float(a.x), __half2float(b.x), __half2float(c.x)),
                             fmaf(__half2float(a.y), __half2float(b.y), __half2float(c.y)));
}
inline __nv_bfloat16 __float2bfloat16_rn(float a) { return {simulator::float_to_brain(a)}; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)}; }
inline float2 __bfloat1622float2(__nv_bfloat162 a) {
    return {simulator::brain_to_float(a.x.bits), simulator::brain_to_float(a.y.bits)};
}

template <typename T> inline T __ldg(const T* from) { return *from; }
template <typename T> inline T __ldcg(const T* from) { return *from; }

inline void __syncthreads() { simulator::meet(false); }
inline int __syncthreads_count(int holds) { return simulator::meet(holds); }
inline int __syncthreads_and(int holds) { return simulator::meet(!holds) == 0; }
inline void __syncwarp() { simulator::meet_warp(); }
NOT_CHECKED inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

namespace simulator {
// A lane's number, as all lanes of the warp show theirs.
template <typename T> NOT_CHECKED inline T lane_shows(T own, int lane) {
    uint32_t words[2] = {};
    std::memcpy(words, &own, sizeof own);
    T chosen;
    std::memcpy(&chosen, show(words, sizeof own / 4)[lane], sizeof chosen);
    return chosen;
}
}  // namespace simulator

template <typename T> inline T __shfl_xor_sync(unsigned, T own, int offset) {
    return simulator::lane_shows(own, threadIdx.x % 32 ^ offset);
}

template <typename T> inline T __shfl_up_sync(unsigned, T own, int offset) {
    const int lane = threadIdx.x % 32;
    return simulator::lane_shows(own, lane < offset ? lane : lane - offset);
}

namespace simulator {
// As lanes do that exchange numbers over ever smaller distances: the sums are the same to the bit.
template <typename Join> NOT_CHECKED inline void join_shown(Shown shown, Join join) {
    for (int offset = 16; offset > 0; offset /= 2) {
        for (int lane = 0; lane < offset; lane++) {
            const float both = join(bits_of<float>(shown[lane][0]), bits_of<float>(shown[lane + offset][0]));
            shown[lane][0] = bits_of<uint32_t>(both);
        }
    }
}

NOT_CHECKED inline float join_lanes(float own, void (*last)(Shown)) {
    const uint32_t word = bits_of<uint32_t>(own);
    return bits_of<float>(show(&word, 1, last)[0][0]);
}
}  // namespace simulator

NOT_CHECKED inline unsigned __ballot_sync(unsigned, bool holds) {
    const uint32_t own = holds;
    const simulator::Shown shown = simulator::show(&own, 1);
    unsigned all = 0;
    for (int lane = 0; lane < 32; lane++) all |= shown[lane][0] << lane;
    return all;
}

NOT_CHECKED inline unsigned atomicOr(unsigned* at, unsigned bits) { return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED); }

NOT_CHECKED inline unsigned atomicMax(unsigned* at, unsigned value) {
    unsigned before = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (before < value && !__atomic_compare_exchange_n(at, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return before;
}

NOT_CHECKED inline unsigned atomicMin(unsigned* at, unsigned value) {
    unsigned before = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (before > value && !__atomic_compare_exchange_n(at, &before, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return before;
}

// From here on: the functions of kernels/ptx.cuh.

#define BLOCK_MEMORY(type, name) type* const name = static_cast<type*>(simulator::block_memory())

// Kernels of a stream run one after the other, and all caches are one.
inline void release_dependents() {}
inline void wait_for_inputs() { simulator::wait_for_inputs(); }
inline void prefetch(const void*, unsigned) {}
inline void prefetch_line(const void*) {}

inline void open_gate(uint64_t* gate) { simulator::open_gate(gate); }
inline void expect_bytes(uint64_t* gate, uint32_t bytes) { simulator::expect_bytes(gate, bytes); }
inline void pass_gate(uint64_t* gate, uint32_t turn = 0) { simulator::pass_gate(gate, turn); }
inline void copy_bulk(void* to, const void* from, uint32_t bytes, uint64_t* gate) {
    simulator::copy_bulk(to, from, bytes, gate);
}
inline void copy_bulk_once(void* to, const void* from, uint32_t bytes, uint64_t* gate) {
    simulator::copy_bulk(to, from, bytes, gate);
}

inline void copy_four(float4* to, const float4* from) { simulator::copy_sixteen(to, from); }
inline void close_copies() { simulator::close_copies(); }
template <int OPEN> inline void wait_for_copies() { simulator::wait_for_copies(OPEN); }

inline float warp_sum(float value) {
    return simulator::join_lanes(value, [](simulator::Shown shown) {
        simulator::join_shown(shown, [](float a, float b) { return a + b; });
    });
}

inline float warp_max(float value) {
    return simulator::join_lanes(value, [](simulator::Shown shown) {
        simulator::join_shown(shown, [](float a, float b) { return fmaxf(a, b); });
    });
}

NOT_CHECKED inline int guess(const int* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }

inline uint32_t and_or(uint32_t a, uint32_t mask, uint32_t bits) { return (a & mask) | bits; }

inline uint4 load_weights(const void* from) { return *static_cast<const uint4*>(from); }

namespace simulator {
// What a matrix instruction multiplies: 16 rows and eight columns of DEPTH numbers, and what the products are added to.
template <int DEPTH> struct Matrices {
    float rows[16][DEPTH];
    float columns[DEPTH][8];
    float sums[16][8];

    void multiply() {
        for (int row = 0; row < 16; row++) {
            for (int k = 0; k < DEPTH; k++) {
                for (int column = 0; column < 8; column++) {
                    sums[row][column] = fmaf(rows[row][k], columns[k][column], sums[row][column]);
                }
            }
        }
    }
};

// A lane shows four registers of the rows, two of the columns, and four sums; these are what it sees afterwards. Lane
// 4·group + quarter has of each half of the inputs the numbers quarter·PAIR and so on of the rows `group` and `group + 8`
// and of the column `group`, and sums of these rows and the columns 2·quarter and 2·quarter + 1.
template <int DEPTH, int PAIR, float NUMBER(uint32_t word, int index)> NOT_CHECKED inline void multiply_shown(Shown shown) {
    Matrices<DEPTH> all;
    for (int lane = 0; lane < 32; lane++) {
        const int group = lane / 4, quarter = lane % 4;
        for (int i = 0; i < 2 * PAIR; i++) {
            const int half = i / PAIR, k = half * DEPTH / 2 + quarter * PAIR + i % PAIR;
            all.rows[group][k] = NUMBER(shown[lane][2 * half], i % PAIR);
            all.rows[group + 8][k] = NUMBER(shown[lane][2 * half + 1], i % PAIR);
            all.columns[k][group] = NUMBER(shown[lane][4 + half], i % PAIR);
        }
        for (int i = 0; i < 4; i++) std::memcpy(&all.sums[group + i / 2 * 8][2 * quarter + i % 2], &shown[lane][6 + i], 4);
    }
    all.multiply();
    for (int lane = 0; lane < 32; lane++) {
        const int group = lane / 4, quarter = lane % 4;
        for (int i = 0; i < 4; i++) std::memcpy(&shown[lane][6 + i], &all.sums[group + i / 2 * 8][2 * quarter + i % 2], 4);
    }
}

NOT_CHECKED inline void multiply(float4& sum, const uint32_t (&registers)[6], void (*last)(Shown)) {
    uint32_t words[10];
    std::memcpy(words, registers, sizeof registers);
    std::memcpy(words + 6, &sum, sizeof sum);
    std::memcpy(&sum, show(words, 10, last)[threadIdx.x % 32] + 6, sizeof sum);
}

inline float brain_of_pair(uint32_t word, int index) { return brain_to_float(static_cast<uint16_t>(word >> 16 * index)); }
inline float half_of_pair(uint32_t word, int index) { return half_to_float(static_cast<uint16_t>(word >> 16 * index)); }
// The instruction takes the upper 19 bits of a number.
inline float tensor_float(uint32_t word, int) { return bits_of<float>(word & 0xffffe000u); }
}  // namespace simulator

inline void multiply_bf16(float4& sum, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
    simulator::multiply(sum, {a0, a1, a2, a3, b0, b1}, simulator::multiply_shown<16, 2, simulator::brain_of_pair>);
}

inline void multiply_f16(float4& sum, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
    simulator::multiply(sum, {a0, a1, a2, a3, b0, b1}, simulator::multiply_shown<16, 2, simulator::half_of_pair>);
}

inline void multiply_tf32(float4& sum, const uint32_t (&a)[4], const uint32_t (&b)[2]) {
    simulator::multiply(sum, {a[0], a[1], a[2], a[3], b[0], b[1]}, simulator::multiply_shown<8, 1, simulator::tensor_float>);
}

NOT_CHECKED inline unsigned arrive(unsigned* counter) {
    const unsigned before = __atomic_fetch_add(counter, 1u, __ATOMIC_ACQ_REL);
    simulator::note_arrival();
    return before;
}

NOT_CHECKED inline void store_relaxed(unsigned long long* at, unsigned long long word) { __atomic_store_n(at, word, __ATOMIC_RELAXED); }

NOT_CHECKED inline unsigned long long load_relaxed(const unsigned long long* at) {
    simulator::look_again();
    return __atomic_load_n(at, __ATOMIC_RELAXED);
}

inline void load_relaxed2(const unsigned long long* at, bool any, unsigned long long& low, unsigned long long& high) {
    if (any) low = load_relaxed(at), high = load_relaxed(at + 1);
}
