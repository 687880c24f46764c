// The codec's decoder: codes to latent vectors, and convolutions along time.
//
// Sequences lie as [time, channels], channels filled up with zeros to a multiple of 32. A convolution is a product of
// matrices: a block computes 64 rows of time by 32 to 96 outputs, and walks over the inputs 32 channels at a time. These
// come to shared memory once, through Snake on their way, with the rows that the outermost taps reach; each tap then reads
// the same rows from another place, with its own weights. A transposed convolution is as many plain ones of two taps as
// its rate, each of which makes every rate-th row: its phases.
//
// The matrix instruction takes numbers of 11 bits (tf32); of each number two such parts are multiplied, large and small,
// which together hold 22 bits. The instruction cuts what it adds to off instead of rounding it, always towards zero: it
// adds the products of eight channels alone, and their sums are added in float32. An output is added up in one order, by
// channels, taps and parts, wherever it lies and whatever else is computed: its bits depend on the inputs that it sees
// alone.
#pragma once
#include "common.cuh"

constexpr int CONV_THREADS = 128;
// Rows of time that a block computes.
constexpr int CONV_ROWS = 64;
// Input channels that are taken at once, and outputs whose weights lie together.
constexpr int CHANNELS = 32;
// Fours of a row's channels at once.
constexpr int ROW_FOURS = CHANNELS / 4;
// Fours of the weights of 32 outputs and one tap, from 32 channels.
constexpr int GRANULE = CHANNELS * CHANNELS / 4;
// Taps whose weights are on their way or in use.
constexpr int WEIGHT_STAGES = 3;
// Fours that a thread holds on their way to shared memory.
constexpr int HELD = 4;

struct Convolution {
    // [time_in, inputs]
    const float* input;
    // Snake's α, and 1 / α, of each input; null: none.
    const float* alpha;
    const float* inverse;
    // [phases, groups of 32 outputs, 32 channels at a time, taps], each a granule as `pack` makes it.
    const float4* weights;
    // Of each output, filled up with zeros.
    const float* bias;
    // Added to the output, laid out like it; null: none. May be the output itself.
    const float* residual;
    // [time_out, output_stride]
    float* output;
    int time_in;
    int time_out;
    int inputs;
    // Groups of 32 outputs.
    int groups;
    // Numbers of each row that are stored.
    int outputs;
    int output_stride;
    int taps;
    // Row r sees the inputs from r + first on, `step` apart.
    int first;
    int step;
    // Row r of phase p is the output r · rate + p − padding.
    int rate;
    int padding;
    // Whether tanh is what is stored.
    int bounded;
};

// sin²(x) to within 5e-7, as on the CPU: x is brought to −π/2..π/2, and a polynomial does the rest.
__device__ __forceinline__ float sine_squared(float x) {
    constexpr float ROUND = 12582912.0f;
    const float turns = __fadd_rn(fmaf(x, 0.318309886f, ROUND), -ROUND);
    float reduced = fmaf(turns, -3.14159274f, x);
    reduced = fmaf(turns, 8.74227766e-8f, reduced);
    // Far out nothing is left of the phase; the bound keeps it a sine.
    reduced = fminf(fmaxf(reduced, -2.0f), 2.0f);
    const float square = reduced * reduced;
    float series = fmaf(square, -2.5052108e-8f, 2.7557319e-6f);
    series = fmaf(square, series, -1.984127e-4f);
    series = fmaf(square, series, 8.333333e-3f);
    series = fmaf(square, series, -1.0f / 6.0f);
    const float sine = reduced * fmaf(square, series, 1.0f);
    return sine * sine;
}

__device__ __forceinline__ float4 snake4(float4 x, float4 alpha, float4 inverse) {
    x.x = fmaf(sine_squared(alpha.x * x.x), inverse.x, x.x);
    x.y = fmaf(sine_squared(alpha.y * x.y), inverse.y, x.y);
    x.z = fmaf(sine_squared(alpha.z * x.z), inverse.z, x.z);
    x.w = fmaf(sine_squared(alpha.w * x.w), inverse.w, x.w);
    return x;
}

// A number as the sum of two of 11 bits.
__device__ __forceinline__ void split(float x, uint32_t& large, uint32_t& small) {
    large = (__float_as_uint(x) + 0x1000u) & 0xffffe000u;
    small = __float_as_uint(__fsub_rn(x, __uint_as_float(large)));
}

