// Matrix times a few rows: every linear layer of the backbone.
//
// A block computes one or a few times TILE outputs of up to eight rows; its warps share the inputs among themselves, each
// in a fixed part, and their sums are added in a fixed order. The first weights are asked for before the input is ready. Each row is a column of the matrix instruction (of which column, and what
// stands in the others, does not matter), so a row's result has the same bits however many rows go along.
//
// Weights of halves and bytes lie in tiles, in the order in which a warp reads them: TILE rows of STEP inputs fill a block
// of STEP_BYTES, and such blocks follow each other along the inputs, then from tile to tile. Of a block the lanes read
// sixteen bytes each, twice: of lane 4·r + q the inputs 8·q to 8·q + 7 of row r, then of row r + 8. Float32 weights lie in
// rows.
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
    // The numbers [outputs, inputs]; of Q6_K a float16 factor for every 256 of them.
    const uint8_t* numbers;
    const __half* factors;
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
    // Inputs that a warp takes at once.
    static constexpr int STEP = K == Q8_0 ? 64 : 32;
    // A row of Q8_0 has two float16 scales in a step, behind all rows' numbers.
    static constexpr int STEP_BYTES = K == Q8_0 ? 1024 + 64 : 1024;
};

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

// A few steps of a warp's part of the rows of weights that are multiplied together.
template <Kind K> struct Batch {
    static constexpr int STEPS = K == Q8_0 ? 2 : 4;
    uint4 words[STEPS][2];
    __half2 scales[K == Q8_0 ? STEPS : 1][2];
};

// Reads a warp's part of these rows. What it holds is asked for before it is used.
template <Kind K> struct Reader {
    const uint8_t* from;
    Batch<K> batch;

    __device__ __forceinline__ void aim(const Matvec& a, int first_output, int expert) {
        from = source<K>(a, first_output, expert);
    }

    // Steps beyond the last one repeat it; they are not used.
    __device__ __forceinline__ Batch<K> fetch(int step, int end) const {
        Batch<K> batch;
        const int lane = threadIdx.x % 32;
#pragma unroll
        for (int i = 0; i < Batch<K>::STEPS; i++) {
            const uint8_t* at = from + static_cast<size_t>(max(min(step + i, end - 1), 0)) * Layout<K>::STEP_BYTES;
#pragma unroll
            for (int row = 0; row < 2; row++) {
                batch.words[i][row] = load_weights(at + row * 512 + lane * 16);
                if constexpr (K == Q8_0) {
                    batch.scales[i][row] =
                        __ldg(reinterpret_cast<const __half2*>(at + 1024) + row * 8 + lane / 4);
                }
            }
        }
        return batch;
    }
};

// Float32 weights are read when they are used.
template <> struct Reader<F32> {
    int batch;
    __device__ __forceinline__ void aim(const Matvec&, int, int) {}
    __device__ __forceinline__ int fetch(int, int) const { return 0; }
};

// The steps of a warp.
template <Kind K> __device__ __forceinline__ int2 steps_of_warp(const Matvec& a) {
    const int steps = a.inputs / Layout<K>::STEP, warp = threadIdx.x / 32;
    return make_int2(steps * warp / WARPS, steps * (warp + 1) / WARPS);
}

// One step of two blocks of numbers, each with its scales.
__device__ __forceinline__ void multiply_blocks(Pair& sum, const uint4 (&words)[2], const __half2 (&scales)[2],
                                                const uint16_t* high, const uint16_t* low, bool live) {
    const float2 upper = __half22float2(scales[0]), lower = __half22float2(scales[1]);
#pragma unroll
    for (int block = 0; block < 2; block++) {
        const uint4 u = widen_block(words[0], block), l = widen_block(words[1], block);
        Pair of_block;
        multiply_step<F16>(of_block, u, l, staged_words(high, live, 32 * block), staged_words(low, live, 32 * block));
        const float4 part = of_block.both();
        const float su = block ? upper.y : upper.x, sl = block ? lower.y : lower.x;
        sum.large.x = fmaf(part.x, su, sum.large.x), sum.large.y = fmaf(part.y, su, sum.large.y);
        sum.large.z = fmaf(part.z, sl, sum.large.z), sum.large.w = fmaf(part.w, sl, sum.large.w);
    }
}

