// A block's weights on their way: parts of tiles in shared memory, asked for in the order in which they will be used, as
// far ahead as there is room. Of hopper and later.
#pragma once
#include "blocks.cuh"

// Steps of a part at most, of blocks of 256 and of all else, and bytes that it takes.
constexpr int PART_BLOCKS = 4;
constexpr int PART_STEPS = 16;
constexpr int PART_SIZE = PART_STEPS * Layout<Q8_0>::STEP_BYTES;
static_assert(PART_BLOCKS * Layout<Q6_K>::STEP_BYTES <= PART_SIZE, "a part takes its steps");
constexpr int PART_ROWS = Layout<Q8_0>::TILE;
constexpr int MAX_PARTS = 16;

// Where a part lies, and which of the times that its gate opens is its own.
struct Place {
    int slot;
    unsigned turn;

    __device__ __forceinline__ Place after(int parts, int slots) const {
        const bool wraps = slot + parts >= slots;
        return {wraps ? slot + parts - slots : slot + parts, wraps ? turn ^ 1 : turn};
    }
};

struct Ring {
    uint8_t* parts;
    uint64_t* gates;
    int slots;
};

// Divided by what the compiler knows: anything else takes long.
__device__ __forceinline__ int steps_of(const Matvec& a, int kind) {
    return kind >= Q4_K ? a.inputs / BLOCK : kind == Q8_0 ? a.inputs / Layout<Q8_0>::STEP : a.inputs / Layout<BF16>::STEP;
}

__device__ __forceinline__ int parts_of_tile(const Matvec& a, int kind) {
    const int steps = steps_of(a, kind);
    return kind >= Q4_K ? (steps + PART_BLOCKS - 1) / PART_BLOCKS : (steps + PART_STEPS - 1) / PART_STEPS;
}

__device__ __forceinline__ int tiles_of(const Matvec& a) { return (a.outputs + PART_ROWS - 1) / PART_ROWS; }

// Asks for the parts of a tile from `first` on, each by one lane; as many as `count`.
__device__ __forceinline__ void ask_for_parts(const Matvec& a, int kind, bool once, int first_output, int expert, int first,
                                              int count, const Ring& ring, int slot) {
    const int lane = threadIdx.x % 32, part = first + lane;
    if (lane >= count) return;
    const int steps = steps_of(a, kind), step_bytes = step_bytes_of(kind);
    const uint8_t* from = a.numbers + expert * a.expert_bytes + static_cast<size_t>(first_output / PART_ROWS) * (steps * step_bytes);
    const int of_part = kind >= Q4_K ? PART_BLOCKS : PART_STEPS, step = part * of_part;
    const int bytes = min(of_part, steps - step) * step_bytes;
    slot = slot + lane < ring.slots ? slot + lane : slot + lane - ring.slots;
    expect_bytes(ring.gates + slot, bytes);
    if (once) {
        copy_bulk_once(ring.parts + slot * PART_SIZE, from + step * step_bytes, bytes, ring.gates + slot);
    } else {
        copy_bulk(ring.parts + slot * PART_SIZE, from + step * step_bytes, bytes, ring.gates + slot);
    }
}

// The products of a warp's part of the inputs with a tile that begins at `place`.
template <Kind K>
__device__ __forceinline__ Sums<K, 1> accumulate_parts(const Matvec& a, const uint16_t* staged, const Ring& ring,
                                                       Place place) {
    const int2 steps = steps_of_warp<K>(a);
    StepSums<K> sums;
#pragma unroll 1
    for (int first = steps.x; first < steps.y;) {
        const int part = first / PART_STEPS, origin = part * PART_STEPS, end = min(steps.y, origin + PART_STEPS);
        const Place at = place.after(part, ring.slots);
        pass_gate(ring.gates + at.slot, at.turn);
        multiply_steps<K>(sums, ring.parts + at.slot * PART_SIZE, origin, first, end, staged,
                          staged_stride(a.inputs));
        first = end;
    }
    return sums.all();
}

// The same of blocks of 256 numbers.
template <Kind K>
__device__ __forceinline__ Sums<K, 1> accumulate_block_parts(const Matvec& a, uint16_t* staged, const Ring& ring, Place place) {
    constexpr int PART_HALVES = 2 * PART_BLOCKS;
    const int2 halves = halves_of_warp(a);
    const Columns columns = columns_of<1>(staged, a.inputs, 1);
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
#pragma unroll 1
    for (int first = halves.x; first < halves.y;) {
        const int part = first / PART_HALVES, origin = part * PART_HALVES, end = min(halves.y, origin + PART_HALVES);
        const Place at = place.after(part, ring.slots);
        pass_gate(ring.gates + at.slot, at.turn);
        multiply_halves<K>(sum, ring.parts + at.slot * PART_SIZE, origin, first, end, columns);
        first = end;
    }
    return {sum};
}
