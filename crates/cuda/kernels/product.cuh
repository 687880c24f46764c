// What every product of a matrix and a few rows is made of: how weights lie, how rows are staged, what happens to the
// results.
//
// Weights lie in tiles, in the order in which a warp reads them: TILE rows of STEP inputs fill STEP_BYTES, and such steps
// follow each other along the inputs, then from tile to tile. Of a step of halves or bytes the lanes read sixteen bytes
// each, twice: of lane 4·r + q the inputs 8·q to 8·q + 7 of row r, then of row r + 8. Steps of Q4_K, Q5_K and Q6_K are
// described in blocks.cuh. Float32 weights lie in rows.
//
// Inputs are float32. For the instruction they are split in two numbers of the weights' type, large and small, which
// together hold 16 (bf16) or 22 (float16) bits; float32 weights are multiplied in float32. Float16 columns are scaled
// by a power of two so that they fit.
#pragma once
#include "common.cuh"

// What happens to the products.
enum Mode : int {
    STORE = 0,   // output = y + bias
    ADD = 1,     // output += weight · y
    GATE = 2,    // output = silu(even y) · odd y
    LOGITS = 3,  // output = cap · tanh(y / cap), at the row's slot
    WEIGH = 4,   // output = weight · y
};

struct Matvec {
    // The numbers [outputs, inputs].
    const uint8_t* numbers;
    const float* input;
    // Weight of the norm that the input goes through; null: none.
    const float* norm;
    const float* bias;
    float* output;
    // Which experts; null: one matrix for all rows.
    const Plan* plan;
    const int* slots;
    // Bytes from one expert to the next.
    unsigned long long expert_bytes;
    int inputs;
    int outputs;
    int input_stride;
    int output_stride;
    // Rows of the input: `rows` from `first_row` on.
    int first_row;
    int rows;
    // Whether the input (output) has a row for each pair; else for each row.
    int input_pairs;
    int output_pairs;
    int mode;
    // Whether the products count with the pairs' weights.
    int weighted;
    // Experts, if the plan was made before the kernel before this one; else 0.
    int experts;
    // How often a block computes TILE outputs.
    int repeats;
    float eps;
    float cap;
};

// The columns that a block computes.
template <int N> struct Tile {
    int count;
    int expert;
    int input[N];
    int output[N];
    float weight[N];
    // What the results are multiplied with.
    float scale[N];
};

template <Kind K> struct Layout {
    static constexpr int TILE = K == F32 ? 4 : 16;
    static constexpr int STEP = K >= Q4_K ? 256 : K == Q8_0 ? 64 : 32;
    // Of a row in blocks of 256 a step has one. A row of Q8_0 has two float16 scales in a step, behind all rows' numbers.
    static constexpr int BLOCK_BYTES = K == Q4_K ? 144 : K == Q5_K ? 176 : 210;
    static constexpr int STEP_BYTES = K >= Q4_K ? TILE * BLOCK_BYTES : K == Q8_0 ? 1024 + 64 : 1024;
};

// The same, of a kind that is not float32.
__device__ __forceinline__ int step_bytes_of(int kind) {
    switch (kind) {
        case Q8_0: return Layout<Q8_0>::STEP_BYTES;
        case Q4_K: return Layout<Q4_K>::STEP_BYTES;
        case Q5_K: return Layout<Q5_K>::STEP_BYTES;
        case Q6_K: return Layout<Q6_K>::STEP_BYTES;
        default: return Layout<BF16>::STEP_BYTES;
    }
}

// Numbers of a staged row in shared memory: the padding keeps rows out of each other's banks.
__device__ __forceinline__ int staged_stride(int inputs) { return inputs + 32; }

