// Attention of each row over the rows of its slot up to its own, gated by head.
//
// A block takes SPLIT positions of one row and one key head, for all GROUP query heads that share it. Where a row sees
// more than SPLIT positions, the last of its blocks adds the others' results up, in the order of the positions. What a
// block takes depends on the row's position alone.
#pragma once
#include "common.cuh"

constexpr int MAX_SPLITS = 64;
// Splits that a thread reads together where they are added up.
constexpr int SPLITS_AT_ONCE = 4;

struct Attention {
    // [rows, heads, head_dim], normed and rotated.
    const float* queries;
    const void* keys;
    const void* values;
    // Gate of the first head of the first row, before the sigmoid; numbers from row to row.
    const float* gates;
    const int* slots;
    const int* positions;
    // [rows, heads, head_dim]
    float* output;
    // Of each row, key head and split: GROUP × head_dim weighted sums; GROUP pairs of largest score and sum.
    float* sums;
    float* extents;
    // One for each row and key head.
    unsigned* arrived;
    long long slot_stride;
    int gate_stride;
    int kv_heads;
    // Numbers of the cache from one block of SPLIT positions to the next.
    int block_stride;
    int splits;
    float scale;
};

// Eight neighbouring numbers of the cache.
struct Eight {
    float v[8];
};

template <typename T> struct Packed;
template <> struct Packed<float> {
    float4 low, high;
    __device__ __forceinline__ void load(const float* from) {
        low = load4(from), high = load4(from + 4);
    }
    __device__ __forceinline__ Eight eight() const {
        return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
    }
};
template <> struct Packed<__nv_bfloat16> {
    uint4 words;
    __device__ __forceinline__ void load(const __nv_bfloat16* from) {
        words = __ldcg(reinterpret_cast<const uint4*>(from));
    }
    __device__ __forceinline__ Eight eight() const {
        Eight e;
        const uint32_t* w = reinterpret_cast<const uint32_t*>(&words);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            e.v[2 * i] = __uint_as_float(w[i] << 16);
            e.v[2 * i + 1] = __uint_as_float(w[i] & 0xffff0000u);
        }
        return e;
    }
};
template <> struct Packed<__half> {
    uint4 words;
    __device__ __forceinline__ void load(const __half* from) { words = __ldcg(reinterpret_cast<const uint4*>(from)); }
    __device__ __forceinline__ Eight eight() const {
        Eight e;
        const __half2* h = reinterpret_cast<const __half2*>(&words);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float2 f = __half22float2(h[i]);
            e.v[2 * i] = f.x, e.v[2 * i + 1] = f.y;
        }
        return e;
    }
};

// What a block of attention works with in shared memory.
template <int HEAD_DIM, int GROUP> struct AttentionScratch {
    // Threads share the splits of the same four numbers, every so many of them each, where splits are added up.
    static constexpr int FOURS = GROUP * HEAD_DIM / 4, SHARES = THREADS / FOURS > 0 ? THREADS / FOURS : 1;
    union {
        float sums[WARPS][GROUP * HEAD_DIM];
        float4 shares[SHARES][FOURS];
    };
    float scores[GROUP][SPLIT];
    float2 extents[GROUP];
    float factors[GROUP][MAX_SPLITS];
    float totals[GROUP];
    float gates[GROUP];
};

// A block's part: one split of a row and key head.
struct Part {
    int row;
    int kv_head;
    int split;
    int slot;
    int position;

    __device__ __forceinline__ int splits() const { return position / SPLIT + 1; }
    __device__ __forceinline__ int seen() const { return min(position + 1 - split * SPLIT, SPLIT); }
    // Whether the row itself is in it.
    __device__ __forceinline__ bool is_last() const { return split == position / SPLIT; }
};