// The products of a warp's part. The reader holds its first steps; there is at least one.
template <Kind K, int N>
__device__ __forceinline__ Sums<K, N> accumulate_halves(const Matvec& a, const Tile<N>& tile, Reader<K>& reader,
                                                        const uint16_t* staged) {
    constexpr int BATCH = Batch<K>::STEPS, STEP = Layout<K>::STEP;
    const int group = threadIdx.x % 32 / 4, quarter = threadIdx.x % 4;
    const int2 steps = steps_of_warp<K>(a);
    const bool live = group < (N == 1 ? 1 : tile.count);
    const int stride = staged_stride(a.inputs);
    const uint16_t *high = staged + group * stride + quarter * 8, *low = high + N * stride;
    Pair sum;
#pragma unroll 1
    for (int step = steps.x; step < steps.y; step += BATCH) {
        const Batch<K> batch = reader.batch;
        reader.batch = reader.fetch(step + BATCH, steps.y);
#pragma unroll
        for (int i = 0; i < BATCH; i++) {
            if (step + i >= steps.y) break;
            const int at = (step + i) * STEP;
            if constexpr (K == Q8_0) {
                multiply_blocks(sum, batch.words[i], batch.scales[i], high + at, low + at, live);
            } else {
                multiply_step<K>(sum, batch.words[i][0], batch.words[i][1], staged_words(high, live, at),
                                 staged_words(low, live, at));
            }
        }
    }
    return {sum.both()};
}

template <int N>
__device__ __forceinline__ Sums<F32, N> accumulate_floats(const Matvec& a, const Tile<N>& tile, int first_output,
                                                          const float* staged) {
    constexpr int TILE = Layout<F32>::TILE;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const int steps = a.inputs / 32, begin = steps * warp / WARPS * 32, end = steps * (warp + 1) / WARPS * 32;
    Sums<F32, N> sums = {};
    const uint8_t* from[TILE];
#pragma unroll
    for (int i = 0; i < TILE; i++) from[i] = source<F32>(a, min(first_output + i, a.outputs - 1), tile.expert);
#pragma unroll 1
    for (int at = begin + 4 * lane; at < end; at += 128) {
        float4 words[TILE];
#pragma unroll
        for (int i = 0; i < TILE; i++) {
            uint4 raw = load_weights(from[i] + static_cast<size_t>(at) * 4);
            words[i] = *reinterpret_cast<float4*>(&raw);
        }
#pragma unroll
        for (int column = 0; column < N; column++) {
            if (column >= tile.count) break;
            const float4 x = *reinterpret_cast<const float4*>(staged + column * a.inputs + at);
#pragma unroll
            for (int i = 0; i < TILE; i++) sums.of_warp[i][column] = dot4(words[i], x, sums.of_warp[i][column]);
        }
    }
#pragma unroll
    for (int i = 0; i < TILE; i++) {
#pragma unroll
        for (int column = 0; column < N; column++) sums.of_warp[i][column] = warp_sum(sums.of_warp[i][column]);
    }
    return sums;
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

__device__ __forceinline__ void finish(const Matvec& a, float* at, int output, float weight, float before, float y,
                                       float next) {
    switch (a.mode) {
        case STORE: *at = a.bias ? __fadd_rn(y, a.bias[output]) : y; break;
        case ADD: *at = fmaf(weight, y, before); break;
        case GATE: *at = __fmul_rn(__fmul_rn(y, sigmoid(y)), next); break;
        case LOGITS: *at = capped(y, a.cap); break;
        default: *at = __fmul_rn(weight, y);
    }
}

template <int N>
__device__ __forceinline__ float total(const float* partials, int size, int index, const Tile<N>& tile) {
    float sum = 0.0f;
    for (int warp = 0; warp < WARPS; warp++) sum = __fadd_rn(sum, partials[warp * size + index]);
    return __fmul_rn(sum, tile.scale[index % N]);
}

// Has a block's weights brought to the cache: a thread does a share of a tile's steps or, of float32, a row.
template <Kind K> __device__ __forceinline__ void prefetch_tiles(const Matvec& a, int first_output, int expert) {
    constexpr int TILE = Layout<K>::TILE, STEP_BYTES = Layout<K>::STEP_BYTES;
    const int output = first_output + threadIdx.x;
    if (threadIdx.x >= TILE * a.repeats || output >= a.outputs) return;
    const uint8_t* from = source<K>(a, output, expert);
    if (K == F32) {
        prefetch(from, a.inputs * 4);
    } else {
        const int steps = a.inputs / Layout<K>::STEP, share = output % TILE;
        const int first = steps * share / TILE, count = steps * (share + 1) / TILE - first;
        if (count > 0) prefetch(from + first * STEP_BYTES, count * STEP_BYTES);
    }
}

// The same before the plan can be relied on: what is wrong then costs time alone.
template <Kind K> __device__ __forceinline__ void prefetch_guess(const Matvec& a, int first_output) {
    const int expert = __ldcg(&a.plan->expert[blockIdx.y]), tiles = __ldcg(&a.plan->tiles);
    if (static_cast<int>(blockIdx.y) < tiles && expert >= 0 && expert < a.experts) {
        prefetch_tiles<K>(a, first_output, expert);
    }
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
        finish(a, at, output, tile.weight[column], before, y, next);
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

// Adds the products of some steps with a tile's part of weights in shared memory that begins with the step `origin`: the
// numbers are those of accumulate_halves.
template <Kind K>
__device__ __forceinline__ void multiply_steps(RowSum<K>& sum, const uint8_t* part, int origin, int first, int end,
                                               const uint16_t* staged, int stride) {
    constexpr int UNROLLED = K == Q8_0 ? 4 : 8;
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
        }
    }
}

