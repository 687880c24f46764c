// The products of a frame's kernel: rows are staged when they are told, tiles of weights are multiplied as they come, results
// are told.
#pragma once
#include "frame_block.cuh"

#if __CUDA_ARCH__ >= 900

// Jobs that wait for long: words are looked at one by one at first, and not all of them by all.
constexpr int WAITS_LONG = 1 << PROJECT | 1 << OUTPUT | 1 << DOWN;

// Reads a thread's numbers of a row: four from each of some places.
__device__ __forceinline__ void hear_row(const Word* row, int width, unsigned tag, float4 (&v)[VECTORS]) {
    Listening<4> heard[VECTORS];
    listen(heard, tag, [&](Listening<4>& own, int i) {
        const int at = 4 * (threadIdx.x + i * THREADS);
        own.look(row + at, at < width, tag);
    });
#pragma unroll
    for (int i = 0; i < VECTORS; i++) v[i] = heard[i].value4();
}

// Writes a thread's numbers of a row to shared memory.
__device__ __forceinline__ void store_row(int kind, int width, float scale, const float4 (&v)[VECTORS]) {
    uint16_t* staged = staged_row();
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        const int at = 4 * (threadIdx.x + i * THREADS);
        if (at >= width) continue;
        if (kind == F32) {
            *reinterpret_cast<float4*>(reinterpret_cast<float*>(staged) + at) = v[i];
        } else if (kind == BF16) {
            stage_halves<BF16>(staged + at, staged + staged_stride(width) + at, v[i]);
        } else {
            stage_halves<F16>(staged + at, staged + staged_stride(width) + at, scaled4(v[i], scale));
        }
    }
}

// The largest of what warps found.
__device__ __forceinline__ float largest_of(const float (&found)[WARPS]) {
    float most = 0.0f;
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++) most = fmaxf(most, found[warp]);
    return most;
}

__device__ __forceinline__ bool is_scaled(int kind) { return kind != F32 && kind != BF16; }

// Whether what is staged for products of one kind is what those of another need.
__device__ __forceinline__ bool is_staged_alike(int kind, int other) {
    return is_scaled(kind) == is_scaled(other) && has_offsets(kind) == has_offsets(other);
}

// What the products of the staged row are multiplied with.
__device__ __forceinline__ float scale_of_row(const Matvec& a, int kind, int parity) {
    const float unit = is_scaled(kind) ? unit_scale(largest_of(block.largest[parity])).y : 1.0f;
    if (!a.norm) return unit;
    float sum = 0.0f;
#pragma unroll
    for (int warp = 0; warp < WARPS; warp++) sum = __fadd_rn(sum, block.squares[parity][warp]);
    return __fmul_rn(unit, norm_factor(sum, a.inputs, a.eps));
}

// Brings a row of a job's input to shared memory when it is told; the numbers are those of `stage`.
__device__ __noinline__ void stage_row(int number, int job, int row, int parity) {
    const Matvec& a = matvec_of(number, job);
    const int kind = kind_of(number, job), width = a.inputs, warp = threadIdx.x / 32;
    float4 v[VECTORS], norms[VECTORS];
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        const int at = 4 * (threadIdx.x + i * THREADS);
        if (a.norm && at < width) norms[i] = __ldg(reinterpret_cast<const float4*>(a.norm + at));
    }
    const Word* from = words(a.input) + static_cast<size_t>(row) * a.input_stride;
    const unsigned tag = tag_of_input(number, job);
    if (WAITS_LONG >> job & 1) hear(from + min(128 * warp, width - 1), tag);
    hear_row(from, width, tag, v);
    float squares = 0.0f, most = 0.0f;
#pragma unroll
    for (int i = 0; i < VECTORS; i++) {
        squares = dot4(v[i], v[i], squares);
        if (a.norm && 4 * (threadIdx.x + i * THREADS) < width) v[i] = times4(v[i], norms[i]);
        most = fmaxf(most, largest4(v[i]));
    }
    squares = warp_sum(squares);
    if (threadIdx.x % 32 == 0) block.squares[parity][warp] = squares;
    // Float16 needs to know the largest number first.
    if (is_scaled(kind)) {
        most = warp_max(most);
        if (threadIdx.x % 32 == 0) block.largest[parity][warp] = most;
        __syncthreads();
    }
    store_row(kind, width, is_scaled(kind) ? unit_scale(largest_of(block.largest[parity])).x : 1.0f, v);
    __syncthreads();
    if (has_offsets(kind)) sum_groups<1>(width, 1, staged_row());
}

// Apart from the others' code, which is shorter then.
template <Kind K> __device__ __noinline__ void accumulate_blocks(const Matvec& a, Place place, float* partial) {
    accumulate_block_parts<K>(a, staged_row(), ring(), place).store(partial);
}

__device__ __forceinline__ void accumulate(const Matvec& a, int kind, Place place, float* partial) {
    switch (kind) {
        case BF16: accumulate_parts<BF16>(a, staged_row(), ring(), place).store(partial); break;
        case F16: accumulate_parts<F16>(a, staged_row(), ring(), place).store(partial); break;
        case Q8_0: accumulate_parts<Q8_0>(a, staged_row(), ring(), place).store(partial); break;
        case Q4_K: accumulate_blocks<Q4_K>(a, place, partial); break;
        case Q5_K: accumulate_blocks<Q5_K>(a, place, partial); break;
        default: accumulate_blocks<Q6_K>(a, place, partial);
    }
}

