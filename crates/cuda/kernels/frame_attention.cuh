// Attention in a frame's kernel: some blocks take a part of a key head each, others add the parts of one up.
#pragma once
#include "frame_block.cuh"

#if __CUDA_ARCH__ >= 900

// Words of the sums and extents of a part.
template <int HEAD_DIM, int GROUP> constexpr int WORDS_OF_PART = GROUP * HEAD_DIM + 2 * GROUP;

template <int HEAD_DIM, int GROUP> __device__ __forceinline__ AttentionScratch<HEAD_DIM, GROUP>& attention_scratch() {
    BLOCK_MEMORY(uint4, shared_words);
    return *reinterpret_cast<AttentionScratch<HEAD_DIM, GROUP>*>(shared_words);
}

// The lane's pairs of a projected head.
template <int HEAD_DIM>
__device__ __forceinline__ void hear_pairs(const Word* head, unsigned tag, float2 (&v)[PAIRS]) {
    constexpr int COUNT = HEAD_DIM / 64;
    Listening<2> heard[COUNT];
    listen(heard, tag, [&](Listening<2>& own, int i) { own.look(head + 2 * (threadIdx.x % 32 + 32 * i), true, tag); });
#pragma unroll
    for (int i = 0; i < COUNT; i++) v[i] = heard[i].value2();
}

// A warp's head, if it has one: the queries of a key head or, where the row itself is in the part, its keys or values.
template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ void take_head(const Heads& a, const Part& part, unsigned tag, float* queries) {
    const int one = threadIdx.x / 32;
    if (one >= (part.is_last() ? GROUP + 2 : GROUP)) return;
    const int head = one < GROUP ? part.kv_head * GROUP + one : a.heads + part.kv_head + (one - GROUP) * a.kv_heads;
    const Word* from = words(a.projected) + head * HEAD_DIM;
    norm_and_rotate<T>(a, head, part.slot, part.position, queries + one * HEAD_DIM,
                       [&](float2(&v)[PAIRS]) { hear_pairs<HEAD_DIM>(from, tag, v); });
}

// Gates of a key head's queries, by the last warp.
template <int GROUP> __device__ __forceinline__ void take_gates(const Attention& a, int kv_head, unsigned tag, float* gates) {
    const int one = static_cast<int>(threadIdx.x) - (THREADS - 32);
    if (one >= 0 && one < GROUP) gates[one] = sigmoid(hear(words(a.gates) + kv_head * GROUP + one, tag).value);
}

// This block's parts. The keys and values of the row are written by who reads them.
template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ void attend_parts(int number, int slot, int position) {
    static_assert(GROUP + 2 < WARPS, "a warp for each head, and one for the gates");
    const FrameLayer& layer = layer_of(number);
    const Attention& a = layer.attention;
    auto& scratch = attention_scratch<HEAD_DIM, GROUP>();
    float* queries = reinterpret_cast<float*>(&scratch + 1);
    const int used = position / SPLIT + 1, all = used * a.kv_heads;
    const unsigned tag = tag_of(number);
#pragma unroll 1
    for (int at = blockIdx.x; at < all; at += workers()) {
        const int kv_head = at / used;
        const Part part = {0, kv_head, at - kv_head * used, slot, position};
        // What came before is known before this row is. Where nothing did, nothing is read: the row may be on its way.
        const int known = part.is_last() ? part.seen() - 1 : SPLIT;
        Held<T, HEAD_DIM> held(a, part);
        if (known > 0) held.read_keys(known), held.read_values(known);
        take_head<T, HEAD_DIM, GROUP>(layer.heads, part, tag, queries);
        take_gates<GROUP>(a, kv_head, tag, scratch.gates);
        __syncthreads();
        if (part.is_last()) held.read_again(known);
        Word* given = used == 1 ? words(a.output) + kv_head * GROUP * HEAD_DIM
                                : words(a.sums) + (kv_head * a.splits + part.split) * WORDS_OF_PART<HEAD_DIM, GROUP>;
        attend<T, HEAD_DIM, GROUP, true>(scratch, held, part, queries, a.scale,
                                         [&](int index, float v) { tell(given + index, tag, v); });
        if (used > 1 && threadIdx.x < GROUP) {
            const float2 extent = scratch.extents[threadIdx.x];
            Word* extents = given + GROUP * HEAD_DIM + 2 * threadIdx.x;
            tell(extents, tag, extent.x), tell(extents + 1, tag, extent.y);
        }
        __syncthreads();
    }
}

// Has the keys and values of this block's parts brought to the second-level cache.
template <typename T, int HEAD_DIM, int GROUP>
__device__ __forceinline__ void prefetch_parts(int number, int slot, int position) {
    const Attention& a = layer_of(number).attention;
    const int used = position / SPLIT + 1;
#pragma unroll 1
    for (int at = blockIdx.x; threadIdx.x == 0 && at < used * a.kv_heads; at += workers()) {
        const int kv_head = at / used;
        const Part part = {0, kv_head, at - kv_head * used, slot, position};
        const Held<T, HEAD_DIM> held(a, part);
        const unsigned bytes = part.seen() * HEAD_DIM * sizeof(T);
        prefetch(held.from_keys, bytes), prefetch(held.from_values, bytes);
    }
}

// Adds up the parts of a key head, by blocks that have few others; not before a block is done with its own.
template <int HEAD_DIM, int GROUP> __device__ __forceinline__ void join_parts(int number, int position) {
    const Attention& a = layer_of(number).attention;
    auto& scratch = attention_scratch<HEAD_DIM, GROUP>();
    const int used = position / SPLIT + 1;
    const unsigned tag = tag_of(number);
    constexpr int WORDS = WORDS_OF_PART<HEAD_DIM, GROUP>;
#pragma unroll 1
    for (int kv_head = workers() - 1 - blockIdx.x; used > 1 && kv_head < a.kv_heads; kv_head += workers()) {
        const Word* parts = words(a.sums) + kv_head * a.splits * WORDS;
        Word* output = words(a.output) + kv_head * GROUP * HEAD_DIM;
        const auto hear_sums = [&](float4(&v)[SPLITS_AT_ONCE], int four, int first, int step, int end) {
            Listening<4> heard[SPLITS_AT_ONCE];
            listen(heard, tag, [&](Listening<4>& own, int i) {
                const int split = first + i * step;
                own.look(parts + split * WORDS + 4 * four, split < end, tag);
            });
#pragma unroll
            for (int i = 0; i < SPLITS_AT_ONCE; i++) v[i] = heard[i].value4();
        };
        const auto hear_extents = [&](float2(&v)[MAX_SPLITS / 32], int head, int end) {
            Listening<2> heard[MAX_SPLITS / 32];
            listen(heard, tag, [&](Listening<2>& own, int i) {
                const int split = threadIdx.x % 32 + 32 * i;
                own.look(parts + split * WORDS + GROUP * HEAD_DIM + 2 * head, split < end, tag);
            });
#pragma unroll
            for (int i = 0; i < MAX_SPLITS / 32; i++) v[i] = heard[i].value2();
        };
        take_gates<GROUP>(a, kv_head, tag, scratch.gates);
        combine<HEAD_DIM, GROUP>(scratch, used, hear_sums, hear_extents,
                                 [&](int index, float v) { tell(output + index, tag, v); });
        __syncthreads();
    }
}

#endif
