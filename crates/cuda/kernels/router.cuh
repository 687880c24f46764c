// Chooses the experts of each row: the router's state, linked from layer to layer, through a small network, softmax,
// the best by balanced probability. The last block sorts all pairs of row and expert into the plan of the experts'
// products.
#pragma once
#include "common.cuh"

// Widths that a block's registers hold: each of the 32 warps has four outputs of a layer and one expert.
constexpr int ROUTER_THREADS = 1024;
constexpr int ROUTER_WIDTH = 128;
constexpr int ROUTER_EXPERTS = 32;

struct Router {
    // Down projection of each row, with its bias.
    const float* down;
    // Scale of the state before; null in the first mixture layer.
    const float* state_scale;
    const float* norm;
    const float* first;
    const float* first_bias;
    const float* second;
    const float* second_bias;
    const float* third;
    // With the sign that they enter the choice with.
    const float* balancing;
    const int* slots;
    // [rows, width], kept from layer to layer.
    float* state;
    // Probability of each pair of row and chosen expert.
    float* weights;
    int* chosen;
    Plan* plan;
    unsigned* arrived;
    int rows;
    int width;
    int experts;
    int used;
    float eps;
};

__device__ __forceinline__ float gelu(float x) {
    return __fmul_rn(__fmul_rn(0.5f, x), __fadd_rn(1.0f, erff(__fmul_rn(x, 0.70710678118654752440f))));
}

// A warp's outputs of a square layer: weights in registers, asked for before the input is ready.
struct RouterLayer {
    float4 weights[4];
    float bias[4];
};

__device__ __forceinline__ RouterLayer load_layer(const float* weights, const float* bias, int width) {
    RouterLayer layer;
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const int output = warp + 32 * i;
        const bool live = output < width && 4 * lane < width;
        layer.weights[i] = live ? __ldg(reinterpret_cast<const float4*>(weights + output * width) + lane)
                                : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        layer.bias[i] = output < width ? __ldg(bias + output) : 0.0f;
    }
    return layer;
}

__device__ __forceinline__ void run_layer(const RouterLayer& layer, const float* input, float* output, int width) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const float4 x = reinterpret_cast<const float4*>(input)[lane];
    float own = 0.0f;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        const float sum = __fadd_rn(warp_sum(dot4(layer.weights[i], x, 0.0f)), layer.bias[i]);
        if (lane == i) own = sum;
    }
    // Each of four lanes bends one of the warp's outputs.
    if (lane < 4 && warp + 32 * lane < width) output[warp + 32 * lane] = gelu(own);
    __syncthreads();
}

// The best of the scores, one for each lane; the lowest lane of several.
__device__ __forceinline__ int best_lane(float score) {
    int best = threadIdx.x % 32;
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) {
        const float other = __shfl_xor_sync(0xffffffff, score, offset);
        const int lane = __shfl_xor_sync(0xffffffff, best, offset);
        if (other > score || (other == score && lane < best)) score = other, best = lane;
    }
    return best;
}

// The plan of a row that goes alone: a tile for each of its experts.
__device__ __forceinline__ void plan_alone(const Router& a, int choice, int expert, float weight) {
    Plan& plan = *a.plan;
    plan.expert[choice] = expert;
    plan.count[choice] = 1;
    plan.entry[choice][0] = choice;
    plan.row[choice][0] = 0;
    plan.weight[choice][0] = weight;
    if (choice == 0) plan.tiles = __ldcg(a.slots) < 0 ? 0 : a.used;
}

// A thread's numbers of the vectors: of its place in the state, and of its expert.
struct RouterVectors {
    float state_scale;
    float norm;
    float balancing;
};

__device__ __forceinline__ RouterVectors load_vectors(const Router& a) {
    const int at = threadIdx.x;
    return {at < a.width && a.state_scale ? __ldg(a.state_scale + at) : 0.0f, at < a.width ? __ldg(a.norm + at) : 0.0f,
            at < a.experts ? __ldg(a.balancing + at) : 0.0f};
}

// What the first warp's lanes, one for each expert, know of a row's choices.
struct Choice {
    bool mine;
    // The place among the row's choices, which go in ascending order of the experts.
    int at;
    float probability;
};

__device__ __forceinline__ Choice choose(const Router& a, const RouterVectors& own, const float* logits) {
    const int lane = threadIdx.x;
    const bool live = lane < a.experts;
    const float logit = live ? logits[lane] : -INFINITY;
    // All lanes take part in what the warp does together.
    const float most = warp_max(logit);
    const float power = live ? expf(logit - most) : 0.0f;
    const float probability = __fdiv_rn(power, warp_sum(power));
    float score = live ? __fadd_rn(probability, own.balancing) : -INFINITY;
    // Whatever is no number comes last, so that the choice is always one of the experts.
    if (live && !(score > -3.0e38f)) score = -3.0e38f;
    bool mine = false;
#pragma unroll 1
    for (int choice = 0; choice < a.used; choice++) {
        const int best = best_lane(score);
        if (best == lane) mine = true, score = -INFINITY;
    }
    const unsigned all = __ballot_sync(0xffffffff, mine);
    return {mine, __popc(all & ((1u << lane) - 1)), probability};
}

__device__ __forceinline__ void store_choice(const Router& a, int row, const Choice& choice) {
    if (!choice.mine) return;
    const int at = row * a.used + choice.at, expert = threadIdx.x;
    a.chosen[at] = expert;
    a.weights[at] = choice.probability;
    if (a.rows == 1) plan_alone(a, at, expert, choice.probability);
}