// A lane's share of a part's keys and values: eight numbers of every so many positions.
template <typename T, int HEAD_DIM> struct Held {
    // Lanes that share a position, positions that a warp and that the block take at once.
    static constexpr int LANES = HEAD_DIM / 8, OF_WARP = 32 / LANES, AT_ONCE = OF_WARP * WARPS, PASSES = SPLIT / AT_ONCE;
    const T* from_keys;
    const T* from_values;
    Packed<T> keys[PASSES];
    Packed<T> values[PASSES];

    __device__ __forceinline__ Held(const Attention& a, const Part& part) {
        const long long first = part.slot * a.slot_stride + static_cast<long long>(part.split) * a.block_stride +
                                part.kv_head * SPLIT * HEAD_DIM + threadIdx.x % LANES * 8;
        from_keys = static_cast<const T*>(a.keys) + first, from_values = static_cast<const T*>(a.values) + first;
    }

    // The position in the part that a pass is about.
    static __device__ __forceinline__ int place(int pass) {
        return pass * AT_ONCE + threadIdx.x / 32 * OF_WARP + threadIdx.x % 32 / LANES;
    }

    // Positions beyond the last one repeat it; they do not count.
    __device__ __forceinline__ void read_keys(int seen) {
#pragma unroll
        for (int pass = 0; pass < PASSES; pass++) keys[pass].load(from_keys + max(min(place(pass), seen - 1), 0) * HEAD_DIM);
    }

    __device__ __forceinline__ void read_values(int seen) {
#pragma unroll
        for (int pass = 0; pass < PASSES; pass++) {
            values[pass].load(from_values + max(min(place(pass), seen - 1), 0) * HEAD_DIM);
        }
    }

    // Adds up what the lanes of different positions have, and writes it; lanes that met share the numbers from then on.
    template <int GROUP>
    static __device__ __forceinline__ void add_up(float (&sum)[GROUP][8], float (&output)[GROUP * HEAD_DIM]) {
        const int lane = threadIdx.x % 32;
        int first = lane % LANES * 8 + (lane & 16 ? 4 : 0);
#pragma unroll
        for (int h = 0; h < GROUP; h++) halve<4>(sum[h], 16);
        if constexpr (OF_WARP == 4) {
            first += lane & 8 ? 2 : 0;
#pragma unroll
            for (int h = 0; h < GROUP; h++) halve<2>(sum[h], 8);
        }
#pragma unroll
        for (int h = 0; h < GROUP; h++) {
            float* at = output + h * HEAD_DIM + first;
            if constexpr (OF_WARP == 2) {
                *reinterpret_cast<float4*>(at) = make_float4(sum[h][0], sum[h][1], sum[h][2], sum[h][3]);
            } else {
                *reinterpret_cast<float2*>(at) = make_float2(sum[h][0], sum[h][1]);
            }
        }
    }

    // A position that was written since.
    __device__ __forceinline__ void read_again(int at) {
#pragma unroll
        for (int pass = 0; pass < PASSES; pass++) {
            if (place(pass) != at) continue;
            keys[pass].load(from_keys + at * HEAD_DIM), values[pass].load(from_values + at * HEAD_DIM);
        }
    }
};

// The sums over LANES lanes of one number for each head, added up as by warp_sum. That of the first head is in the first
// LANES / GROUP lanes, and so on.
template <int GROUP, int LANES> __device__ __forceinline__ float group_sums(float (&v)[GROUP]) {
    if constexpr (GROUP > 1) fold<GROUP / 2>(v, LANES / GROUP);
#pragma unroll
    for (int offset = LANES / GROUP / 2; offset > 0; offset /= 2) v[0] += __shfl_xor_sync(0xffffffff, v[0], offset);
    return v[0];
}