template <Kind K> __device__ __forceinline__ void stage_halves(uint16_t* high, uint16_t* low, float4 v) {
    uint2 large, small;
    if constexpr (K == BF16) {
        __nv_bfloat162 a = __floats2bfloat162_rn(v.x, v.y), b = __floats2bfloat162_rn(v.z, v.w);
        float2 fa = __bfloat1622float2(a), fb = __bfloat1622float2(b);
        large = make_uint2(pack(a), pack(b));
        small.x = pack(__floats2bfloat162_rn(__fsub_rn(v.x, fa.x), __fsub_rn(v.y, fa.y)));
        small.y = pack(__floats2bfloat162_rn(__fsub_rn(v.z, fb.x), __fsub_rn(v.w, fb.y)));
    } else {
        __half2 a = __floats2half2_rn(v.x, v.y), b = __floats2half2_rn(v.z, v.w);
        float2 fa = __half22float2(a), fb = __half22float2(b);
        large = make_uint2(pack(a), pack(b));
        small.x = pack(__floats2half2_rn(__fsub_rn(v.x, fa.x), __fsub_rn(v.y, fa.y)));
        small.y = pack(__floats2half2_rn(__fsub_rn(v.z, fb.x), __fsub_rn(v.w, fb.y)));
    }
    *reinterpret_cast<uint2*>(high) = large;
    *reinterpret_cast<uint2*>(low) = small;
}

// The power of two that brings numbers of up to `largest` to about one, and its inverse.
__device__ __forceinline__ float2 unit_scale(float largest) {
    unsigned exponent = __float_as_uint(largest) & 0x7f800000u;
    exponent = min(max(exponent, 1u << 23), 253u << 23);
    return make_float2(__uint_as_float((254u << 23) - exponent), __uint_as_float(exponent));
}

// How many times four numbers of a row a thread reads at once.
constexpr int FOURS = 2;

