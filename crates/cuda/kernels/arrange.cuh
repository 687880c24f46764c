// Brings rows of weights, as files have them, to their places in tiles.
#pragma once
#include "blocks.cuh"

struct Arrange {
    // Whole rows: numbers one behind the other, of Q8_0 blocks of a float16 scale and 32 bytes, of Q4_K, Q5_K and Q6_K
    // blocks of scales, lower bits, upper bits and a factor, as far as they have them.
    const uint8_t* rows;
    uint8_t* places;
    // Rows here, the first one's number, and bytes and numbers in each.
    int count;
    int first_row;
    int row_bytes;
    int inputs;
    // Row x of each `of_part` becomes output `to_part` times the number of the part, plus first[x / of_half], plus
    // x mod of_half times `step`.
    int of_part;
    int to_part;
    int of_half;
    int first[2];
    int step;
    int kind;
};

__device__ __forceinline__ int place_of_row(const Arrange& a, int row) {
    const int part = row / a.of_part, x = row - part * a.of_part, half = x / a.of_half;
    return part * a.to_part + a.first[half] + (x - half * a.of_half) * a.step;
}

// Sixteen bytes of numbers, one by one: rows of blocks begin anywhere.
__device__ __forceinline__ uint4 eight_of_two_blocks(const uint8_t* first, const uint8_t* second) {
    uint32_t words[4];
#pragma unroll
    for (int word = 0; word < 4; word++) {
        const uint8_t* from = (word < 2 ? first : second) + word % 2 * 4;
        words[word] = from[0] | from[1] << 8 | from[2] << 16 | static_cast<uint32_t>(from[3]) << 24;
    }
    return make_uint4(words[0], words[1], words[2], words[3]);
}

// A thread's sixteen bytes: of a row, a step of inputs, a quarter of the step.
template <Kind K> __device__ __forceinline__ void arrange(const Arrange& a) {
    constexpr int STEP = Layout<K>::STEP, TILE = Layout<K>::TILE, BLOCK = 34;
    const int steps = a.inputs / STEP;
    const size_t all = static_cast<size_t>(a.count) * steps * 4, stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t at = blockIdx.x * static_cast<size_t>(blockDim.x) + threadIdx.x; at < all; at += stride) {
        const int quarter = at % 4, step = at / 4 % steps, row = at / 4 / steps;
        const int output = place_of_row(a, a.first_row + row), in_tile = output % TILE;
        uint8_t* to = a.places + (static_cast<size_t>(output / TILE) * steps + step) * Layout<K>::STEP_BYTES;
        uint4* words = reinterpret_cast<uint4*>(to) + in_tile / 8 * 32 + in_tile % 8 * 4 + quarter;
        if constexpr (K == Q8_0) {
            const uint8_t* blocks = a.rows + (static_cast<size_t>(row) * steps + step) * 2 * BLOCK;
            *words = eight_of_two_blocks(blocks + 2 + quarter * 8, blocks + BLOCK + 2 + quarter * 8);
            // Two quarters bring a block's scale each.
            if (quarter < 2) {
                const uint8_t* scale = blocks + quarter * BLOCK;
                reinterpret_cast<uint16_t*>(to + 1024)[in_tile * 2 + quarter] = scale[0] | scale[1] << 8;
            }
        } else {
            *words = *reinterpret_cast<const uint4*>(a.rows + (static_cast<size_t>(row) * a.inputs + step * STEP) * 2 + quarter * 16);
        }
    }
}

// Where a byte of a row's block goes in a tile's step.
template <Kind K> __device__ __forceinline__ int place_in_step(int byte, int row) {
    using L = BlockLayout<K>;
    if (byte < SCALE_BYTES) return row * SCALE_BYTES + byte;
    byte -= SCALE_BYTES;
    // What a lane reads of a half comes as a piece.
    const auto place_of_piece = [&](int piece) { return (piece / 4 * 2 + row / 8) * 32 + row % 8 * 4 + piece % 4; };
    if (byte < HALF_BLOCK) return L::LOWER_AT + place_of_piece(byte / 16) * 16 + byte % 16;
    byte -= HALF_BLOCK;
    if constexpr (L::UPPER > 0) {
        if (byte < 8 * L::UPPER) return L::UPPER_AT + place_of_piece(byte / L::UPPER) * L::UPPER + byte % L::UPPER;
    }
    return L::FACTORS_AT + row * 2;
}

// A thread's two bytes of a block.
template <Kind K> __device__ __forceinline__ void arrange_blocks(const Arrange& a) {
    constexpr int WORDS = Layout<K>::BLOCK_BYTES / 2, TILE = Layout<K>::TILE;
    const int steps = a.inputs / BLOCK;
    const size_t all = static_cast<size_t>(a.count) * steps * WORDS, stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t at = blockIdx.x * static_cast<size_t>(blockDim.x) + threadIdx.x; at < all; at += stride) {
        const int word = at % WORDS, step = at / WORDS % steps, row = at / WORDS / steps;
        const int output = place_of_row(a, a.first_row + row);
        uint8_t* to = a.places + (static_cast<size_t>(output / TILE) * steps + step) * Layout<K>::STEP_BYTES;
        *reinterpret_cast<uint16_t*>(to + place_in_step<K>(2 * word, output % TILE)) = reinterpret_cast<const uint16_t*>(a.rows)[at];
    }
}

// What does not lie in tiles: rows stay as they are.
__device__ __forceinline__ void arrange_rows(const Arrange& a) {
    const int words = a.row_bytes / 2;
    const size_t all = static_cast<size_t>(a.count) * words, stride = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t at = blockIdx.x * static_cast<size_t>(blockDim.x) + threadIdx.x; at < all; at += stride) {
        const int row = at / words, word = at % words;
        const size_t output = place_of_row(a, a.first_row + row);
        reinterpret_cast<uint16_t*>(a.places)[output * words + word] = reinterpret_cast<const uint16_t*>(a.rows)[at];
    }
}

KERNEL(arrange, Arrange, THREADS) {
    switch (a.kind) {
        case BF16:
        case F16: arrange<BF16>(a); break;
        case Q8_0: arrange<Q8_0>(a); break;
        case Q4_K: arrange_blocks<Q4_K>(a); break;
        case Q5_K: arrange_blocks<Q5_K>(a); break;
        case Q6_K: arrange_blocks<Q6_K>(a); break;
        default: arrange_rows(a);
    }
}
