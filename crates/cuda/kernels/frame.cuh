// A frame of one row in one kernel: a block on every multiprocessor goes through all layers, and the blocks wait for
// each other where a layer's next part needs what others computed. Meanwhile the weights that they will need are on
// their way. The last block does the routers, the others share the tiles of the products.
//
// The numbers are those of the other kernels, bit for bit. Of hopper and later.
//
// What a layer's parts share is not inlined: all of it must fit the instruction caches.
#pragma once
#include "frame_block.cuh"
#include "frame_router.cuh"

#if __CUDA_ARCH__ >= 900

// Brings a row of a job's input to shared memory.
__device__ __noinline__ void stage_row(int number, int job, int row) {
    const Matvec& a = matvec_of(number, job);
    const int kind = kind_of(number, job);
    Tile<1> tile;
    tile.count = 1, tile.input[0] = row;
    if (kind == F32) {
        stage<F32, 1>(a, tile, staged_row());
    } else if (kind == BF16) {
        stage<BF16, 1>(a, tile, staged_row());
    } else {
        stage<F16, 1>(a, tile, staged_row());
    }
    // Read behind the next barrier.
    if (threadIdx.x == 0) block.scale = tile.scale[0];
}

__device__ __forceinline__ void accumulate(const Matvec& a, int kind, Place place, float* partial) {
    if (kind == BF16) {
        accumulate_parts<BF16>(a, staged_row(), ring(), place).store(partial);
    } else if (kind == F16) {
        accumulate_parts<F16>(a, staged_row(), ring(), place).store(partial);
    } else {
        accumulate_parts<Q8_0>(a, staged_row(), ring(), place).store(partial);
    }
}

// This block's tiles of a job. `is_staged`: the only row of the input is. A row goes to the output `row`, where it has
// none for each choice.
__device__ __noinline__ Progress multiply(Progress p, int number, int job, bool is_staged, int row, unsigned* done) {
    const Matvec& a = matvec_of(number, job);
    const int kind = kind_of(number, job), of_choice = tiles_of(a), tiles = tiles_of(number, job);
    const int parts = parts_of_tile(a, kind);
    int row_staged = is_staged ? 0 : -1, at = first_tile(p.start);
    if (at < tiles) {
#pragma unroll 1
        for (; at < tiles; at += workers()) {
            const int choice = at / of_choice, input = a.input_pairs ? choice : 0;
            if (input != row_staged) stage_row(number, job, input), row_staged = input;
            Tile<1> tile;
            tile.count = 1;
            tile.output[0] = a.output_pairs ? choice : row;
            tile.weight[0] = a.weighted ? block.weights[choice] : 1.0f;
            Result<1> result;
            result.template aim<PART_ROWS>(a, tile, (at - choice * of_choice) * PART_ROWS);
            float* partials = block.partials[p.parity];
            accumulate(a, kind, p.place, partials + threadIdx.x / 32 * PART_ROWS);
            __syncthreads();
            tile.scale[0] = block.scale;
            result.template store<PART_ROWS>(a, tile, partials);
            p.place = p.place.after(parts, block.frame.parts);
            p.parity ^= 1;
            ask(parts, true);
        }
        // The results were stored by the first warp.
        __syncwarp();
        if (threadIdx.x == 0 && done) signal(done);
    }
    if (threadIdx.x == 0) block.done = number * RING_JOBS + job + 1;
    if (threadIdx.x / 32 == ASKING_WARP) {
        while (block.done <= number * RING_JOBS + job) {
        }
        __syncwarp();
        ask(0, false);
    }
    p.start = start_after(p.start, tiles);
    return p;
}

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

// Behind this the residual can be read for the experts, too.
__device__ __forceinline__ void route(int number, int& parity) {
    const Matvec& a = matvec_of(number, ROUTE);
    const bool any = static_cast<int>(blockIdx.x) < a.outputs;
    Route own;
    if (any) own.load(a, blockIdx.x);
    float bias = any && a.bias ? __ldg(a.bias + blockIdx.x) : 0.0f;
    await_job(number, OUTPUT);
    if (any) stage_row(number, ROUTE, 0);
#pragma unroll 1
    for (int output = blockIdx.x; output < a.outputs; output += workers()) {
        if (output >= workers()) own.load(a, output), bias = a.bias ? __ldg(a.bias + output) : 0.0f;
        float* partials = block.partials[parity];
        const float sum = own.sum_of_warp(reinterpret_cast<const float*>(staged_row()));
        if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = sum;
        __syncthreads();
        parity ^= 1;
        if (threadIdx.x > 0) continue;
        float all = 0.0f;
#pragma unroll 1
        for (int warp = 0; warp < WARPS; warp++) all = __fadd_rn(all, partials[warp]);
        all = __fmul_rn(all, block.scale);
        tell(routed_words(number) + output, 0, a.bias ? __fadd_rn(all, bias) : all);
    }
}

