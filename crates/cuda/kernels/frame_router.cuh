// The block of a frame's kernel that does the routers.
#pragma once
#include "frame_block.cuh"

#if __CUDA_ARCH__ >= 900

// Has a router's weights brought to shared memory, one layer behind the other.
__device__ __forceinline__ void ask_for_router(const Router& a) {
    BLOCK_MEMORY(uint4, shared_words);
    const uint32_t square = a.width * a.width * 4, last = a.experts * a.width * 4;
    uint8_t* to = reinterpret_cast<uint8_t*>(shared_words);
    expect_bytes(block.gates, 2 * square + last);
    copy_bulk(to, a.first, square, block.gates);
    copy_bulk(to + square, a.second, square, block.gates);
    copy_bulk(to + 2 * square, a.third, last, block.gates);
}

// The sums over a warp of 16 numbers of each lane: that of number i in lanes 2i and 2i + 1, added up as by warp_sum.
__device__ __forceinline__ float warp_sums(float (&values)[16]) {
    fold<8>(values, 2);
    return values[0] + __shfl_xor_sync(0xffffffff, values[0], 1);
}

// The router's vectors: what goes into a layer and what comes out take turns.
__shared__ float4 router_vectors[2][ROUTER_WIDTH / 4];

// A warp's rows of a layer of the router, warp, warp + WARPS, …; four numbers of each for a lane.
template <int COUNT> struct RouterRows {
    float4 rows[COUNT];

    // From shared memory, so many float4 behind its beginning. Nothing is loaded on condition.
    __device__ __forceinline__ void load(int first, int outputs, int width) {
        BLOCK_MEMORY(uint4, shared_words);
        // What lies beyond the width meets zeros, and what is beyond the outputs goes nowhere.
        const int warp = threadIdx.x / 32, of_row = width / 4, lane = min(static_cast<int>(threadIdx.x % 32), of_row - 1);
        const float4* from = reinterpret_cast<const float4*>(shared_words) + first + lane;
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            rows[i] = from[min(warp + WARPS * i, outputs - 1) * of_row];
        }
    }
};

// Output i of the warp, in lanes 2i and 2i + 1.
__device__ __forceinline__ float multiply_rows(const RouterRows<16>& layer, float4 x) {
    float sums[16];
#pragma unroll
    for (int i = 0; i < 16; i++) sums[i] = dot4(layer.rows[i], x, 0.0f);
    return warp_sums(sums);
}

// What a layer's router needs and knows before its input is told.
struct RouterInputs {
    RouterVectors own;
    float before;
    float first_bias;
    float second_bias;
};

// The output of a square layer that a lane bends: of its warp's, that of every other lane.
__device__ __forceinline__ int router_output() { return threadIdx.x / 32 + WARPS * (threadIdx.x % 32 / 2); }

__device__ __forceinline__ RouterInputs load_inputs(const Router& a) {
    const int output = router_output();
    const bool live = output < a.width;
    return {load_vectors(a), state_before(a, 0), live ? __ldg(a.first_bias + output) : 0.0f,
            live ? __ldg(a.second_bias + output) : 0.0f};
}

// The router of the layer: tells the choices.
__device__ __forceinline__ void run_router(int number, const RouterInputs& inputs, float down) {
    static_assert(ROUTER_WIDTH == 16 * WARPS, "a warp has sixteen outputs");
    constexpr int OF_WARP = ROUTER_EXPERTS / WARPS;
    __shared__ float logits[ROUTER_EXPERTS];
    __shared__ float scratch[WARPS];
    auto* vectors = reinterpret_cast<float(*)[ROUTER_WIDTH]>(router_vectors);
    const Router& a = layer_of(number).router;
    const int lane = threadIdx.x % 32, output = router_output();
    const bool writes = lane % 2 == 0 && output < a.width;
    if (threadIdx.x < ROUTER_WIDTH) vectors[1][threadIdx.x] = 0.0f;
    link_state<THREADS>(a, inputs.own, 0, inputs.before, down, vectors[0], scratch);
    __syncthreads();
    // From the first vector to the second, and back; beyond the width there are zeros.
#pragma unroll 1
    for (int layer = 0; layer < 2; layer++) {
        RouterRows<16> rows;
        rows.load(layer * a.width * a.width / 4, a.width, a.width);
        const float bias = layer ? inputs.second_bias : inputs.first_bias;
        const float bent = gelu(__fadd_rn(multiply_rows(rows, router_vectors[layer][lane]), bias));
        if (writes) vectors[1 - layer][output] = bent;
        __syncthreads();
    }
    RouterRows<OF_WARP> rows;
    rows.load(2 * a.width * a.width / 4, a.experts, a.width);
#pragma unroll
    for (int i = 0; i < OF_WARP; i++) {
        const float sum = warp_sum(dot4(rows.rows[i], router_vectors[0][lane], 0.0f));
        if (lane == 0) logits[threadIdx.x / 32 + WARPS * i] = sum;
    }
    __syncthreads();
    if (threadIdx.x >= 32) return;
    const Choice choice = choose(a, inputs.own, logits);
    if (choice.mine) tell(block.frame.chosen + choice.at, tag_of(number) | threadIdx.x, choice.probability);
}

__device__ __forceinline__ void run_routers() {
    unsigned turn = 0;
    if (threadIdx.x == 0) open_gate(block.gates);
#pragma unroll 1
    for (int number = 0; number < block.frame.layer_count; number++) {
        copy_layer(number, block.layers[number % 2]);
        __syncthreads();
        const FrameLayer& layer = layer_of(number);
        if (layer.used == 0) continue;
        const Router& a = layer.router;
        if (threadIdx.x == 0) ask_for_router(a);
        const RouterInputs inputs = load_inputs(a);
        pass_gate(block.gates, turn);
        const bool hears = static_cast<int>(threadIdx.x) < a.width;
        run_router(number, inputs, hears ? hear(words(a.down) + threadIdx.x, tag_of(number)).value : 0.0f);
        // The next router's weights and vectors come to the place of these.
        __syncthreads();
        turn ^= 1;
    }
}

#endif
