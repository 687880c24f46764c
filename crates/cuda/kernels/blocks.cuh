// Matrix times a few rows, of weights in blocks of 256 numbers that share factors: Q4_K, Q5_K and Q6_K.
//
// On the card a block has its sixteen bytes of scales first, then for each of its halves what each quarter of a warp's
// lanes reads: of every 32 numbers eight, their lower four bits in one word. Then, where numbers have more bits, these in
// the same order. Of the eight, four lie among the first and four among the last sixteen of the 32, so that one matrix
// instruction meets numbers of one scale. Numbers are whole and exact in float16; scales and offsets multiply the sums.
#pragma once
#include "product.cuh"

// Numbers of a block, and those that a warp takes at once.
constexpr int BLOCK = 256;
constexpr int HALF_BLOCK = BLOCK / 2;
constexpr int SCALE_BYTES = 16;

template <Kind K> struct BlockLayout {
    static constexpr int BYTES = K == Q4_K ? 144 : K == Q5_K ? 176 : 208;
    // Bytes of a lane's upper bits in a half.
    static constexpr int UPPER = K == Q4_K ? 0 : K == Q5_K ? 4 : 8;
};

// Where a row of weights lies.
struct BlockSource {
    const uint8_t* numbers;
    const __half* factors;
};

// What a lane reads of half a block of one row.
template <Kind K> struct HalfBlock {
    uint4 scales;
    uint4 lower;
    uint2 upper;
    __half factor;

    // `step` counts halves of blocks.
    __device__ __forceinline__ void read(const BlockSource& from, int step) {
        using L = BlockLayout<K>;
        const int half = step % 2, quarter = threadIdx.x % 4;
        const uint8_t* block = from.numbers + static_cast<size_t>(step / 2) * L::BYTES;
        const uint8_t* bits = block + SCALE_BYTES + HALF_BLOCK + (half * 4 + quarter) * L::UPPER;
        scales = __ldg(reinterpret_cast<const uint4*>(block));
        lower = load_weights(block + SCALE_BYTES + (half * 4 + quarter) * 16);
        if (K == Q5_K) upper.x = __ldg(reinterpret_cast<const uint32_t*>(bits));
        if (K == Q6_K) upper = __ldg(reinterpret_cast<const uint2*>(bits)), factor = __ldg(from.factors + step / 2);
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

    // 1024 + number is a float16 whose lowest bits are the number's.
    static __device__ __forceinline__ uint32_t pair(uint32_t word, uint32_t more, int index) {
        uint32_t bits = (word >> 4 * index & 0x000f000fu) | 0x64006400u;
        if (K == Q5_K) bits |= (more >> index & 0x00010001u) << 4;
        if (K == Q6_K) bits |= (more >> 2 * index & 0x00030003u) << 4;
        // 1024, or 1024 + 32 where numbers have a sign.
        const __half2 zero = __half2half2(__ushort_as_half(K == Q6_K ? 0x6420 : 0x6400));
        return pack(__hsub2(*reinterpret_cast<__half2*>(&bits), zero));
    }
};

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
            const uint32_t word = group < 2 ? first : second;
            return __fmul_rn(factor, static_cast<float>(static_cast<int8_t>(word >> (16 * (group % 2) + 8 * part))));
        } else {
            return __fmul_rn(factor, static_cast<float>(first >> 8 * group & 0xffu));
        }
    }

    __device__ __forceinline__ float offset(int group) const {
        return __fmul_rn(offset_factor, static_cast<float>(second >> 8 * group & 0xffu));
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
// taken, too.
struct Columns {
    const uint16_t* high;
    const uint16_t* low;
    // Sums of each 32 inputs, [inputs / 32, N], from this lane's first column on.
    const float* sums;
    bool live;
};

// Half a block of both rows.
template <Kind K, int N>
__device__ __forceinline__ void multiply_half(float4& sum, const HalfBlock<K> (&rows)[2], int step, const Columns& x) {
    const Scales<K> upper(rows[0], step), lower(rows[1], step);
#pragma unroll
    for (int group = 0; group < 4; group++) {
        const int at = step * HALF_BLOCK + 32 * group;
        const uint4 u = rows[0].numbers(group), l = rows[1].numbers(group);
        const uint4 large = staged_fours(x.high + at, x.live), small = staged_fours(x.low + at, x.live);
        float4 part = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        multiply<F16>(part, u.x, l.x, u.y, l.y, large.x, large.y);
        multiply<F16>(part, u.x, l.x, u.y, l.y, small.x, small.y);
        if constexpr (K == Q6_K) {
            add_products(sum, part, upper.scale(group, 0), lower.scale(group, 0));
            part = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        }
        multiply<F16>(part, u.z, l.z, u.w, l.w, large.z, large.w);
        multiply<F16>(part, u.z, l.z, u.w, l.w, small.z, small.w);
        add_products(sum, part, upper.scale(group, 1), lower.scale(group, 1));
        if constexpr (K != Q6_K) {
            const float* sums = x.sums + at / 32 * N;
            const float first = sums[0], second = N == 1 ? first : sums[1];
            add_products(sum, make_float4(first, second, first, second), -upper.offset(group), -lower.offset(group));
        }
    }
}

// The sums of each 32 staged inputs, [inputs / 32, N]; of columns beyond the last one zero.
template <int N>
__device__ __forceinline__ void sum_groups(const Matvec& a, const Tile<N>& tile, const uint16_t* staged, float* sums) {
    const int groups = a.inputs / 32, stride = staged_stride(a.inputs);
#pragma unroll 1
    for (int index = threadIdx.x; index < groups * N; index += THREADS) {
        const int group = index / N, column = index % N;
        const __half2* high = reinterpret_cast<const __half2*>(staged + column * stride + 32 * group);
        const __half2* low = reinterpret_cast<const __half2*>(staged + (N + column) * stride + 32 * group);
        float sum = 0.0f;
        for (int i = 0; i < 16 && column < tile.count; i++) {
            const float2 large = __half22float2(high[i]), small = __half22float2(low[i]);
            sum = __fadd_rn(sum, __fadd_rn(__fadd_rn(large.x, large.y), __fadd_rn(small.x, small.y)));
        }
        sums[index] = sum;
    }
    __syncthreads();
}

template <Kind K> __device__ __forceinline__ BlockSource block_source(const Matvec& a, int output, int expert) {
    const size_t block = (static_cast<size_t>(expert) * a.outputs + output) * (a.inputs / BLOCK);
    return {a.numbers + block * BlockLayout<K>::BYTES, K == Q6_K ? a.factors + block : nullptr};
}

// Reads a warp's part of the rows of weights that are multiplied together. What it holds is asked for before it is used.
template <Kind K> struct BlockReader {
    static constexpr int STEPS = 2;
    BlockSource from[2];
    HalfBlock<K> held[STEPS][2];

    // Outputs beyond the last one repeat it; what they give is not stored.
    __device__ __forceinline__ void aim(const Matvec& a, int first_output, int expert) {
        const int output = first_output + threadIdx.x % 32 / 4;
        from[0] = block_source<K>(a, min(output, a.outputs - 1), expert);
        from[1] = block_source<K>(a, min(output + 8, a.outputs - 1), expert);
    }

    // Steps beyond the last one repeat it; they are not used.
    __device__ __forceinline__ void fetch(int step, int end) {
#pragma unroll
        for (int i = 0; i < STEPS; i++) {
            const int place = max(min(step + i, end - 1), 0);
            held[i][0].read(from[0], place), held[i][1].read(from[1], place);
        }
    }
};

template <Kind K, int N> __device__ __forceinline__ void matvec_blocks(const Matvec& a) {
    constexpr int TILE = 16, SIZE = TILE * N, STEPS = BlockReader<K>::STEPS;
    BLOCK_MEMORY(uint4, shared_words);
    __shared__ Tile<N> tile;
    __shared__ float partials[WARPS * SIZE];
    uint16_t* staged = reinterpret_cast<uint16_t*>(shared_words);
    const int stride = staged_stride(a.inputs);
    float* sums = reinterpret_cast<float*>(staged + 2 * N * stride);
    const int first_output = blockIdx.x * TILE * a.repeats, warp = threadIdx.x / 32;
    const int group = threadIdx.x % 32 / 4, quarter = threadIdx.x % 4;
    const int all = a.inputs / HALF_BLOCK, begin = all * warp / WARPS, end = all * (warp + 1) / WARPS;
    BlockReader<K> reader;
    if (!a.plan) {
        release_dependents();
    } else {
        wait_for_inputs();
        release_dependents();
        if (!choose_columns(a, tile)) return;
    }
    reader.aim(a, first_output, a.plan ? tile.expert : 0);
    reader.fetch(begin, end);
    if (!a.plan) {
        wait_for_inputs();
        choose_columns(a, tile);
    }
    stage<F16, N>(a, tile, staged);
    if (K != Q6_K) sum_groups<N>(a, tile, staged, sums);
    const uint16_t* high = staged + group * stride + quarter * 4;
    const Columns columns = {high, high + N * stride, sums + (N == 1 ? 0 : 2 * quarter),
                             group < (N == 1 ? 1 : tile.count)};
#pragma unroll 1
    for (int repeat = 0; repeat < a.repeats; repeat++) {
        const int output = first_output + repeat * TILE;
        if (output >= a.outputs) break;
        if (repeat > 0) {
            reader.aim(a, output, tile.expert);
            reader.fetch(begin, end);
        }
        Result<N> result;
        result.template aim<TILE>(a, tile, output);
        Sums<F16, N> products = {make_float4(0.0f, 0.0f, 0.0f, 0.0f)};
#pragma unroll 1
        for (int step = begin; step < end; step += STEPS) {
            HalfBlock<K> now[STEPS][2];
#pragma unroll
            for (int i = 0; i < 2 * STEPS; i++) now[i / 2][i % 2] = reader.held[i / 2][i % 2];
            reader.fetch(step + STEPS, end);
#pragma unroll
            for (int i = 0; i < STEPS; i++) {
                if (step + i < end) multiply_half<K, N>(products.of_lane, now[i], step + i, columns);
            }
        }
        __syncthreads();
        products.store(partials + warp * SIZE);
        __syncthreads();
        result.template store<TILE>(a, tile, partials);
    }
}

#define MATVEC_BLOCKS(name, kind)                                                  \
    KERNEL(matvec_##name##_one, Matvec, THREADS, 2) { matvec_blocks<kind, 1>(a); } \
    KERNEL(matvec_##name##_many, Matvec, THREADS, 2) { matvec_blocks<kind, COLUMNS>(a); }

MATVEC_BLOCKS(q4_k, Q4_K)
MATVEC_BLOCKS(q5_k, Q5_K)
MATVEC_BLOCKS(q6_k, Q6_K)
