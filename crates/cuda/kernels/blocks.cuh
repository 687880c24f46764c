// Weights in blocks of 256 numbers that share factors, and their products: Q4_K, Q5_K and Q6_K.
//
// A step of a tile has sixteen bytes of scales of each row first, then for each half of the 256 inputs what the lanes of a
// warp read: of every 32 numbers eight, their lower four bits in one word, of lane 4·r + q those of row r, then of row r + 8.
// Then, where numbers have more bits, these in the same order, and of Q6_K a float16 factor of each row. Of the eight, four
// lie among the first and four among the last sixteen of the 32, so that one matrix instruction meets numbers of one scale.
// Numbers are whole and exact in float16; scales and offsets multiply the sums.
#pragma once
#include "product.cuh"

// Numbers of a block, and those that a warp takes at once.
constexpr int BLOCK = 256;
constexpr int HALF_BLOCK = BLOCK / 2;
constexpr int SCALE_BYTES = 16;

template <Kind K> struct BlockLayout {
    // Bytes of a lane's upper bits in a half.
    static constexpr int UPPER = K == Q4_K ? 0 : K == Q5_K ? 4 : 8;
    // Where lower bits, upper bits and factors of a tile's step begin.
    static constexpr int LOWER_AT = 16 * SCALE_BYTES;
    static constexpr int UPPER_AT = LOWER_AT + 16 * HALF_BLOCK;
    static constexpr int FACTORS_AT = UPPER_AT + 16 * 8 * UPPER;
};

// What a lane reads of half a block of one row.
template <Kind K> struct HalfBlock {
    uint4 scales;
    uint4 lower;
    uint2 upper;
    __half factor;

    // Of the lane's first or second row, from a tile's steps in the block's memory or, if it is not SHARED, in that of the
    // card. `half` counts halves of blocks.
    template <bool SHARED> __device__ __forceinline__ void read(const uint8_t* steps, int half, int second) {
        using L = BlockLayout<K>;
        const uint8_t* step = steps + static_cast<size_t>(half / 2) * Layout<K>::STEP_BYTES;
        const int lane = threadIdx.x % 32, row = lane / 4 + 8 * second, place = (half % 2 * 2 + second) * 32 + lane;
        const uint8_t *bits = step + L::LOWER_AT + place * 16, *more = step + L::UPPER_AT + place * L::UPPER;
        scales = load<SHARED>(reinterpret_cast<const uint4*>(step) + row);
        lower = SHARED ? *reinterpret_cast<const uint4*>(bits) : load_weights(bits);
        if (K == Q5_K) upper.x = load<SHARED>(reinterpret_cast<const uint32_t*>(more));
        if (K == Q6_K) {
            upper = load<SHARED>(reinterpret_cast<const uint2*>(more));
            factor = load<SHARED>(reinterpret_cast<const __half*>(step + L::FACTORS_AT) + row);
        }
    }

    template <bool SHARED, typename V> static __device__ __forceinline__ V load(const V* from) {
        return SHARED ? *from : __ldg(from);
    }

    // The lane's eight of the 32 numbers `group`, as pairs of float16.
    __device__ __forceinline__ uint4 numbers(int group) const {
        const uint32_t word = group == 0 ? lower.x : group == 1 ? lower.y : group == 2 ? lower.z : lower.w;
        uint32_t more = 0;
        if (K == Q5_K) more = upper.x >> 8 * group & 0xffu, more = (more & 0x0fu) | (more & 0xf0u) << 12;
        if (K == Q6_K) {
            more = (group < 2 ? upper.x : upper.y) >> 16 * (group % 2) & 0xffffu;
            more = (more & 0xffu) | (more & 0xff00u) << 8;
        }
        return make_uint4(pair(word, more, 0), pair(word, more, 1), pair(word, more, 2), pair(word, more, 3));
    }

    // 1024 + number is a float16 whose lowest bits are the number's. Every second pair is left where it is in its bytes, and
    // is sixteen times too large.
    static __device__ __forceinline__ uint32_t pair(uint32_t word, uint32_t more, int index) {
        const bool large = index % 2;
        uint32_t bits = and_or(word >> 8 * (index / 2), large ? 0x00f000f0u : 0x000f000fu, 0x64006400u);
        if (K == Q5_K) bits = and_or(more << ((large ? 8 : 4) - index), large ? 0x01000100u : 0x00100010u, bits);
        if (K == Q6_K) bits = and_or(more << ((large ? 8 : 4) - 2 * index), large ? 0x03000300u : 0x00300030u, bits);
        const __half2 both = *reinterpret_cast<__half2*>(&bits);
        // 1024, or 1024 + 32 where numbers have a sign; over 16 they are 64 and 64 + 32.
        if (!large) return pack(__hsub2(both, __half2half2(__ushort_as_half(K == Q6_K ? 0x6420 : 0x6400))));
        const __half2 sixteenth = __half2half2(__ushort_as_half(0x2c00));
        return pack(__hfma2(both, sixteenth, __half2half2(__ushort_as_half(K == Q6_K ? 0xd600 : 0xd400))));
    }
};

