// A frame of one row in one kernel: a block on every multiprocessor goes through all layers, and the blocks wait for
// each other where a layer's next part needs what others computed. Meanwhile the weights that they will need are on
// their way. The last block does the routers, the others share the tiles of the products.
//
// The numbers are those of the other kernels, bit for bit. Of hopper and later.
//
// What a layer's parts share is not inlined: all of it must fit the instruction caches.
#pragma once
#include "frame_attention.cuh"
#include "frame_multiply.cuh"
#include "frame_router.cuh"

#if __CUDA_ARCH__ >= 900

// An output of a router's first product, by all threads: weights are asked for before the input is ready.
struct Route {
    static constexpr int FOURS = 4;
    float4 weights[FOURS];
    int begin;
    int end;

    __device__ __forceinline__ void load(const Matvec& a, int output) {
        const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, steps = a.inputs / 32;
        begin = steps * warp / WARPS * 32 + 4 * lane, end = steps * (warp + 1) / WARPS * 32;
#pragma unroll
        for (int i = 0; i < FOURS; i++) {
            const int at = begin + 128 * i;
            if (at >= end) continue;
            const uint4 raw = load_weights(a.numbers + (static_cast<size_t>(output) * a.inputs + at) * 4);
            weights[i] = *reinterpret_cast<const float4*>(&raw);
        }
    }

    // As accumulate_floats.
    __device__ __forceinline__ float sum_of_warp(const float* staged) const {
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < FOURS; i++) {
            const int at = begin + 128 * i;
            if (at < end) sum = dot4(weights[i], *reinterpret_cast<const float4*>(staged + at), sum);
        }
        return warp_sum(sum);
    }
};

// The router's first product: an output or two by each block.
__device__ __forceinline__ void route(int number, Progress& p) {
    const Matvec& a = matvec_of(number, ROUTE);
    const bool any = static_cast<int>(blockIdx.x) < a.outputs;
    Route own;
    if (any) own.load(a, blockIdx.x);
    float bias = any && a.bias ? __ldg(a.bias + blockIdx.x) : 0.0f;
    if (any) stage_row(number, ROUTE, 0, p.row_parity ^= 1);
#pragma unroll 1
    for (int output = blockIdx.x; output < a.outputs; output += workers()) {
        if (output >= workers()) own.load(a, output), bias = a.bias ? __ldg(a.bias + output) : 0.0f;
        float* partials = block.partials[p.parity][0];
        const float sum = own.sum_of_warp(reinterpret_cast<const float*>(staged_row()));
        if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = sum;
        __syncthreads();
        p.parity ^= 1;
        if (threadIdx.x > 0) continue;
        float all = 0.0f;
#pragma unroll
        for (int warp = 0; warp < WARPS; warp++) all = __fadd_rn(all, partials[warp]);
        all = __fmul_rn(all, scale_of_row(a, F32, p.row_parity));
        tell(words(a.output) + output, tag_of(number), a.bias ? __fadd_rn(all, bias) : all);
    }
}

// Waits for the experts of the layer: one warp asks for their weights then, another leaves what they count for those who
// finish the products.
__device__ __forceinline__ void learn_choices(int number) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (warp != ASKING_WARP && warp != 0) return;
    if (lane < layer_of(number).used) {
        const Told told = hear(block.frame.chosen + lane, tag_of(number));
        if (warp == 0) {
            block.weights[lane] = told.value;
        } else {
            block.experts[lane] = told.tag & SMALL;
        }
    }
    if (warp == 0) return;
    __syncwarp();
    if (lane == 0) block.known = number;
    __syncwarp();
    ask(0, false);
}

// Has vectors that all blocks will read brought to the second-level cache, by one block.
__device__ __forceinline__ void prefetch_vectors(int number) {
    if (static_cast<int>(blockIdx.x) != workers() - 1) return;
    const float* norms[2] = {matvec_of(number, PROJECT).norm, is_head(number) ? nullptr : matvec_of(number, UP).norm};
    const int at = 32 * (threadIdx.x % 128);
    const float* norm = norms[threadIdx.x / 128];
    if (norm && at < block.frame.embed.dim) prefetch_line(norm + at);
}

// Describes the layer after the one at work, in place of the one before it: a thread's sixteen bytes of it.
__device__ __forceinline__ void describe_next(int number, uint4 words) {
    const int next = number + 1;
    if (next <= block.described) return;
    // Leaves what was of the layer before.
    ask(0, false);
    __syncthreads();
    if (!is_head(next) && threadIdx.x < LAYER_WORDS) reinterpret_cast<uint4*>(&block.layers[next % 2])[threadIdx.x] = words;
    if (threadIdx.x == 0) block.described = next;
    __syncthreads();
    ask(0, false);
}