// How much the queries of each head have to do with the keys. `queries` are in shared memory or, as another kernel left
// them, in that of the card.
template <typename T, int HEAD_DIM, int GROUP, bool SHARED>
__device__ __forceinline__ void score(float (*scores)[SPLIT], const Held<T, HEAD_DIM>& held, const float* queries, int seen,
                                      float scale) {
    constexpr int LANES = Held<T, HEAD_DIM>::LANES, OF_HEAD = LANES / GROUP;
    const int lane = threadIdx.x % LANES;
    float4 query[GROUP][2];
#pragma unroll
    for (int h = 0; h < GROUP; h++) {
        const float* from = queries + h * HEAD_DIM + lane * 8;
        query[h][0] = SHARED ? reinterpret_cast<const float4*>(from)[0] : load4(from);
        query[h][1] = SHARED ? reinterpret_cast<const float4*>(from)[1] : load4(from + 4);
    }
#pragma unroll
    for (int pass = 0; pass < Held<T, HEAD_DIM>::PASSES; pass++) {
        const Eight k = held.keys[pass].eight();
        float dots[GROUP];
#pragma unroll
        for (int h = 0; h < GROUP; h++) {
            const float4 low = query[h][0], high = query[h][1];
            float dot = fmaf(low.x, k.v[0], 0.0f);
            dot = fmaf(low.w, k.v[3], fmaf(low.z, k.v[2], fmaf(low.y, k.v[1], dot)));
            dots[h] = fmaf(high.w, k.v[7], fmaf(high.z, k.v[6], fmaf(high.y, k.v[5], fmaf(high.x, k.v[4], dot))));
        }
        const float sum = group_sums<GROUP, LANES>(dots);
        const int at = Held<T, HEAD_DIM>::place(pass);
        if (lane % OF_HEAD == 0) scores[lane / OF_HEAD][at] = at < seen ? __fmul_rn(sum, scale) : -INFINITY;
    }
}

// Scores to weights: each warp takes one head. Leaves exponentials in `scores`.
template <int GROUP> __device__ __forceinline__ void weigh(float (*scores)[SPLIT], int seen, float2* extents) {
    const int head = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (head >= GROUP) return;
    float most = -INFINITY;
#pragma unroll
    for (int i = lane; i < SPLIT; i += 32) {
        if (i < seen) most = fmaxf(most, scores[head][i]);
    }
    most = warp_max(most);
    float sum = 0.0f;
#pragma unroll
    for (int i = lane; i < SPLIT; i += 32) {
        if (i >= seen) continue;
        const float weight = __expf(scores[head][i] - most);
        scores[head][i] = weight;
        sum += weight;
    }
    sum = warp_sum(sum);
    if (lane == 0) extents[head] = make_float2(most, sum);
}

__device__ __forceinline__ void add_scaled(float4& sum, float4 v, float factor) {
    sum.x = fmaf(v.x, factor, sum.x), sum.y = fmaf(v.y, factor, sum.y);
    sum.z = fmaf(v.z, factor, sum.z), sum.w = fmaf(v.w, factor, sum.w);
}