// A byte of a word as a float32: 2^23 + byte is one whose lowest bits are the byte's.
__device__ __forceinline__ float float_of_byte(uint32_t word, int index) {
    return __fsub_rn(__uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440 + index)), 8388608.0f);
}

// The same of one with a sign.
__device__ __forceinline__ float float_of_signed_byte(uint32_t word, int index) {
    return __fsub_rn(__uint_as_float(__byte_perm(word ^ 0x80808080u, 0x4b000000u, 0x7440 + index)), 8388608.0f + 128.0f);
}

// The scales of half a block of one row, and the offsets.
template <Kind K> struct Scales {
    // Four bytes each: of 32 numbers, or two by two of sixteen.
    uint32_t first, second;
    float factor, offset_factor;

    __device__ __forceinline__ Scales(const HalfBlock<K>& block, int step) {
        const bool last = step % 2;
        const uint4 s = block.scales;
        if constexpr (K == Q6_K) {
            first = last ? s.z : s.x, second = last ? s.w : s.y;
            factor = __half2float(block.factor), offset_factor = 0.0f;
        } else {
            // Six bits each; the last four borrow the upper bits of the first four.
            first = last ? (s.w & 0x0f0f0f0fu) | (s.y >> 2 & 0x30303030u) : s.y & 0x3f3f3f3fu;
            second = last ? (s.w >> 4 & 0x0f0f0f0fu) | (s.z >> 2 & 0x30303030u) : s.z & 0x3f3f3f3fu;
            const float2 factors = __half22float2(*reinterpret_cast<const __half2*>(&s.x));
            factor = factors.x, offset_factor = factors.y;
        }
    }

    // Of the first or the last sixteen of the 32 numbers `group`.
    __device__ __forceinline__ float scale(int group, int part) const {
        if constexpr (K == Q6_K) {
            return __fmul_rn(factor, float_of_signed_byte(group < 2 ? first : second, 2 * (group % 2) + part));
        } else {
            return __fmul_rn(factor, float_of_byte(first, group));
        }
    }

    __device__ __forceinline__ float offset(int group) const {
        return __fmul_rn(offset_factor, float_of_byte(second, group));
    }
};

// Adds products of one scale for each row of weights.
__device__ __forceinline__ void add_products(float4& sum, float4 part, float upper, float lower) {
    sum.x = fmaf(part.x, upper, sum.x), sum.y = fmaf(part.y, upper, sum.y);
    sum.z = fmaf(part.z, lower, sum.z), sum.w = fmaf(part.w, lower, sum.w);
}

// A lane's eight of 32 staged inputs: four of the first sixteen, and four of the last.
__device__ __forceinline__ uint4 staged_fours(const uint16_t* at, bool live) {
    if (!live) return make_uint4(0, 0, 0, 0);
    const uint2 first = *reinterpret_cast<const uint2*>(at), last = *reinterpret_cast<const uint2*>(at + 16);
    return make_uint4(first.x, first.y, last.x, last.y);
}

// What the lanes of a warp multiply: two rows of weights and a column's large and small numbers, from which offsets are
// taken, too. Of one row the large numbers are a column, and the small ones are another.
struct Columns {
    const uint16_t* high;
    const uint16_t* low;
    // Sums of each 32 inputs, [inputs / 32, N], from this lane's first column on.
    const float* sums;
    bool live;
};

// The sum of four staged numbers' halves.
__device__ __forceinline__ float sum_of_four(const uint16_t* at) {
    const uint2 words = *reinterpret_cast<const uint2*>(at);
    const float2 a = __half22float2(*reinterpret_cast<const __half2*>(&words.x));
    const float2 b = __half22float2(*reinterpret_cast<const __half2*>(&words.y));
    return __fadd_rn(__fadd_rn(a.x, a.y), __fadd_rn(b.x, b.y));
}

// Products of numbers of one scale, sixteen at a time: those of the large and the small inputs are two sums, which are added
// in the end.
template <int N> struct PartSum {
    Pair pair;

    __device__ __forceinline__ void add(uint32_t u0, uint32_t u1, uint32_t l0, uint32_t l1, uint2 large, uint2 small) {
        multiply<F16>(pair.large, u0, l0, u1, l1, large.x, large.y);
        multiply<F16>(pair.small, u0, l0, u1, l1, small.x, small.y);
    }

    __device__ __forceinline__ float4 both() const { return pair.both(); }
};

