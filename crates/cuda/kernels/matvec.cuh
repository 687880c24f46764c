// Matrix times a few rows: every linear layer of the backbone.
//
// A block computes one or a few times TILE outputs of up to eight rows; its warps share the inputs among themselves, each
// in a fixed part, and their sums are added in a fixed order. The first weights are asked for before the input is ready.
// Each row is a column of the matrix instruction (of which column, and what stands in the others, does not matter), so a
// row's result has the same bits however many rows go along.
#pragma once
#include "blocks.cuh"

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
    static_assert(BATCH % 2 == 0, "steps of halves take turns with two sums");
    Pair sum, other;
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
                multiply_step<K>(i % 2 ? other : sum, batch.words[i][0], batch.words[i][1], staged_words(high, live, at),
                                 staged_words(low, live, at));
            }
        }
    }
    if (K == Q8_0) return {sum.both()};
    const float4 a_sum = sum.both(), b_sum = other.both();
    return {make_float4(__fadd_rn(a_sum.x, b_sum.x), __fadd_rn(a_sum.y, b_sum.y), __fadd_rn(a_sum.z, b_sum.z),
                        __fadd_rn(a_sum.w, b_sum.w))};
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
    const int expert = guess(&a.plan->expert[blockIdx.y]), tiles = guess(&a.plan->tiles);
    if (static_cast<int>(blockIdx.y) < tiles && expert >= 0 && expert < a.experts) {
        prefetch_tiles<K>(a, first_output, expert);
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

// A warp's products of one row with a tile in the block's memory.
template <Kind K> __device__ __forceinline__ Sums<K, 1> multiply_tile(const Matvec& a, const uint8_t* weights, uint16_t* staged) {
    if constexpr (K >= Q4_K) {
        const int2 halves = halves_of_warp(a);
        float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        multiply_halves<K>(sum, weights, 0, halves.x, halves.y, columns_of<1>(staged, a.inputs, 1));
        return {sum};
    } else {
        const int2 steps = steps_of_warp<K>(a);
        StepSums<K> sums;
        multiply_steps<K>(sums, weights, 0, steps.x, steps.y, staged, staged_stride(a.inputs));
        return sums.all();
    }
}

// One row: the block's weights come to shared memory as a whole, where they are known before the input is ready then.
template <Kind K> __device__ __forceinline__ void matvec_one(const Matvec& a) {
    constexpr int TILE = Layout<K>::TILE;
    BLOCK_MEMORY(uint4, shared_words);
    __shared__ Tile<1> tile;
    __shared__ float partials[WARPS * TILE];
    __shared__ uint64_t gate;
    uint16_t* staged = reinterpret_cast<uint16_t*>(shared_words);
    // Behind the row and, where they are needed, its sums.
    uint8_t* weights = reinterpret_cast<uint8_t*>(sums_of_staged<1>(staged, a.inputs) + (has_offsets(K) ? a.inputs / 32 : 0));
    if (!a.plan) release_dependents();
    if (threadIdx.x == 0) open_gate(&gate);
    __syncthreads();
    if (!a.plan) ask_for_tile<K>(a, 0, weights, &gate);
    wait_for_inputs();
    if (a.plan) release_dependents();
    if (!choose_columns(a, tile)) return;
    if (a.plan) ask_for_tile<K>(a, tile.expert, weights, &gate);
    stage<K >= Q4_K ? F16 : K, 1>(a, tile, staged);
    if (has_offsets(K)) sum_groups<1>(a.inputs, 1, staged);
    Result<1> result;
    result.template aim<TILE>(a, tile, blockIdx.x * TILE);
    pass_gate(&gate);
    multiply_tile<K>(a, weights, staged).store(partials + threadIdx.x / 32 * TILE);
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
    BLOCK_MEMORY(uint4, shared_words);
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
    int expert = 0;
    if (a.plan) {
        wait_for_inputs();
        // The kernel after the experts' first product may then count on the plan.
        release_dependents();
        if (!choose_columns(a, tile)) return;
        expert = tile.expert;
    }
    reader.aim(a, first_output, expert);
    reader.batch = reader.fetch(steps.x, steps.y);
    if (!a.plan) {
        wait_for_inputs();
        choose_columns(a, tile);
    } else if (a.experts == 0) {
        prefetch_tiles<K>(a, first_output, expert);
    }
    stage<K, N>(a, tile, staged);
#pragma unroll 1
    for (int repeat = 0; repeat < a.repeats; repeat++) {
        const int output = first_output + repeat * TILE;
        if (output >= a.outputs) break;
        if (repeat > 0) {
            reader.aim(a, output, expert);
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

#define MATVEC(name, kind)                                                  \
    KERNEL(matvec_##name##_one, Matvec, THREADS, 2) { matvec<kind, 1>(a); } \
    KERNEL(matvec_##name##_many, Matvec, THREADS, 2) { matvec<kind, COLUMNS>(a); }

MATVEC(f32, F32)
MATVEC(bf16, BF16)
MATVEC(f16, F16)
MATVEC(q8_0, Q8_0)