// Adds the splits of a row and key head up. `read_sums` reads four numbers of some splits, every so many from a first one,
// `read_extents` what splits say of a head; `give` takes a number of the result.
template <int HEAD_DIM, int GROUP, typename ReadSums, typename ReadExtents, typename Give>
__device__ __forceinline__ void combine(AttentionScratch<HEAD_DIM, GROUP>& scratch, int used, ReadSums read_sums,
                                        ReadExtents read_extents, Give give) {
    constexpr int FOURS = AttentionScratch<HEAD_DIM, GROUP>::FOURS, SHARES = AttentionScratch<HEAD_DIM, GROUP>::SHARES;
    static_assert(FOURS * SHARES <= THREADS, "a thread adds up four numbers");
    const int head = threadIdx.x / 32, lane = threadIdx.x % 32, four = threadIdx.x % FOURS, share = threadIdx.x / FOURS;
    const int end = share < SHARES ? used : 0;
    // The first are asked for before it is known what they count.
    float4 sums[SPLITS_AT_ONCE] = {};
    read_sums(sums, four, share, SHARES, end);
    if (head < GROUP) {
        float2 extents[MAX_SPLITS / 32] = {};
        read_extents(extents, head, used);
        float most = -INFINITY, sum = 0.0f;
#pragma unroll
        for (int i = 0; i < MAX_SPLITS / 32; i++) {
            if (lane + 32 * i < used) most = fmaxf(most, extents[i].x);
        }
        most = warp_max(most);
#pragma unroll
        for (int i = 0; i < MAX_SPLITS / 32; i++) {
            const int split = lane + 32 * i;
            if (split >= used) continue;
            const float factor = __expf(extents[i].x - most);
            scratch.factors[head][split] = factor;
            sum = fmaf(extents[i].y, factor, sum);
        }
        sum = warp_sum(sum);
        if (lane == 0) scratch.totals[head] = sum;
    }
    __syncthreads();
    float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    const float* factors = scratch.factors[four * 4 / HEAD_DIM];
#pragma unroll 1
    for (int first = share; first < end; first += SPLITS_AT_ONCE * SHARES) {
        if (first > share) read_sums(sums, four, first, SHARES, end);
#pragma unroll
        for (int i = 0; i < SPLITS_AT_ONCE; i++) {
            const int split = first + i * SHARES;
            if (split < end) add_scaled(sum, sums[i], factors[split]);
        }
    }
    if (share < SHARES) scratch.shares[share][four] = sum;
    __syncthreads();
#pragma unroll 1
    for (int index = threadIdx.x; index < GROUP * HEAD_DIM; index += THREADS) {
        float sum = 0.0f;
#pragma unroll
        for (int share = 0; share < SHARES; share++) {
            sum = __fadd_rn(sum, reinterpret_cast<const float*>(scratch.shares[share])[index]);
        }
        const int h = index / HEAD_DIM;
        give(index, __fmul_rn(__fdividef(sum, scratch.totals[h]), scratch.gates[h]));
    }
}

// What a block makes of its part, of which it holds the keys and, where the queries are SHARED, the values; gates are in the
// scratch. `give` takes the weighted sums number by number or, where the row has but this part, its result.
template <typename T, int HEAD_DIM, int GROUP, bool SHARED, typename Give>
__device__ __forceinline__ void attend(AttentionScratch<HEAD_DIM, GROUP>& scratch, Held<T, HEAD_DIM>& held, const Part& part,
                                       const float* queries, float scale, Give give) {
    using Lanes = Held<T, HEAD_DIM>;
    const bool alone = part.splits() == 1;
    const int seen = part.seen(), warp = threadIdx.x / 32;
    score<T, HEAD_DIM, GROUP, SHARED>(scratch.scores, held, queries, seen, scale);
    if (!SHARED) held.read_values(seen);
    __syncthreads();
    weigh<GROUP>(scratch.scores, seen, scratch.extents);
    __syncthreads();
    float sum[GROUP][8] = {};
#pragma unroll
    for (int pass = 0; pass < Lanes::PASSES; pass++) {
        const int at = Lanes::place(pass);
        if (at >= seen) continue;
        const Eight v = held.values[pass].eight();
#pragma unroll
        for (int h = 0; h < GROUP; h++) {
            const float weight = scratch.scores[h][at];
#pragma unroll
            for (int d = 0; d < 8; d++) sum[h][d] = fmaf(weight, v.v[d], sum[h][d]);
        }
    }
    Lanes::add_up(sum, scratch.sums[warp]);
    __syncthreads();
#pragma unroll 2
    for (int index = threadIdx.x; index < GROUP * HEAD_DIM; index += THREADS) {
        float all = 0.0f;
#pragma unroll
        for (int other = 0; other < WARPS; other++) all = __fadd_rn(all, scratch.sums[other][index]);
        const int h = index / HEAD_DIM;
        give(index, alone ? __fmul_rn(__fdividef(all, scratch.extents[h].y), scratch.gates[h]) : all);
    }
}