// Rows of input that a block sees.
__device__ __forceinline__ int rows_seen(const Convolution& a) { return CONV_ROWS + (a.taps - 1) * a.step; }

// Brings a block's rows to shared memory, 32 channels at a time, through Snake. The fours of odd rows have their halves
// exchanged, so that the eight lanes that read together meet no bank twice.
struct Staging {
    const Convolution& a;
    int rounds;
    float4 held[HELD];

    __device__ __forceinline__ explicit Staging(const Convolution& a) : a(a) {
        const int all = (rows_seen(a) * ROW_FOURS + CONV_THREADS - 1) / CONV_THREADS;
        rounds = (all + a.taps - 1) / a.taps;
    }

    // The row of a round of a part, or a negative number beyond the last.
    __device__ __forceinline__ int row(int part, int round) const {
        const int row = ((part * rounds + round) * CONV_THREADS + threadIdx.x) / ROW_FOURS;
        return round < rounds && row < rows_seen(a) ? row : -1;
    }

    __device__ __forceinline__ int channel(int chunk) const { return chunk * CHANNELS + threadIdx.x % ROW_FOURS * 4; }

    // Asks for one of `taps` parts of the rows.
    __device__ __forceinline__ void fetch(int chunk, int part) {
        const int first = blockIdx.x * CONV_ROWS + a.first;
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            const int row = this->row(part, i), time = first + row;
            const bool inside = row >= 0 && time >= 0 && time < a.time_in;
            held[i] = inside ? load4(a.input + static_cast<size_t>(time) * a.inputs + channel(chunk))
                             : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        }
    }

    __device__ __forceinline__ void store(int chunk, int part, float4* rows) const {
        float4 alpha = make_float4(0.0f, 0.0f, 0.0f, 0.0f), inverse = alpha;
        if (a.alpha) {
            alpha = __ldg(reinterpret_cast<const float4*>(a.alpha + channel(chunk)));
            inverse = __ldg(reinterpret_cast<const float4*>(a.inverse + channel(chunk)));
        }
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            const int row = this->row(part, i);
            if (row < 0) continue;
            const float4 value = a.alpha ? snake4(held[i], alpha, inverse) : held[i];
            rows[row * ROW_FOURS + (threadIdx.x % ROW_FOURS ^ row % 2 * 4)] = value;
        }
    }
};

// Asks for the weights of a tap from 32 channels, those of sixteen channels of all outputs together.
template <int OUTPUTS> __device__ __forceinline__ void ask_for_weights(const float4* from, size_t stride, float4* to) {
#pragma unroll
    for (int i = 0; i < OUTPUTS * ROW_FOURS / CONV_THREADS; i++) {
        const int at = i * CONV_THREADS + threadIdx.x, group = at / GRANULE, place = at % GRANULE;
        const int half = place / (GRANULE / 2), rest = place % (GRANULE / 2);
        copy_four(to + half * OUTPUTS * 4 + group * (GRANULE / 2) + rest, from + group * stride + place);
    }
}

// What a warp computes: 32 rows by 8 · TILES outputs.
template <int TILES> struct Products {
    float4 sums[2][TILES];

    __device__ __forceinline__ Products() {
#pragma unroll
        for (int i = 0; i < 2 * TILES; i++) sums[i / TILES][i % TILES] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }

    // Adds one tap of 32 channels. `first` is the row that the warp's first row sees.
    __device__ __forceinline__ void add(const float4* rows, int first, const float4* weights, int warp_column) {
        const int lane = threadIdx.x % 32, group = lane / 4, quarter = lane % 4;
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float4 x[2][2], w[TILES];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = first + 8 * i + group;
                x[i / 2][i % 2] = rows[row * ROW_FOURS + ((half * 4 + quarter) ^ row % 2 * 4)];
            }
#pragma unroll
            for (int i = 0; i < TILES; i++) w[i] = weights[(half * 2 + warp_column) * TILES * 32 + i * 32 + lane];
            add_eight(x, w, false);
            add_eight(x, w, true);
        }
    }

    // Eight channels: the first two of each four, or the last two.
    __device__ __forceinline__ void add_eight(const float4 (&x)[2][2], const float4 (&w)[TILES], bool last) {
        uint32_t large[2][4], small[2][4], w_large[TILES][2], w_small[TILES][2];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float4 four = x[i / 2][i % 2];
            split(last ? four.z : four.x, large[i / 2][i % 2], small[i / 2][i % 2]);
            split(last ? four.w : four.y, large[i / 2][i % 2 + 2], small[i / 2][i % 2 + 2]);
        }