#if __CUDA_ARCH__ >= 900

// Asks for a block's tile of weights, by its first lanes. A copy takes its time however short it is.
template <Kind K> __device__ __forceinline__ void ask_for_tile(const Matvec& a, int expert, uint8_t* to, uint64_t* gate) {
    constexpr int STEPS = 16;
    if (threadIdx.x >= 32) return;
    const int steps = a.inputs / Layout<K>::STEP, first = threadIdx.x * STEPS;
    const uint8_t* from = source<K>(a, blockIdx.x * Layout<K>::TILE, expert);
    if (threadIdx.x == 0) expect_bytes(gate, steps * Layout<K>::STEP_BYTES);
    __syncwarp();
    if (first >= steps) return;
    const int at = first * Layout<K>::STEP_BYTES, bytes = min(STEPS, steps - first) * Layout<K>::STEP_BYTES;
    copy_bulk(to + at, from + at, bytes, gate);
}

// One row: the block's weights come to shared memory as a whole, where they are known before the input is ready then.
template <Kind K> __device__ __forceinline__ void matvec_one(const Matvec& a) {
    constexpr int TILE = Layout<K>::TILE;
    extern __shared__ uint4 shared_words[];
    __shared__ Tile<1> tile;
    __shared__ float partials[WARPS * TILE];
    __shared__ uint64_t gate;
    uint16_t* staged = reinterpret_cast<uint16_t*>(shared_words);
    uint8_t* weights = reinterpret_cast<uint8_t*>(staged + 2 * staged_stride(a.inputs));
    if (!a.plan) release_dependents();
    if (threadIdx.x == 0) open_gate(&gate);
    __syncthreads();
    if (!a.plan) ask_for_tile<K>(a, 0, weights, &gate);
    wait_for_inputs();
    if (a.plan) release_dependents();
    if (!choose_columns(a, tile)) return;
    if (a.plan) ask_for_tile<K>(a, tile.expert, weights, &gate);
    stage<K, 1>(a, tile, staged);
    Result<1> result;
    result.template aim<TILE>(a, tile, blockIdx.x * TILE);
    pass_gate(&gate);
    const int2 steps = steps_of_warp<K>(a);
    RowSum<K> sum;
    multiply_steps<K>(sum, weights, 0, steps.x, steps.y, staged, staged_stride(a.inputs));
    Sums<K, 1>{make_float4(sum.upper(), 0.0f, sum.lower(), 0.0f)}.store(partials + threadIdx.x / 32 * TILE);
    __syncthreads();
    result.template store<TILE>(a, tile, partials);
}