// Leaves what a part came to for the last of the row's blocks, which adds all up.
template <int HEAD_DIM, int GROUP>
__device__ __forceinline__ void join_parts(const Attention& a, AttentionScratch<HEAD_DIM, GROUP>& scratch, const Part& part,
                                           size_t of_head, float* output) {
    const size_t first = of_head * a.splits;
    float2* extents = reinterpret_cast<float2*>(a.extents) + first * GROUP;
    if (threadIdx.x < GROUP) extents[part.split * GROUP + threadIdx.x] = scratch.extents[threadIdx.x];
    if (!is_last_block(a.arrived + of_head, part.splits())) return;
    const float4* sums = reinterpret_cast<const float4*>(a.sums + first * GROUP * HEAD_DIM);
    combine<HEAD_DIM, GROUP>(
        scratch, part.splits(),
        [&](float4(&v)[SPLITS_AT_ONCE], int four, int first, int step, int end) {
#pragma unroll
            for (int i = 0; i < SPLITS_AT_ONCE; i++) {
                if (first + i * step < end) v[i] = __ldcg(sums + (first + i * step) * (GROUP * HEAD_DIM / 4) + four);
            }
        },
        [&](float2(&v)[MAX_SPLITS / 32], int head, int used) {
#pragma unroll
            for (int i = 0; i < MAX_SPLITS / 32; i++) {
                const int split = threadIdx.x % 32 + 32 * i;
                if (split < used) v[i] = __ldcg(extents + split * GROUP + head);
            }
        },
        [&](int index, float v) { output[index] = v; });
}

template <typename T, int HEAD_DIM, int GROUP> __device__ __forceinline__ void attention(const Attention& a) {
    __shared__ AttentionScratch<HEAD_DIM, GROUP> scratch;
    release_dependents();
    wait_for_inputs();
    const int row = blockIdx.z;
    const Part part = {row, static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.x), __ldcg(a.slots + row),
                       __ldcg(a.positions + row)};
    if (part.slot < 0 || part.split >= part.splits()) return;
    Held<T, HEAD_DIM> held(a, part);
    held.read_keys(part.seen());
    const float* queries = a.queries + (static_cast<size_t>(row) * a.kv_heads + part.kv_head) * GROUP * HEAD_DIM;
    if (threadIdx.x < GROUP) {
        const float* gates = a.gates + static_cast<size_t>(row) * a.gate_stride + part.kv_head * GROUP;
        scratch.gates[threadIdx.x] = sigmoid(__ldcg(gates + threadIdx.x));
    }
    const size_t of_head = static_cast<size_t>(row) * a.kv_heads + part.kv_head;
    const bool alone = part.splits() == 1;
    float* output = a.output + of_head * GROUP * HEAD_DIM;
    float* given = alone ? output : a.sums + (of_head * a.splits + part.split) * GROUP * HEAD_DIM;
    attend<T, HEAD_DIM, GROUP, false>(scratch, held, part, queries, a.scale, [&](int index, float v) { given[index] = v; });
    if (!alone) join_parts<HEAD_DIM, GROUP>(a, scratch, part, of_head, output);
}

#define ATTENTION(name, type, head_dim, group) \
    KERNEL(attention_##name##_##head_dim##_##group, Attention, THREADS, 2) { attention<type, head_dim, group>(a); }
#define ATTENTION_GROUPS(name, type, head_dim) \
    ATTENTION(name, type, head_dim, 1)         \
    ATTENTION(name, type, head_dim, 2)         \
    ATTENTION(name, type, head_dim, 4)         \
    ATTENTION(name, type, head_dim, 8)
#define ATTENTION_TYPES(head_dim)                          \
    ATTENTION_GROUPS(f32, float, head_dim)                 \
    ATTENTION_GROUPS(bf16, __nv_bfloat16, head_dim)        \
    ATTENTION_GROUPS(f16, __half, head_dim)

ATTENTION_TYPES(64)
ATTENTION_TYPES(128)