#pragma unroll
        for (int i = 0; i < TILES; i++) {
            split(last ? w[i].z : w[i].x, w_large[i][0], w_small[i][0]);
            split(last ? w[i].w : w[i].y, w_large[i][1], w_small[i][1]);
        }
#pragma unroll
        for (int tile = 0; tile < 2; tile++) {
            float4 parts[TILES];
#pragma unroll
            for (int i = 0; i < TILES; i++) {
                parts[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
                multiply_tf32(parts[i], small[tile], w_large[i]);
            }
#pragma unroll
            for (int i = 0; i < TILES; i++) multiply_tf32(parts[i], large[tile], w_small[i]);
#pragma unroll
            for (int i = 0; i < TILES; i++) multiply_tf32(parts[i], large[tile], w_large[i]);
#pragma unroll
            for (int i = 0; i < TILES; i++) add4(sums[tile][i], parts[i]);
        }
    }
};

// Stores the numbers of two neighbouring outputs of one row.
__device__ __forceinline__ void store_pair(const Convolution& a, int time, int output, float first, float second) {
    if (time < 0 || time >= a.time_out || output >= a.outputs) return;
    const size_t at = static_cast<size_t>(time) * a.output_stride + output;
    const bool both = output + 1 < a.outputs;
    first += a.bias[output], second += a.bias[output + 1];
    if (a.residual) first += __ldcg(a.residual + at), second += both ? __ldcg(a.residual + at + 1) : 0.0f;
    if (a.bounded) first = tanhf(first), second = tanhf(second);
    a.output[at] = first;
    if (both) a.output[at + 1] = second;
}

template <int TILES> __device__ __forceinline__ void convolve(const Convolution& a) {
    constexpr int OUTPUTS = 16 * TILES, STAGE = OUTPUTS * ROW_FOURS;
    BLOCK_MEMORY(float4, shared_fours);
    const int seen = rows_seen(a), chunks = a.inputs / CHANNELS, taps = a.taps, steps = chunks * taps;
    float4* rows = shared_fours;
    float4* weights = shared_fours + 2 * seen * ROW_FOURS;
    const int blocks = a.groups * CHANNELS / OUTPUTS, phase = blockIdx.y / blocks, block = blockIdx.y % blocks;
    const int warp = threadIdx.x / 32, warp_row = warp % 2 * 32, warp_column = warp / 2;
    const size_t stride = static_cast<size_t>(steps) * GRANULE;
    const float4* from = a.weights + (static_cast<size_t>(phase) * a.groups + block * OUTPUTS / CHANNELS) * stride;
    release_dependents();
#pragma unroll
    for (int step = 0; step < WEIGHT_STAGES - 1; step++) {
        if (step < steps) ask_for_weights<OUTPUTS>(from + step * GRANULE, stride, weights + step * STAGE);
        close_copies();
    }
    wait_for_inputs();
    Staging staging(a);
    for (int part = 0; part < taps; part++) {
        staging.fetch(0, part);
        staging.store(0, part, rows);
    }
    // From here on a part is asked for one step before it is stored.
    if (chunks > 1) staging.fetch(1, 0);
    Products<TILES> products;
    int chunk = 0, tap = 0;
#pragma unroll 1
    for (int step = 0; step < steps; step++) {
        wait_for_copies<WEIGHT_STAGES - 2>();
        __syncthreads();
        const int ahead = step + WEIGHT_STAGES - 1;
        if (ahead < steps) {
            ask_for_weights<OUTPUTS>(from + ahead * GRANULE, stride, weights + ahead % WEIGHT_STAGES * STAGE);
        }
        close_copies();
        if (chunk + 1 < chunks) staging.store(chunk + 1, tap, rows + (chunk + 1) % 2 * seen * ROW_FOURS);
        const bool turns = tap + 1 == taps;
        const int next_chunk = turns ? chunk + 1 : chunk, next_tap = turns ? 0 : tap + 1;
        if (next_chunk + 1 < chunks) staging.fetch(next_chunk + 1, next_tap);
        products.add(rows + chunk % 2 * seen * ROW_FOURS, warp_row + tap * a.step, weights + step % WEIGHT_STAGES * STAGE,
                     warp_column);
        chunk = next_chunk, tap = next_tap;
    }
    const int lane = threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < 2 * TILES; i++) {
        const int row = blockIdx.x * CONV_ROWS + warp_row + i / TILES * 16 + lane / 4;
        const int output = block * OUTPUTS + (warp_column * TILES + i % TILES) * 8 + lane % 4 * 2;
        const float4 sum = products.sums[i / TILES][i % TILES];
        store_pair(a, row * a.rate + phase - a.padding, output, sum.x, sum.y);
        store_pair(a, (row + 8) * a.rate + phase - a.padding, output, sum.z, sum.w);
    }
}