// Reads four numbers of each of FOURS places, those beyond the end as zeros, times the norm's weight. Adds to the sum
// of their squares, without the weight.
__device__ __forceinline__ void read_row(const Matvec& a, const float* row, int first, float4 (&v)[FOURS],
                                         float& squares) {
#pragma unroll
    for (int i = 0; i < FOURS; i++) {
        const int at = first + 4 * i * THREADS;
        v[i] = at < a.inputs ? load4(row + at) : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
#pragma unroll
    for (int i = 0; i < FOURS; i++) {
        const int at = first + 4 * i * THREADS;
        squares = dot4(v[i], v[i], squares);
        if (a.norm && at < a.inputs) v[i] = times4(v[i], __ldg(reinterpret_cast<const float4*>(a.norm + at)));
    }
}

// Brings the tile's input rows to shared memory, times the norm's weight, split and scaled. What the norm divides by is
// left to the results.
template <Kind K, int N>
__device__ __forceinline__ void stage(const Matvec& a, Tile<N>& tile, uint16_t* staged) {
    __shared__ float sums[2][N][WARPS];
    constexpr bool SCALED = K == F16 || K == Q8_0;
    const int count = N == 1 ? 1 : tile.count;
    const int warp = threadIdx.x / 32, stride = staged_stride(a.inputs);
    // Float16 needs to know the largest number first.
    if (SCALED) {
#pragma unroll 2
        for (int column = 0; column < count; column++) {
            const float* row = a.input + static_cast<size_t>(tile.input[column]) * a.input_stride;
            float most = 0.0f, unused = 0.0f;
#pragma unroll 1
            for (int first = 4 * threadIdx.x; first < a.inputs; first += 4 * FOURS * THREADS) {
                float4 v[FOURS];
                read_row(a, row, first, v, unused);
                most = fmaxf(most, fmaxf(largest4(v[0]), largest4(v[1])));
            }
            most = warp_max(most);
            if (threadIdx.x % 32 == 0) sums[1][column][warp] = most;
        }
        __syncthreads();
    }
#pragma unroll 2
    for (int column = 0; column < count; column++) {
        const float* row = a.input + static_cast<size_t>(tile.input[column]) * a.input_stride;
        float squares = 0.0f, scale = 1.0f;
        if (SCALED) {
            float most = 0.0f;
#pragma unroll
            for (int other = 0; other < WARPS; other++) most = fmaxf(most, sums[1][column][other]);
            const float2 both = unit_scale(most);
            scale = both.x;
            if (threadIdx.x == 0) tile.scale[column] = both.y;
        } else if (threadIdx.x == 0) {
            tile.scale[column] = 1.0f;
        }
#pragma unroll 1
        for (int first = 4 * threadIdx.x; first < a.inputs; first += 4 * FOURS * THREADS) {
            float4 v[FOURS];
            read_row(a, row, first, v, squares);
#pragma unroll
            for (int i = 0; i < FOURS; i++) {
                const int at = first + 4 * i * THREADS;
                if (at >= a.inputs) continue;
                if constexpr (K == F32) {
                    *reinterpret_cast<float4*>(reinterpret_cast<float*>(staged) + column * a.inputs + at) = v[i];
                } else {
                    uint16_t* high = staged + column * stride + at;
                    stage_halves<K>(high, high + N * stride, SCALED ? scaled4(v[i], scale) : v[i]);
                }
            }
        }
        squares = warp_sum(squares);
        if (threadIdx.x % 32 == 0) sums[0][column][warp] = squares;
    }
    __syncthreads();
    if (a.norm && threadIdx.x < tile.count) {
        float sum = 0.0f;
#pragma unroll
        for (int other = 0; other < WARPS; other++) sum = __fadd_rn(sum, sums[0][threadIdx.x][other]);
        tile.scale[threadIdx.x] = __fmul_rn(tile.scale[threadIdx.x], norm_factor(sum, a.inputs, a.eps));
    }
    // The results are scaled behind the next barrier.
}

// Where a tile of weights begins, or, of float32, a row.
template <Kind K> __device__ __forceinline__ const uint8_t* source(const Matvec& a, int output, int expert) {
    const uint8_t* first = a.numbers + expert * a.expert_bytes;
    if (K == F32) return first + static_cast<size_t>(output) * a.inputs * 4;
    return first + static_cast<size_t>(output / Layout<K>::TILE) * (a.inputs / Layout<K>::STEP * Layout<K>::STEP_BYTES);
}

// Eight signed bytes, of which the sign was flipped by `^ 0x80`, as four pairs of float16: 1024 + byte is a float16
// whose lowest bits are the byte's.
__device__ __forceinline__ void widen(uint32_t bytes, uint32_t& first, uint32_t& second) {
    const uint32_t flipped = bytes ^ 0x80808080u;
    const __half2 offset = __half2half2(__ushort_as_half(0x6480));  // 1024 + 128
    uint32_t low = __byte_perm(flipped, 0x64646464u, 0x4140), high = __byte_perm(flipped, 0x64646464u, 0x4342);
    first = pack(__hsub2(*reinterpret_cast<__half2*>(&low), offset));
    second = pack(__hsub2(*reinterpret_cast<__half2*>(&high), offset));
}

// A lane's eight numbers of one of two blocks.
__device__ __forceinline__ uint4 widen_block(uint4 words, int block) {
    uint4 halves;
    widen(block ? words.z : words.x, halves.x, halves.y);
    widen(block ? words.w : words.y, halves.z, halves.w);
    return halves;
}

__device__ __forceinline__ uint4 staged_words(const uint16_t* plane, bool live, int at) {
    return live ? *reinterpret_cast<const uint4*>(plane + at) : make_uint4(0, 0, 0, 0);
}

template <Kind K>
__device__ __forceinline__ void multiply(float4& sum, uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0,
                                         uint32_t b1) {
    if constexpr (K == BF16) {
        multiply_bf16(sum, a0, a1, a2, a3, b0, b1);
    } else {
        multiply_f16(sum, a0, a1, a2, a3, b0, b1);
    }
}

// The products of a column's large and of its small numbers: two sums, so that neither waits for the other.
struct Pair {
    float4 large = {0.0f, 0.0f, 0.0f, 0.0f};
    float4 small = {0.0f, 0.0f, 0.0f, 0.0f};

    __device__ __forceinline__ float4 both() const {
        return make_float4(__fadd_rn(large.x, small.x), __fadd_rn(large.y, small.y), __fadd_rn(large.z, small.z),
                           __fadd_rn(large.w, small.w));
    }
};

// Thirty-two inputs: a lane's eight of two rows of weights, and of a column's large and small numbers.
template <Kind K>
__device__ __forceinline__ void multiply_step(Pair& sum, uint4 upper, uint4 lower, uint4 large, uint4 small) {
    multiply<K>(sum.large, upper.x, lower.x, upper.y, lower.y, large.x, large.y);
    multiply<K>(sum.small, upper.x, lower.x, upper.y, lower.y, small.x, small.y);
    multiply<K>(sum.large, upper.z, lower.z, upper.w, lower.w, large.z, large.w);
    multiply<K>(sum.small, upper.z, lower.z, upper.w, lower.w, small.z, small.w);
}

// What a warp makes of its part of the inputs, as its lanes hold it.
template <Kind K, int N> struct Sums {
    // Columns 2·quarter and the next of output `group`, then of output `group + 8`.
    float4 of_lane;

    // Writes [output][column].
    __device__ __forceinline__ void store(float* partial) const {
        const int lane = threadIdx.x % 32, group = lane / 4, quarter = lane % 4;
        if (N > 1) {
            float* at = partial + group * N + 2 * quarter;
            at[0] = of_lane.x, at[1] = of_lane.y, at[8 * N] = of_lane.z, at[8 * N + 1] = of_lane.w;
        } else if (quarter == 0) {
            partial[group] = of_lane.x, partial[group + 8] = of_lane.z;
        }
    }
};

template <int N> struct Sums<F32, N> {
    float of_warp[Layout<F32>::TILE][N];

    __device__ __forceinline__ void store(float* partial) const {
        if (threadIdx.x % 32 != 0) return;
#pragma unroll
        for (int i = 0; i < Layout<F32>::TILE; i++) {
#pragma unroll
            for (int column = 0; column < N; column++) partial[i * N + column] = of_warp[i][column];
        }
    }
};

// The steps of a warp.
template <Kind K> __device__ __forceinline__ int2 steps_of_warp(const Matvec& a) {
    const int steps = a.inputs / Layout<K>::STEP, warp = threadIdx.x / 32;
    return make_int2(steps * warp / WARPS, steps * (warp + 1) / WARPS);
}

// Says which rows this block computes; false: none.
template <int N> __device__ __forceinline__ bool choose_columns(const Matvec& a, Tile<N>& tile) {
    const int number = blockIdx.y, column = threadIdx.x;
    if (!a.plan) {
        const int count = min(N, a.rows - number * N), row = a.first_row + number * N + column;
        if (column == 0) tile.count = count, tile.expert = 0;
        if (column < count) {
            tile.input[column] = row;
            tile.output[column] = a.mode == LOGITS && a.slots ? __ldcg(a.slots + row) : row;
            tile.weight[column] = 1.0f;
        }
    } else {
        // All of this is asked for at once, though a block beyond the last tile has no use for it.
        const int tiles = __ldcg(&a.plan->tiles);
        if (column < N) {
            const int count = __ldcg(&a.plan->count[number]), expert = __ldcg(&a.plan->expert[number]);
            const int pair = __ldcg(&a.plan->entry[number][column]), row = __ldcg(&a.plan->row[number][column]);
            const float weight = __ldcg(&a.plan->weight[number][column]);
            tile.input[column] = a.input_pairs ? pair : row;
            tile.output[column] = a.output_pairs ? pair : row;
            tile.weight[column] = a.weighted ? weight : 1.0f;
            if (column == 0) tile.count = count, tile.expert = expert;
        }
        if (number >= tiles) return false;
    }
    __syncthreads();
    return true;
}

// cap · tanh(y / cap)
__device__ __forceinline__ float capped(float y, float cap) {
    const float power = __expf(fminf(__fdividef(2.0f * fabsf(y), cap), 80.0f));
    return copysignf(__fmul_rn(cap, __fdividef(power - 1.0f, power + 1.0f)), y);
}

// What becomes of a product.
__device__ __forceinline__ float finish(const Matvec& a, int output, float weight, float before, float y, float next) {
    switch (a.mode) {
        case STORE: return a.bias ? __fadd_rn(y, a.bias[output]) : y;
        case ADD: return fmaf(weight, y, before);
        case GATE: return __fmul_rn(__fmul_rn(y, sigmoid(y)), next);
        case LOGITS: return capped(y, a.cap);
        default: return __fmul_rn(weight, y);
    }
}

template <int N>
__device__ __forceinline__ float total(const float* partials, int size, int index, const Tile<N>& tile) {
    float sum = 0.0f;
    for (int warp = 0; warp < WARPS; warp++) sum = __fadd_rn(sum, partials[warp * size + index]);
    return __fmul_rn(sum, tile.scale[index % N]);
}
// What a thread stores of a tile.
template <int N> struct Result {
    int output, row, column;
    float* at;
    float before;

    template <int TILE> __device__ __forceinline__ void aim(const Matvec& a, const Tile<N>& tile, int first_output) {
        const int step = a.mode == GATE ? 2 : 1;
        row = threadIdx.x / N * step, column = threadIdx.x % N, output = first_output + row, at = nullptr;
        if (row >= TILE || column >= tile.count || output >= a.outputs || tile.output[column] < 0) return;
        at = a.output + static_cast<size_t>(tile.output[column]) * a.output_stride + output / step;
        if (a.mode == ADD) before = __ldcg(at);
    }

    template <int TILE>
    __device__ __forceinline__ void store(const Matvec& a, const Tile<N>& tile, const float* partials) const {
        if (!at) return;
        const float y = total<N>(partials, TILE * N, row * N + column, tile);
        const float next = a.mode == GATE ? total<N>(partials, TILE * N, (row + 1) * N + column, tile) : 0.0f;
        *at = finish(a, output, tile.weight[column], before, y, next);
    }
};

// One row's products, by lanes that hold two rows of weights: the large and the small numbers of the inputs are two columns
// of the matrix instruction.
template <Kind K> struct RowSum {
    float4 columns = {0.0f, 0.0f, 0.0f, 0.0f};

    __device__ __forceinline__ void add(uint4 upper, uint4 lower, uint4 x) {
        multiply<K>(columns, upper.x, lower.x, upper.y, lower.y, x.x, x.y);
        multiply<K>(columns, upper.z, lower.z, upper.w, lower.w, x.z, x.w);
    }

    __device__ __forceinline__ float upper() const { return __fadd_rn(columns.x, columns.y); }
    __device__ __forceinline__ float lower() const { return __fadd_rn(columns.z, columns.w); }
};

// A warp's sums over its steps. Of halves, steps take turns with two of them: neither waits for the other.
template <Kind K> struct StepSums {
    RowSum<K> own;
    RowSum<K> other;

    // Whose turn the next step is.
    __device__ __forceinline__ void turn() {
        const RowSum<K> kept = own;
        own = other, other = kept;
    }

    __device__ __forceinline__ Sums<K, 1> all() const {
        if (K == Q8_0) return {make_float4(own.upper(), 0.0f, own.lower(), 0.0f)};
        return {make_float4(__fadd_rn(own.upper(), other.upper()), 0.0f, __fadd_rn(own.lower(), other.lower()), 0.0f)};
    }
};

// Adds the products of some steps with a tile's part of weights in shared memory that begins with the step `origin`: the
// numbers are those of accumulate_halves.
template <Kind K>
__device__ __forceinline__ void multiply_steps(StepSums<K>& sums, const uint8_t* part, int origin, int first, int end,
                                               const uint16_t* staged, int stride) {
    constexpr int UNROLLED = K == Q8_0 ? 4 : 8;
    RowSum<K>& sum = sums.own;
    const int lane = threadIdx.x % 32, group = lane / 4;
    const bool live = group < 2;
    const uint16_t* inputs = staged + lane % 4 * 8 + (group == 1 ? stride : 0);
#pragma unroll UNROLLED
    for (int step = first; step < end; step++) {
        const uint8_t* from = part + (step - origin) * Layout<K>::STEP_BYTES;
        const uint4 words[2] = {reinterpret_cast<const uint4*>(from)[lane], reinterpret_cast<const uint4*>(from)[lane + 32]};
        const int at = step * Layout<K>::STEP;
        if constexpr (K == Q8_0) {
            const __half2* of_rows = reinterpret_cast<const __half2*>(from + 1024);
            const float2 upper = __half22float2(of_rows[group]), lower = __half22float2(of_rows[group + 8]);
#pragma unroll
            for (int block = 0; block < 2; block++) {
                RowSum<F16> of_block;
                of_block.add(widen_block(words[0], block), widen_block(words[1], block),
                             staged_words(inputs, live, at + 32 * block));
                sum.columns.x = fmaf(of_block.upper(), block ? upper.y : upper.x, sum.columns.x);
                sum.columns.z = fmaf(of_block.lower(), block ? lower.y : lower.x, sum.columns.z);
            }
        } else {
            sum.add(words[0], words[1], staged_words(inputs, live, at));
            sums.turn();
        }
    }
}
