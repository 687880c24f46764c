// The block of a frame's kernel that does the routers.
#pragma once
#include "frame_block.cuh"

#if __CUDA_ARCH__ >= 900

// Has a router's weights brought to shared memory, one layer behind the other.
__device__ __forceinline__ void ask_for_router(const Router& a) {
    const uint32_t square = a.width * a.width * 4, last = a.experts * a.width * 4;
    uint8_t* to = reinterpret_cast<uint8_t*>(shared_words);
    expect_bytes(block.gates, 2 * square + last);
    copy_bulk(to, a.first, square, block.gates);
    copy_bulk(to + square, a.second, square, block.gates);
    copy_bulk(to + 2 * square, a.third, last, block.gates);
}

// The sums over a warp of 16 numbers of each lane: that of number i in lanes 2i and 2i + 1, added up as by warp_sum.
__device__ __forceinline__ float warp_sums(float (&values)[16]) {
#pragma unroll
    for (int half = 8; half > 0; half /= 2) {
        const bool upper = threadIdx.x & 2 * half;
#pragma unroll
        for (int i = 0; i < half; i++) {
            const float kept = upper ? values[i + half] : values[i], given = upper ? values[i] : values[i + half];
            values[i] = kept + __shfl_xor_sync(0xffffffff, given, 2 * half);
        }
    }
    return values[0] + __shfl_xor_sync(0xffffffff, values[0], 1);
}

// The router's vectors: what goes into a layer and what comes out take turns.
__shared__ float4 router_vectors[2][ROUTER_WIDTH / 4];

// A warp's rows of a layer of the router, warp, warp + WARPS, …; four numbers of each for a lane.
template <int COUNT> struct RouterRows {
    float4 rows[COUNT];

    // From shared memory, so many float4 behind its beginning.
    __device__ __forceinline__ void load(int first, int outputs, int width) {
        const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            const int output = warp + WARPS * i;
            const bool live = output < outputs && 4 * lane < width;
            rows[i] = live ? reinterpret_cast<const float4*>(shared_words)[first + output * width / 4 + lane]
                           : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
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

// The router of the layer, when its input is ready: tells the choices.
__device__ __forceinline__ void run_router(int number, unsigned turn) {
    static_assert(ROUTER_WIDTH == 16 * WARPS, "a warp has sixteen outputs");
    constexpr int OF_WARP = ROUTER_EXPERTS / WARPS;
    __shared__ float logits[ROUTER_EXPERTS];
    __shared__ float scratch[WARPS];
    auto* vectors = reinterpret_cast<float(*)[ROUTER_WIDTH]>(router_vectors);
    const Router& a = layer_of(number).router;
    const int square = a.width * a.width / 4, lane = threadIdx.x % 32, output = threadIdx.x / 32 + WARPS * (lane / 2);
    const bool writes = lane % 2 == 0 && output < a.width;
    const RouterVectors own = load_vectors(a);
    const float before = state_before(a, 0);
    const float first_bias = writes ? __ldg(a.first_bias + output) : 0.0f;
    const float second_bias = writes ? __ldg(a.second_bias + output) : 0.0f;
    if (threadIdx.x < ROUTER_WIDTH) vectors[1][threadIdx.x] = 0.0f;
    pass_gate(block.gates, turn);
    RouterRows<16> first, second;
    RouterRows<OF_WARP> third;
    first.load(0, a.width, a.width), second.load(square, a.width, a.width), third.load(2 * square, a.experts, a.width);
    const float down = threadIdx.x < a.width ? hear(routed_words(number) + threadIdx.x).value : 0.0f;
    link_state(a, own, 0, before, down, vectors[0], scratch);
    __syncthreads();
    const float raised = gelu(__fadd_rn(multiply_rows(first, router_vectors[0][lane]), first_bias));
    if (writes) vectors[1][output] = raised;
    __syncthreads();
    const float again = gelu(__fadd_rn(multiply_rows(second, router_vectors[1][lane]), second_bias));
    // Beyond the width there are zeros.
    if (writes) vectors[0][output] = again;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < OF_WARP; i++) {
        const float sum = warp_sum(dot4(third.rows[i], router_vectors[0][lane], 0.0f));
        if (lane == 0) logits[threadIdx.x / 32 + WARPS * i] = sum;
    }
    __syncthreads();
    if (threadIdx.x >= 32) return;
    const Choice choice = choose(a, own, logits);
    if (choice.mine) tell(chosen_words(number) + choice.at, threadIdx.x, choice.probability);
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
        if (threadIdx.x == 0) ask_for_router(layer.router);
        run_router(number, turn);
        turn ^= 1;
        __syncthreads();
    }
}

#endif