// Waits for the experts of the layer.
__device__ __forceinline__ void learn_choices(int number) {
    if (threadIdx.x < layer_of(number).used) {
        const Told told = hear(chosen_words(number) + threadIdx.x);
        block.experts[threadIdx.x] = told.number, block.weights[threadIdx.x] = told.value;
    }
    if (threadIdx.x == 0) block.known = number;
    __syncthreads();
    ask(0, false);
}

// Heads are normed and rotated by the blocks that need them.
template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ void attend_parts(int number, int slot, int position) {
    using Scratch = AttentionScratch<HEAD_DIM, GROUP>;
    const FrameLayer& layer = layer_of(number);
    const Attention& a = layer.attention;
    Scratch& scratch = *reinterpret_cast<Scratch*>(shared_words);
    float* queries = reinterpret_cast<float*>(shared_words) + sizeof(Scratch) / sizeof(float);
    const int used = position / SPLIT + 1, all = used * a.kv_heads;
#pragma unroll 1
    for (int at = blockIdx.x; at < all; at += workers()) {
        const int kv_head = at / used;
        const Part part = {0, kv_head, at - kv_head * used, slot, position};
        // What came before is known before this row is.
        Held<T, HEAD_DIM> held(a, part);
        held.read_keys(part.is_last() ? part.seen() - 1 : SPLIT), held.read_values(part.is_last() ? part.seen() - 1 : SPLIT);
        if (at < workers()) await_job(number, PROJECT);
        // The keys and values of this row are written by who reads them.
        const int heads = part.is_last() ? GROUP + 2 : GROUP;
#pragma unroll 1
        for (int one = threadIdx.x / 32; one < heads; one += WARPS) {
            const int head = one < GROUP ? kv_head * GROUP + one : a.kv_heads * GROUP + kv_head + (one - GROUP) * a.kv_heads;
            norm_and_rotate<T>(layer.heads, 0, head, slot, position, queries + one * HEAD_DIM);
        }
        __syncthreads();
        if (part.is_last()) held.read_again(part.seen() - 1);
        const bool complete = attend<T, HEAD_DIM, GROUP, true>(a, scratch, held, part, queries);
        __syncthreads();
        if (complete && threadIdx.x == 0) signal(signal_of(number, ATTENDED));
    }
}

// Adds up what several experts gave.
__device__ __forceinline__ void gather_parts(int number) {
    const Matvec& a = matvec_of(number, DOWN);
    const int at = blockIdx.x * THREADS + threadIdx.x;
    if (static_cast<int>(blockIdx.x) * THREADS >= a.outputs) return;
    await_job(number, DOWN);
    if (at < a.outputs) {
        float sum = 0.0f;
#pragma unroll 1
        for (int choice = 0; choice < layer_of(number).used; choice++) {
            sum = __fadd_rn(sum, __ldcg(a.output + static_cast<size_t>(choice) * a.output_stride + at));
        }
        float* residual = block.frame.embed.output + at;
        *residual = __fadd_rn(__ldcg(residual), sum);
    }
    __syncthreads();
    if (threadIdx.x == 0) signal(signal_of(number, GATHERED));
}

// What comes before a layer must be done before its residual can be read.
__device__ __noinline__ void await_residual(int number) {
    if (number == 0) {
        await(block.frame.layer_count, PROJECTED, 1);
    } else if (layer_of(number - 1).used > 1) {
        await(number - 1, GATHERED, (block.frame.embed.dim + THREADS - 1) / THREADS);
    } else {
        await_job(number - 1, DOWN);
    }
}