template <> struct PartSum<1> {
    float4 columns = {0.0f, 0.0f, 0.0f, 0.0f};

    __device__ __forceinline__ void add(uint32_t u0, uint32_t u1, uint32_t l0, uint32_t l1, uint2 x, uint2) {
        multiply<F16>(columns, u0, l0, u1, l1, x.x, x.y);
    }

    __device__ __forceinline__ float4 both() const {
        return make_float4(__fadd_rn(columns.x, columns.y), 0.0f, __fadd_rn(columns.z, columns.w), 0.0f);
    }
};

// Half a block of both rows.
template <Kind K, int N>
__device__ __forceinline__ void multiply_half(float4& sum, const HalfBlock<K> (&rows)[2], int step, const Columns& x) {
    const Scales<K> upper(rows[0], step), lower(rows[1], step);
#pragma unroll
    for (int group = 0; group < 4; group++) {
        const int at = step * HALF_BLOCK + 32 * group;
        const uint4 u = rows[0].numbers(group), l = rows[1].numbers(group);
        const uint4 large = staged_fours(x.high + at, x.live);
        const uint4 small = staged_fours(x.low + at, N > 1 && x.live);
        PartSum<N> part;
        part.add(u.x, u.y, l.x, l.y, make_uint2(large.x, large.y), make_uint2(small.x, small.y));
        if constexpr (K == Q6_K) {
            add_products(sum, part.both(), upper.scale(group, 0), lower.scale(group, 0));
            part = {};
        }
        part.add(u.z, u.w, l.z, l.w, make_uint2(large.z, large.w), make_uint2(small.z, small.w));
        add_products(sum, part.both(), upper.scale(group, 1), lower.scale(group, 1));
        if constexpr (K != Q6_K) {
            const float* sums = x.sums + at / 32 * N;
            const float first = sums[0], second = N == 1 ? first : sums[1];
            add_products(sum, make_float4(first, second, first, second), -upper.offset(group), -lower.offset(group));
        }
    }
}

// Whether numbers have an offset, so that sums of the inputs are needed.
__device__ __forceinline__ constexpr bool has_offsets(int kind) { return kind == Q4_K || kind == Q5_K; }

// Where they are: behind the rows.
template <int N> __device__ __forceinline__ float* sums_of_staged(uint16_t* staged, int inputs) {
    return reinterpret_cast<float*>(staged + 2 * N * staged_stride(inputs));
}

// The sums of each 32 staged inputs, [inputs / 32, N], by eight threads each; of columns beyond `count` zero.
template <int N> __device__ __forceinline__ void sum_groups(int inputs, int count, uint16_t* staged) {
    constexpr int SHARES = 8;
    const int all = inputs / 32 * N * SHARES, stride = staged_stride(inputs), share = threadIdx.x % SHARES;
    float* sums = sums_of_staged<N>(staged, inputs);
#pragma unroll 1
    for (int index = threadIdx.x; index < all; index += THREADS) {
        const int group = index / SHARES / N, column = index / SHARES % N;
        const uint16_t* high = staged + column * stride + 32 * group + 4 * share;
        float sum = 0.0f;
        if (column < count) sum = __fadd_rn(sum_of_four(high), sum_of_four(high + N * stride));
#pragma unroll
        for (int offset = SHARES / 2; offset > 0; offset /= 2) {
            sum = __fadd_rn(sum, __shfl_xor_sync(0xffffffff, sum, offset));
        }
        if (share == 0) sums[group * N + column] = sum;
    }
    __syncthreads();
}

// What the lanes of a warp read of `count` staged rows, which is 1 if N is.
template <int N> __device__ __forceinline__ Columns columns_of(uint16_t* staged, int inputs, int count) {
    const int group = threadIdx.x % 32 / 4, quarter = threadIdx.x % 4, stride = staged_stride(inputs);
    const uint16_t* high = staged + group * stride + quarter * 4;
    const float* sums = sums_of_staged<N>(staged, inputs) + (N == 1 ? 0 : 2 * quarter);
    return {high, high + N * stride, sums, group < (N == 1 ? 2 : count)};
}

// The halves of blocks of a warp.
__device__ __forceinline__ int2 halves_of_warp(const Matvec& a) {
    const int all = a.inputs / HALF_BLOCK, warp = threadIdx.x / 32;
    return make_int2(all * warp / WARPS, all * (warp + 1) / WARPS);
}

// Adds the products of one row with halves of blocks, of which those from `origin` on lie in the block's memory.
template <Kind K>
__device__ __forceinline__ void multiply_halves(float4& sum, const uint8_t* steps, int origin, int first, int end,
                                                const Columns& x) {
#pragma unroll 1
    for (int half = first; half < end; half++) {
        HalfBlock<K> rows[2];
        rows[0].template read<true>(steps, half - origin, 0), rows[1].template read<true>(steps, half - origin, 1);
        multiply_half<K, 1>(sum, rows, half, x);
    }
}