// What a lane makes of a tile.
struct Outcome {
    int output;
    bool live;
    // What is added to, as it was found early.
    const Word* earlier;
    Word before;

    __device__ __forceinline__ Outcome(int number, int job, bool any, int first_output) {
        const Matvec& a = matvec_of(number, job);
        const int row = threadIdx.x % 32 * (a.mode == GATE ? 2 : 1);
        output = first_output + row, live = any && row < PART_ROWS && output < a.outputs, before = 0;
        if (live && a.mode == ADD) earlier = words(matvec_of(number, added_to(job)).input) + output, before = load_relaxed(earlier);
    }

    __device__ __forceinline__ void finish_at(int number, int job, int choice, int row, const float* partials,
                                              int row_parity) const {
        if (!live) return;
        const Matvec& a = matvec_of(number, job);
        const float scale = scale_of_row(a, kind_of(number, job), row_parity), y = __fmul_rn(total(partials, 0), scale);
        const float weight = a.weighted ? block.weights[choice] : 1.0f;
        const float next = a.mode == GATE ? __fmul_rn(total(partials, 1), scale) : 0.0f;
        Told base(before);
        if (a.mode == ADD) {
            const unsigned tag = tag_of_input(number, added_to(job));
            if (base.tag != tag) base = hear(earlier, tag);
        }
        const float result = finish(a, output, weight, base.value, y, next);
        const size_t first = static_cast<size_t>(a.output_pairs ? choice : row) * a.output_stride;
        if (a.mode == LOGITS) {
            a.output[first + output] = result;
        } else {
            tell(words(a.output) + first + (a.mode == GATE ? output / 2 : output), tag_of(number), result);
        }
    }

    __device__ __forceinline__ float total(const float* partials, int next) const {
        float sum = 0.0f;
#pragma unroll
        for (int warp = 0; warp < WARPS; warp++) {
            sum = __fadd_rn(sum, partials[warp * PART_ROWS + output % PART_ROWS + next]);
        }
        return sum;
    }
};

// This block's tiles of a job. `is_staged`: the only row of the input is. A row goes to the output `row`, where it has
// none for each choice.
__device__ __noinline__ Progress multiply(Progress p, int number, int job, bool is_staged, int row) {
    const Matvec& a = matvec_of(number, job);
    const int kind = kind_of(number, job), of_choice = tiles_of(a), tiles = tiles_of(number, job);
    const int parts = parts_of_tile(a, kind), warp = threadIdx.x / 32;
    // Tiles whose weights are here go together, if the ring holds them all.
    const int most = job == PROJECT && MAX_TOGETHER * parts <= block.frame.parts ? MAX_TOGETHER : 1;
    int row_staged = is_staged ? 0 : -1;
#pragma unroll 1
    for (int at = first_tile(p.start); at < tiles;) {
        const int count = min(most, (tiles - at + workers() - 1) / workers());
        const int choice = at / of_choice, input = a.input_pairs ? choice : 0;
        if (input != row_staged) stage_row(number, job, input, p.row_parity ^= 1), row_staged = input;
        // A warp finishes a tile.
        const Outcome own(number, job, warp < count, (at + warp * workers() - choice * of_choice) * PART_ROWS);
        float* partials = block.partials[p.parity][0];
#pragma unroll 1
        for (int tile = 0; tile < count; tile++) {
            accumulate(a, kind, p.place, partials + (tile * WARPS + warp) * PART_ROWS);
            p.place = p.place.after(parts, block.frame.parts);
        }
        __syncthreads();
        own.finish_at(number, job, choice, row, partials + warp * WARPS * PART_ROWS, p.row_parity);
        p.parity ^= 1;
        at += count * workers();
        ask(count * parts, true);
    }
    if (warp == ASKING_WARP) {
        // Gates that are projected with the others are no job: what comes next is at work, and may ask for all that it needs.
        const int next = job == PROJECT && tiles_of(number, GATES) == 0 ? OUTPUT : job + 1;
        if (threadIdx.x % 32 == 0) block.done = number * RING_JOBS + next;
        __syncwarp();
        ask(0, false);
    }
    p.start = start_after(p.start, tiles);
    return p;
}

// Adds up what several experts gave, a number by each thread at a time.
__device__ __forceinline__ void gather_parts(int number) {
    const Matvec& a = matvec_of(number, DOWN);
    const unsigned tag = tag_of(number);
#pragma unroll 1
    for (int at = blockIdx.x * THREADS + threadIdx.x; at < a.outputs; at += workers() * THREADS) {
        float sum = 0.0f;
#pragma unroll 1
        for (int choice = 0; choice < layer_of(number).used; choice++) {
            sum = __fadd_rn(sum, hear(words(a.output) + static_cast<size_t>(choice) * a.output_stride + at, tag).value);
        }
        const float before = hear(words(matvec_of(number, UP).input) + at, tag).value;
        tell(words(matvec_of(number, PROJECT).input) + at, tag, __fadd_rn(before, sum));
    }
}

#endif