__device__ __forceinline__ float* state_of(const Router& a, int row) {
    return a.state + static_cast<size_t>(row) * a.width + threadIdx.x;
}

// A thread's number of the state that the layer before left.
__device__ __forceinline__ float state_before(const Router& a, int row) {
    return static_cast<int>(threadIdx.x) < a.width && a.state_scale ? __ldcg(state_of(a, row)) : 0.0f;
}

// A row's new state, what came down and a share of the state before, normed, to `input`; zeros beyond the width.
template <int COUNT>
__device__ __forceinline__ void link_state(const Router& a, const RouterVectors& own, int row, float before, float down,
                                           float* input, float* scratch) {
    const int at = threadIdx.x;
    float value = 0.0f;
    if (at < a.width) {
        value = a.state_scale ? __fadd_rn(down, __fmul_rn(before, own.state_scale)) : down;
        *state_of(a, row) = value;
    }
    const float factor = norm_factor(block_sum<COUNT>(__fmul_rn(value, value), scratch), a.width, a.eps);
    if (at < ROUTER_WIDTH) input[at] = at < a.width ? __fmul_rn(__fmul_rn(value, factor), own.norm) : 0.0f;
}

// All blocks are done: pairs of one expert go together, eight at a time.
__device__ __forceinline__ void plan_experts(const Router& a) {
    __shared__ int experts[MAX_ENTRIES];
    __shared__ int firsts[ROUTER_EXPERTS];
    const int pairs = a.rows * a.used, pair = threadIdx.x;
    if (pair < pairs) experts[pair] = __ldcg(a.slots + pair / a.used) < 0 ? -1 : __ldcg(a.chosen + pair);
    __syncthreads();
    if (threadIdx.x < ROUTER_EXPERTS) {
        int count = 0;
        for (int other = 0; other < pairs; other++) count += experts[other] == static_cast<int>(threadIdx.x);
        const int tiles = (count + COLUMNS - 1) / COLUMNS;
        int before = tiles;
#pragma unroll
        for (int offset = 1; offset < 32; offset *= 2) {
            const int other = __shfl_up_sync(0xffffffff, before, offset);
            if (static_cast<int>(threadIdx.x) >= offset) before += other;
        }
        firsts[threadIdx.x] = before - tiles;
        if (threadIdx.x == 31) a.plan->tiles = before;
        for (int tile = 0; tile < tiles; tile++) {
            a.plan->expert[before - tiles + tile] = threadIdx.x;
            a.plan->count[before - tiles + tile] = min(COLUMNS, count - tile * COLUMNS);
        }
    }
    __syncthreads();
    if (pair < pairs && experts[pair] >= 0) {
        int before = 0;
        for (int other = 0; other < pair; other++) before += experts[other] == experts[pair];
        const int tile = firsts[experts[pair]] + before / COLUMNS;
        a.plan->entry[tile][before % COLUMNS] = pair;
        a.plan->row[tile][before % COLUMNS] = pair / a.used;
        a.plan->weight[tile][before % COLUMNS] = __ldcg(a.weights + pair);
    }
}

KERNEL(router, Router, ROUTER_THREADS) {
    __shared__ __align__(16) float input[ROUTER_WIDTH];
    __shared__ __align__(16) float hidden[ROUTER_WIDTH];
    __shared__ float logits[ROUTER_EXPERTS];
    __shared__ float scratch[ROUTER_THREADS / 32];
    release_dependents();
    const int row = blockIdx.x, at = threadIdx.x, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const RouterLayer first = load_layer(a.first, a.first_bias, a.width);
    const RouterLayer second = load_layer(a.second, a.second_bias, a.width);
    const bool counts = warp < a.experts && 4 * lane < a.width;
    const float4 third = counts ? __ldg(reinterpret_cast<const float4*>(a.third + warp * a.width) + lane)
                                : make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    const RouterVectors own = load_vectors(a);
    wait_for_inputs();
    const float down = at < a.width ? __ldcg(a.down + static_cast<size_t>(row) * a.width + at) : 0.0f;
    link_state<ROUTER_THREADS>(a, own, row, state_before(a, row), down, input, scratch);
    if (at < ROUTER_WIDTH) hidden[at] = 0.0f;
    __syncthreads();
    run_layer(first, input, hidden, a.width);
    run_layer(second, hidden, input, a.width);
    const float sum = warp_sum(dot4(third, reinterpret_cast<const float4*>(input)[lane], 0.0f));
    if (lane == 0) logits[warp] = sum;
    __syncthreads();
    if (warp == 0) store_choice(a, row, choose(a, own, logits));
    if (a.rows > 1 && is_last_block(a.arrived, a.rows)) plan_experts(a);
}

// Adds up what the experts of each row gave, in ascending order of the experts, where a row uses several.
struct Gather {
    // [rows, used, dim]
    const float* parts;
    float* output;
    int used;
    int dim;
};

KERNEL(gather, Gather, THREADS) {
    release_dependents();
    wait_for_inputs();
    const int row = blockIdx.y, at = blockIdx.x * THREADS + threadIdx.x;
    if (at >= a.dim) return;
    float sum = 0.0f;
    for (int choice = 0; choice < a.used; choice++) {
        sum = __fadd_rn(sum, __ldcg(a.parts + (static_cast<size_t>(row) * a.used + choice) * a.dim + at));
    }
    float* output = a.output + static_cast<size_t>(row) * a.dim + at;
    *output = __fadd_rn(__ldcg(output), sum);
}