#endif

template <Kind K, int N> __device__ __forceinline__ void matvec(const Matvec& a) {
#if __CUDA_ARCH__ >= 900
    if constexpr (N == 1 && K != F32) {
        matvec_one<K>(a);
        return;
    }
#endif
    constexpr int TILE = Layout<K>::TILE, SIZE = TILE * N;
    static_assert(SIZE <= THREADS, "a thread stores one number of a tile");
    extern __shared__ uint4 shared_words[];
    __shared__ Tile<N> tile;
    __shared__ float own_partials[N == 1 ? WARPS * SIZE : 1];
    uint16_t* staged = reinterpret_cast<uint16_t*>(shared_words);
    // Behind the staged rows or, where a block computes one tile and has no further use for them, in their place.
    const int behind = a.repeats > 1 ? N * (K == F32 ? a.inputs : staged_stride(a.inputs)) : 0;
    float* partials = N == 1 ? own_partials : reinterpret_cast<float*>(shared_words) + behind;
    const int first_output = blockIdx.x * TILE * a.repeats;
    const int2 steps = steps_of_warp<K>(a);
    Reader<K> reader;
    if (!a.plan) {
        release_dependents();
        if (blockIdx.y == 0) prefetch_tiles<K>(a, first_output, 0);
    } else if (a.experts > 0) {
        prefetch_guess<K>(a, first_output);
    }
    if (a.plan) {
        wait_for_inputs();
        // The kernel after the experts' first product may then count on the plan.
        release_dependents();
        if (!choose_columns(a, tile)) return;
    }
    reader.aim(a, first_output, a.plan ? tile.expert : 0);
    reader.batch = reader.fetch(steps.x, steps.y);
    if (!a.plan) {
        wait_for_inputs();
        choose_columns(a, tile);
    } else if (a.experts == 0) {
        prefetch_tiles<K>(a, first_output, tile.expert);
    }
    stage<K, N>(a, tile, staged);
#pragma unroll 1
    for (int repeat = 0; repeat < a.repeats; repeat++) {
        const int output = first_output + repeat * TILE;
        if (output >= a.outputs) break;
        if (repeat > 0) {
            reader.aim(a, output, tile.expert);
            reader.batch = reader.fetch(steps.x, steps.y);
        }
        Result<N> result;
        result.template aim<TILE>(a, tile, output);
        Sums<K, N> sums;
        if constexpr (K == F32) {
            sums = accumulate_floats<N>(a, tile, output, reinterpret_cast<float*>(staged));
        } else {
            sums = accumulate_halves<K, N>(a, tile, reader, staged);
        }
        if (N > 1) __syncthreads();
        sums.store(partials + threadIdx.x / 32 * SIZE);
        __syncthreads();
        result.template store<TILE>(a, tile, partials);
    }
}

#define MATVEC(name, kind)                                                                                        \
    extern "C" __global__ void __launch_bounds__(THREADS, 2) matvec_##name##_one(const __grid_constant__ Matvec a) { \
        matvec<kind, 1>(a);                                                                                       \
    }                                                                                                             \
    extern "C" __global__ void __launch_bounds__(THREADS, 2)                                                       \
        matvec_##name##_many(const __grid_constant__ Matvec a) {                                                  \
        matvec<kind, COLUMNS>(a);                                                                                 \
    }

MATVEC(f32, F32)
MATVEC(bf16, BF16)
MATVEC(f16, F16)
MATVEC(q8_0, Q8_0)