__device__ __forceinline__ uint4 layer_words(int number) {
    if (number >= block.frame.layer_count || threadIdx.x >= LAYER_WORDS) return make_uint4(0, 0, 0, 0);
    return __ldg(reinterpret_cast<const uint4*>(block.frame.layers + number) + threadIdx.x);
}

__device__ __forceinline__ void prepare_next(int number, uint4 words) {
    describe_next(number, words);
    prefetch_vectors(number + 1);
}

template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ Progress run_frame_layer(Progress p, int number, int slot, int position) {
    const uint4 next = layer_words(number + 1);
    const bool projects = takes_part(number, PROJECT, p.start);
    p = multiply(p, number, PROJECT, false, 0);
    if (tiles_of(number, GATES) > 0) {
        const bool alike = is_staged_alike(kind_of(number, GATES), kind_of(number, PROJECT));
        p = multiply(p, number, GATES, projects && alike, 0);
    }
    // Who has no part in attention, which takes its time, prepares the next layer.
    const bool attends = static_cast<int>(blockIdx.x) < (position / SPLIT + 1) * layer_of(number).attention.kv_heads;
    if (!attends) prepare_next(number, next);
    attend_parts<T, HEAD_DIM, GROUP>(number, slot, position);
    join_parts<HEAD_DIM, GROUP>(number, position);
    p = multiply(p, number, OUTPUT, false, 0);
    const int used = layer_of(number).used;
    const bool raises = takes_part(number, UP, p.start);
    const bool lowers = takes_part(number, DOWN, start_after(p.start, tiles_of(number, UP)));
    if (used > 0) route(number, p);
    // While the router works.
    if (raises) stage_row(number, UP, 0, p.row_parity ^= 1);
    if (attends) {
        prepare_next(number, next);
        if (!is_head(number + 1)) prefetch_parts<T, HEAD_DIM, GROUP>(number + 1, slot, position);
    }
    // Who has no use for it does not listen: the next layer's may be told meanwhile.
    if (used > 0 && (raises || lowers)) learn_choices(number);
    p = multiply(p, number, UP, true, 0);
    p = multiply(p, number, DOWN, false, 0);
    if (used > 1) gather_parts(number);
    return p;
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void run_worker(int slot) {
    BLOCK_MEMORY(uint4, shared_words);
    const int position = __ldcg(block.frame.positions), count = block.frame.layer_count;
    copy_layer(0, block.layers[0]);
    if (count > 1) copy_layer(1, block.layers[1]);
    if (threadIdx.x == 0) {
        for (int gate = 0; gate < block.frame.parts; gate++) open_gate(block.gates + gate);
        block.described = 1, block.known = -1, block.done = 0;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        Asking at = {};
        at.free = block.frame.parts;
        aim_at_job(at);
        block.asking = at;
    }
    __syncthreads();
    ask(0, false);
    if (blockIdx.x == 0) {
        Word* residual = words(block.frame.embed.output);
        // Where rows will be staged, which a thread does as soon as what it needs of this one is told.
        auto* kept = reinterpret_cast<float4*>(shared_words);
        embed_row(block.frame.embed, 0, kept, [&](int at, float4 v) { tell4(residual + at, tag_of(-1), v); });
        __syncthreads();
    }
    Progress p = {{0, 0}, 0, 0, 0};
#pragma unroll 1
    for (int number = 0; number < count; number++) p = run_frame_layer<T, HEAD_DIM, GROUP>(p, number, slot, position);
    multiply(p, count, 0, false, slot);
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void frame_of_row(const Frame& frame) {
    wait_for_inputs();
    const int slot = __ldcg(frame.slots);
    if (slot < 0) return;
    for (int word = threadIdx.x; word < sizeof(Frame) / 4; word += THREADS) {
        reinterpret_cast<uint32_t*>(&block.frame)[word] = reinterpret_cast<const uint32_t*>(&frame)[word];
    }
    if (threadIdx.x == 0) block.first_tag = (__ldcg(frame.count) + 1) * (SMALL + 1);
    __syncthreads();
    if (blockIdx.x + 1 < gridDim.x) {
        run_worker<T, HEAD_DIM, GROUP>(slot);
    } else {
        run_routers();
    }
    const bool last = is_last_block(block.frame.left, gridDim.x);
    if (last && threadIdx.x == 0) *block.frame.count += block.frame.layer_count + 1;
}

#else

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void frame_of_row(const Frame&) {}

#endif

#define FRAME(name, type, head_dim, group) \
    KERNEL(frame_##name##_##head_dim##_##group, Frame, THREADS, 1) { frame_of_row<type, head_dim, group>(a); }

FRAME(bf16, __nv_bfloat16, 64, 4)
FRAME(bf16, __nv_bfloat16, 128, 4)
FRAME(f16, __half, 64, 4)
FRAME(f16, __half, 128, 4)