#define CONVOLUTION(outputs) \
    KERNEL(codec_convolution_##outputs, Convolution, CONV_THREADS, 3) { convolve<outputs / 16>(a); }

CONVOLUTION(32)
CONVOLUTION(64)
CONVOLUTION(96)

// Weights of a convolution, as a file holds them, to granules: fours of channels, as the lanes of the matrix instruction
// take them. What lies beyond the last output or input is zero.
struct Pack {
    const float* weights;
    // [groups, chunks, taps, GRANULE]
    float4* output;
    // Numbers from one output (input) to the next in the file.
    int output_stride;
    int input_stride;
    int outputs;
    int inputs;
    // The file's tap of the first tap, and from one to the next.
    int first_tap;
    int tap_step;
    int taps;
    int chunks;
};

KERNEL(codec_pack, Pack, THREADS) {
    release_dependents();
    wait_for_inputs();
    // A block for each granule, a thread for each four.
    const int tap = blockIdx.x % a.taps, chunk = blockIdx.x / a.taps % a.chunks, group = blockIdx.x / a.taps / a.chunks;
    const int half = threadIdx.x / 128, tile = threadIdx.x / 32 % 4, lane = threadIdx.x % 32;
    const int output = group * CHANNELS + tile * 8 + lane / 4, input = chunk * CHANNELS + half * 16 + lane % 4 * 4;
    float four[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const bool there = output < a.outputs && input + i < a.inputs;
        const size_t at = static_cast<size_t>(output) * a.output_stride + static_cast<size_t>(input + i) * a.input_stride;
        four[i] = there ? a.weights[at + a.first_tap + tap * a.tap_step] : 0.0f;
    }
    a.output[static_cast<size_t>(blockIdx.x) * GRANULE + threadIdx.x] = make_float4(four[0], four[1], four[2], four[3]);
}

// Codes to latent vectors: the sum of the codebooks' entries, or of their projections.
struct Lookup {
    // [codebooks, frames]
    const int* codes;
    // [codebooks, entries, width]
    const float* tables;
    // [codebooks, width, latent]; null: entries are as wide as the latent vector.
    const float* projections;
    // [latent]
    const float* bias;
    // [frames, stride], filled up with zeros.
    float* output;
    int codebooks;
    int entries;
    int width;
    int latent;
    int stride;
};

// A block for each frame.
KERNEL(codec_lookup, Lookup, THREADS) {
    release_dependents();
    wait_for_inputs();
    for (int at = threadIdx.x; at < a.stride; at += blockDim.x) {
        float sum = at < a.latent ? a.bias[at] : 0.0f;
        for (int codebook = 0; codebook < a.codebooks && at < a.latent; codebook++) {
            const size_t code = a.codes[codebook * gridDim.x + blockIdx.x];
            const float* entry = a.tables + (static_cast<size_t>(codebook) * a.entries + code) * a.width;
            if (!a.projections) {
                sum += entry[at];
                continue;
            }
            const float* projection = a.projections + static_cast<size_t>(codebook) * a.width * a.latent + at;
            for (int i = 0; i < a.width; i++) sum = fmaf(entry[i], projection[static_cast<size_t>(i) * a.latent], sum);
        }
        a.output[static_cast<size_t>(blockIdx.x) * a.stride + at] = sum;
    }
}