// Has vectors that all blocks will read brought to the second-level cache, by one block.
__device__ __forceinline__ void prefetch_vectors(int number) {
    if (static_cast<int>(blockIdx.x) != number % workers()) return;
    const float* norms[2] = {matvec_of(number, PROJECT).norm, is_head(number) ? nullptr : matvec_of(number, UP).norm};
    const int at = 32 * (threadIdx.x % 128);
    const float* norm = norms[threadIdx.x / 128];
    if (norm && at < block.frame.embed.dim) asm volatile("prefetch.global.L2 [%0];" ::"l"(norm + at));
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
    if (threadIdx.x / 32 == ASKING_WARP && block.asking.number == next && block.asking.job == 0) {
        // The job could not be looked at before.
        Asking at = block.asking;
        aim_at_job(at);
        __syncwarp();
        if (threadIdx.x % 32 == 0) block.asking = at;
        __syncwarp();
    }
    ask(0, false);
}

__device__ __forceinline__ uint4 layer_words(int number) {
    if (number >= block.frame.layer_count || threadIdx.x >= LAYER_WORDS) return make_uint4(0, 0, 0, 0);
    return __ldg(reinterpret_cast<const uint4*>(block.frame.layers + number) + threadIdx.x);
}

template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ Progress run_frame_layer(Progress p, int number, int slot, int position) {
    const uint4 words = layer_words(number + 1);
    if (takes_part(number, PROJECT, p.start)) await_residual(number);
    p = multiply(p, number, PROJECT, false, 0, signal_of(number, PROJECTED));
    describe_next(number, words);
    prefetch_vectors(number + 1);
    attend_parts<T, HEAD_DIM, GROUP>(number, slot, position);
    if (takes_part(number, OUTPUT, p.start)) await(number, ATTENDED, layer_of(number).attention.kv_heads);
    p = multiply(p, number, OUTPUT, false, 0, signal_of(number, ADDED));
    const int used = layer_of(number).used;
    const bool raises = takes_part(number, UP, p.start);
    if (used > 0) {
        route(number, p.parity);
    } else if (raises) {
        await_job(number, OUTPUT);
    }
    // While the router works.
    if (raises) stage_row(number, UP, 0);
    if (used > 0) learn_choices(number);
    p = multiply(p, number, UP, true, 0, signal_of(number, RAISED));
    if (takes_part(number, DOWN, p.start)) await_job(number, UP);
    p = multiply(p, number, DOWN, false, 0, signal_of(number, LOWERED));
    if (used > 1) gather_parts(number);
    return p;
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void run_worker(int slot) {
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
        embed_row(block.frame.embed, 0);
        __syncthreads();
        if (threadIdx.x == 0) signal(signal_of(count, PROJECTED));
    }
    Progress p = {{0, 0}, 0, 0};
#pragma unroll 1
    for (int number = 0; number < count; number++) p = run_frame_layer<T, HEAD_DIM, GROUP>(p, number, slot, position);
    if (takes_part(count, 0, p.start)) await_residual(count);
    multiply(p, count, 0, false, slot, nullptr);
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void frame_of_row(const Frame& frame) {
    wait_for_inputs();
    const int slot = __ldcg(frame.slots);
    if (slot < 0) return;
    for (int word = threadIdx.x; word < sizeof(Frame) / 4; word += THREADS) {
        reinterpret_cast<uint32_t*>(&block.frame)[word] = reinterpret_cast<const uint32_t*>(&frame)[word];
    }
    __syncthreads();
    if (blockIdx.x + 1 < gridDim.x) {
        run_worker<T, HEAD_DIM, GROUP>(slot);
    } else {
        run_routers();
    }
    if (!is_last_block(block.frame.left, gridDim.x)) return;
    const int words = (block.frame.layer_count + 1) * LAYER_SIGNALS / 4;
    for (int at = threadIdx.x; at < words; at += THREADS) {
        reinterpret_cast<uint4*>(block.frame.signals)[at] = make_uint4(0, 0, 0, 0);
    }
}

#else

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void frame_of_row(const Frame&) {}

#endif

#define FRAME(name, type, head_dim, group)                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS, 1)                                    \
        frame_##name##_##head_dim##_##group(const __grid_constant__ Frame frame) {             \
        frame_of_row<type, head_dim, group>(frame);                                            \
    }

FRAME(bf16, __nv_bfloat16, 64, 4)
FRAME(bf16, __nv_bfloat16, 128, 4)
FRAME(f16, __half, 64, 4)
FRAME(f16, __half, 128, 4)
