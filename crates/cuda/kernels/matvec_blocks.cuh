// Matrix times a few rows, of weights in blocks of 256 numbers: as matvec.cuh does it.
#pragma once
#include "blocks.cuh"
#include "matvec.cuh"

// Reads a warp's part of the rows of weights that are multiplied together. What it holds is asked for before it is used.
template <Kind K> struct BlockReader {
    static constexpr int HALVES = 2;
    const uint8_t* from;
    HalfBlock<K> held[HALVES][2];

    // Halves beyond the last one repeat it; they are not used.
    __device__ __forceinline__ void fetch(int half, int end) {
#pragma unroll
        for (int i = 0; i < HALVES; i++) {
            const int place = max(min(half + i, end - 1), 0);
            held[i][0].template read<false>(from, place, 0), held[i][1].template read<false>(from, place, 1);
        }
    }
};

// The products of a warp's part. The reader holds its first halves.
template <Kind K, int N>
__device__ __forceinline__ float4 accumulate_read(BlockReader<K>& reader, int2 halves, const Columns& x) {
    constexpr int HALVES = BlockReader<K>::HALVES;
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 1
    for (int half = halves.x; half < halves.y; half += HALVES) {
        HalfBlock<K> now[HALVES][2];
#pragma unroll
        for (int i = 0; i < 2 * HALVES; i++) now[i / 2][i % 2] = reader.held[i / 2][i % 2];
        reader.fetch(half + HALVES, halves.y);
#pragma unroll
        for (int i = 0; i < HALVES; i++) {
            if (half + i < halves.y) multiply_half<K, N>(sum, now[i], half + i, x);
        }
    }
    return sum;
}

template <Kind K, int N> __device__ __forceinline__ void matvec_blocks(const Matvec& a) {
#if __CUDA_ARCH__ >= 900
    if constexpr (N == 1) {
        matvec_one<K>(a);
        return;
    }
#endif
    constexpr int TILE = Layout<K>::TILE, SIZE = TILE * N;
    BLOCK_MEMORY(uint4, shared_words);
    __shared__ Tile<N> tile;
    __shared__ float partials[WARPS * SIZE];
    uint16_t* staged = reinterpret_cast<uint16_t*>(shared_words);
    const int first_output = blockIdx.x * TILE * a.repeats, warp = threadIdx.x / 32;
    const int2 halves = halves_of_warp(a);
    BlockReader<K> reader;
    if (!a.plan) {
        release_dependents();
    } else {
        wait_for_inputs();
        release_dependents();
        if (!choose_columns(a, tile)) return;
    }
    reader.from = source<K>(a, first_output, a.plan ? tile.expert : 0);
    reader.fetch(halves.x, halves.y);
    if (!a.plan) {
        wait_for_inputs();
        choose_columns(a, tile);
    }
    stage<F16, N>(a, tile, staged);
    if (has_offsets(K)) sum_groups<N>(a.inputs, tile.count, staged);
    const Columns columns = columns_of<N>(staged, a.inputs, N == 1 ? 1 : tile.count);
#pragma unroll 1
    for (int repeat = 0; repeat < a.repeats; repeat++) {
        const int output = first_output + repeat * TILE;
        if (output >= a.outputs) break;
        if (repeat > 0) {
            reader.from = source<K>(a, output, tile.expert);
            reader.fetch(halves.x, halves.y);
        }
        Result<N> result;
        result.template aim<TILE>(a, tile, output);
        const Sums<F16, N> products = {accumulate_read<K, N>(reader, halves, columns)};
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
