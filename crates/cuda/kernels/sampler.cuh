// From logits to the next frame: repetition penalty, temperature, top-k, softmax, top-p, min-p and the draw by a
// counter-based generator for each codebook; then the end of the audio, and the ids of the slot's next row.
//
// A block does one codebook of one row. A thread holds neighbouring ids, so that sums in the order of the ids are sums
// over threads. The last of a row's blocks finishes the frame.
#pragma once
#include "common.cuh"

constexpr int SAMPLER_THREADS = 1024;
constexpr int SAMPLER_WARPS = SAMPLER_THREADS / 32;
// Ids of a thread, and so of a codebook.
constexpr int IDS = 2;
constexpr int MAX_IDS = IDS * SAMPLER_THREADS;
constexpr float GREEDY_TEMPERATURE = 1e-6f;
// Frames that the host may be behind.
constexpr int RECORDS = 64;

// How a slot draws, and where it is; the same as `SlotState` on the host.
struct Slot {
    float temperature;
    float top_p;
    float min_p;
    float penalty;
    int top_k;
    int window;
    // Codebooks, from the first, that hold repeated codes back.
    int penalized;
    int ignore_end;
    unsigned long long seed;
    // Frames to make at most.
    int limit;
    // The position of the next row.
    int position;
    int made;
    // Aligned frames that are audible; negative while that is not known.
    int end;
    // Frames that are still made after the end was seen; negative while it was not.
    int left;
    // 0 while it runs, else 1: the end of the audio, 2: the limit.
    int finished;
};

struct Sampler {
    // The slot of each row, or negative; those of rows that go on are passed on to the backbone.
    const int* rows;
    Slot* slots;
    // [slots, codebooks, ids]
    const float* logits;
    // [slots, frames, codebooks]
    int* history;
    // What the backbone takes: slot, position and ids [rows, codebooks + 1] of each row.
    int* next_slots;
    int* next_positions;
    int* next_ids;
    // [slots, RECORDS, codebooks + 3]: frame number, end, state, codes. Memory of the host.
    int* records;
    unsigned* arrived;
    int codebooks;
    int ids;
    // Ids below this stand for sound; this one for the end of the audio.
    int codes;
    int text_pad;
    // Frames that a slot's history holds.
    int frames;
};

struct Words {
    uint32_t a, b, c, d;
};

// Philox4x32-10.
__device__ __forceinline__ Words philox(Words counter, uint32_t key0, uint32_t key1) {
#pragma unroll 1
    for (int round = 0; round < 10; round++) {
        const uint32_t low0 = 0xd2511f53u * counter.a, high0 = __umulhi(0xd2511f53u, counter.a);
        const uint32_t low1 = 0xcd9e8d57u * counter.c, high1 = __umulhi(0xcd9e8d57u, counter.c);
        counter = {high1 ^ counter.b ^ key0, low1, high0 ^ counter.d ^ key1, low0};
        key0 += 0x9e3779b9u, key1 += 0xbb67ae85u;
    }
    return counter;
}

// A number in 0..1 for a codebook of a frame.
__device__ __forceinline__ double uniform(unsigned long long seed, unsigned long long frame, uint32_t codebook) {
    const Words counter = {static_cast<uint32_t>(frame), static_cast<uint32_t>(frame >> 32), codebook, 0};
    const Words words = philox(counter, static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
    const unsigned long long bits = ((static_cast<unsigned long long>(words.a) << 32) | words.b) >> 11;
    return static_cast<double>(bits) * (1.0 / 9007199254740992.0);
}

// Whole numbers in the order of the numbers; largest first when compared downwards.
__device__ __forceinline__ uint32_t ordered(float value) {
    const uint32_t bits = __float_as_uint(value);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

struct Scratch {
    double sums[SAMPLER_WARPS];
    float floats[SAMPLER_WARPS];
    unsigned drawn;
    unsigned last;
};

template <typename T> __device__ __forceinline__ T sampler_sum(T value, T* scratch) {
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffff, value, offset);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    T sum = scratch[threadIdx.x % 32];
#pragma unroll
    for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(0xffffffff, sum, offset);
    __syncthreads();
    return sum;
}

__device__ __forceinline__ float sampler_max(float value, float* scratch) {
    value = warp_max(value);
    if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
    __syncthreads();
    const float most = warp_max(scratch[threadIdx.x % 32]);
    __syncthreads();
    return most;
}

// The first id whose value is `most`.
__device__ __forceinline__ int first_id(const float (&values)[IDS], float most, int ids, unsigned* shared) {
    if (threadIdx.x == 0) *shared = 0;
    __syncthreads();
#pragma unroll
    for (int i = IDS - 1; i >= 0; i--) {
        const unsigned id = IDS * threadIdx.x + i;
        // Counted from the end, so that nothing found leaves the last.
        if (id < ids && values[i] == most) atomicMax(shared, ids - id);
    }
    __syncthreads();
    const int found = ids - static_cast<int>(*shared);
    __syncthreads();
    return min(found, ids - 1);
}

// Holds back what the codebook drew in the window, once for each id.
__device__ __forceinline__ void penalize(float (&values)[IDS], const Sampler& a, const Slot& slot, int number,
                                         int codebook) {
    __shared__ uint32_t seen[MAX_IDS / 32];
    if (threadIdx.x < MAX_IDS / 32) seen[threadIdx.x] = 0;
    __syncthreads();
    const bool concerned = slot.penalty > 1.0f && codebook < slot.penalized;
    const int* history = a.history + static_cast<size_t>(number) * a.frames * a.codebooks;
#pragma unroll 1
    for (int frame = max(0, slot.made - slot.window) + threadIdx.x; concerned && frame < slot.made;
         frame += SAMPLER_THREADS) {
        const int id = __ldcg(history + frame * a.codebooks + codebook);
        if (id < a.codes) atomicOr(seen + id / 32, 1u << (id % 32));
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < IDS; i++) {
        const int id = IDS * threadIdx.x + i;
        if (seen[id / 32] >> (id % 32) & 1) {
            values[i] = values[i] > 0.0f ? __fdiv_rn(values[i], slot.penalty) : __fmul_rn(values[i], slot.penalty);
        }
    }
}

// Drops what is below the k-th largest value: bit by bit the largest key that at least k reach.
__device__ __forceinline__ void keep_top_k(float (&values)[IDS], int k, int ids) {
    if (k >= ids) return;
    uint32_t keys[IDS], threshold = 0;
#pragma unroll
    for (int i = 0; i < IDS; i++) keys[i] = IDS * threadIdx.x + i < ids ? ordered(values[i]) : 0;
#pragma unroll 1
    for (int bit = 31; bit >= 0; bit--) {
        const uint32_t candidate = threshold | 1u << bit;
        int reach = 0;
#pragma unroll
        for (int i = 0; i < IDS; i++) reach += __syncthreads_count(keys[i] >= candidate);
        if (reach >= k) threshold = candidate;
    }
#pragma unroll
    for (int i = 0; i < IDS; i++) {
        if (keys[i] < threshold) values[i] = -INFINITY;
    }
}

__device__ __forceinline__ void normalize(float (&values)[IDS], Scratch& scratch) {
    float sum = 0.0f;
#pragma unroll
    for (int i = 0; i < IDS; i++) sum += values[i];
    sum = sampler_sum(sum, scratch.floats);
    if (sum > 0.0f) {
#pragma unroll
        for (int i = 0; i < IDS; i++) values[i] = __fdiv_rn(values[i], sum);
    }
}

// Drops ids when the mass before them, in descending order (the lower id first), exceeds p.
__device__ __forceinline__ void keep_top_p(float (&values)[IDS], float p, int ids, float* all) {
#pragma unroll
    for (int i = 0; i < IDS; i++) all[IDS * threadIdx.x + i] = values[i];
    __syncthreads();
    double before[IDS] = {};
#pragma unroll 1
    for (int other = 0; other < ids; other++) {
        const float value = all[other];
#pragma unroll
        for (int i = 0; i < IDS; i++) {
            const int id = IDS * threadIdx.x + i;
            if (value > values[i] || (value == values[i] && other < id)) before[i] += value;
        }
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < IDS; i++) {
        if (static_cast<float>(before[i]) > p) values[i] = 0.0f;
    }
}

// The id at `number` of the cumulative distribution.
__device__ __forceinline__ int draw(const float (&values)[IDS], double number, int likeliest, Scratch& scratch) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    double own = 0.0;
#pragma unroll
    for (int i = 0; i < IDS; i++) own += values[i];
    double up_to = own;
#pragma unroll
    for (int offset = 1; offset < 32; offset *= 2) {
        const double other = __shfl_up_sync(0xffffffff, up_to, offset);
        if (lane >= offset) up_to += other;
    }
    if (lane == 31) scratch.sums[warp] = up_to;
    if (threadIdx.x == 0) scratch.drawn = MAX_IDS, scratch.last = 0;
    __syncthreads();
    double before = 0.0, total = 0.0;
#pragma unroll 2
    for (int other = 0; other < SAMPLER_WARPS; other++) {
        if (other == warp) before = total;
        total += scratch.sums[other];
    }
    const double target = number * total;
    double reached = before + up_to - own;
#pragma unroll
    for (int i = 0; i < IDS; i++) {
        const int id = IDS * threadIdx.x + i;
        reached += values[i];
        if (values[i] > 0.0f) {
            atomicMax(&scratch.last, id + 1);
            if (reached > target) atomicMin(&scratch.drawn, id);
        }
    }
    __syncthreads();
    if (scratch.drawn < MAX_IDS) return scratch.drawn;
    return scratch.last > 0 ? scratch.last - 1 : likeliest;
}

// One thread: takes the row's frame, looks for the end, tells the host, and makes the backbone's next row.
__device__ __forceinline__ void finish_frame(const Sampler& a, int row, int number, const int* frame) {
    Slot& slot = a.slots[number];
    int highest = -1;
#pragma unroll 1
    for (int codebook = 0; codebook < a.codebooks; codebook++) {
        if (frame[codebook] == a.codes) highest = codebook;
    }
    if (slot.left < 0 && highest >= 0) {
        slot.end = max(0, slot.made - highest);
        slot.left = a.codebooks + 1;
    }
    if (slot.left > 0) slot.left -= 1;
    int* history = a.history + (static_cast<size_t>(number) * a.frames + slot.made) * a.codebooks;
    volatile int* record = a.records + (static_cast<size_t>(number) * RECORDS + slot.made % RECORDS) * (a.codebooks + 3);
    int* ids = a.next_ids + row * (a.codebooks + 1);
    slot.made += 1;
    if (slot.left == 0 && !slot.ignore_end) {
        slot.finished = 1;
    } else if (slot.made >= slot.limit) {
        slot.finished = 2;
    }
    record[0] = slot.made;
    record[1] = slot.end;
    record[2] = slot.finished;
#pragma unroll 1
    for (int codebook = 0; codebook < a.codebooks; codebook++) {
        record[3 + codebook] = history[codebook] = ids[codebook] = frame[codebook];
    }
    ids[a.codebooks] = a.text_pad;
    a.next_positions[row] = slot.position;
    a.next_slots[row] = slot.finished ? -1 : number;
    if (!slot.finished) slot.position += 1;
}

KERNEL(sampler, Sampler, SAMPLER_THREADS) {
    __shared__ Scratch scratch;
    __shared__ float all[MAX_IDS];
    __shared__ int frame[64];
    release_dependents();
    wait_for_inputs();
    const int codebook = blockIdx.x, row = blockIdx.y, number = __ldcg(a.rows + row);
    if (number < 0 || a.slots[number].finished) {
        if (codebook == 0 && threadIdx.x == 0) a.next_slots[row] = -1;
        return;
    }
    const Slot slot = a.slots[number];
    const float* logits = a.logits + (static_cast<size_t>(number) * a.codebooks + codebook) * a.ids;
    float values[IDS];
#pragma unroll
    for (int i = 0; i < IDS; i++) {
        const int id = IDS * threadIdx.x + i;
        values[i] = id < a.ids ? __ldcg(logits + id) : -INFINITY;
    }
    penalize(values, a, slot, number, codebook);
    const float temperature = fmaxf(slot.temperature, GREEDY_TEMPERATURE);
#pragma unroll
    for (int i = 0; i < IDS; i++) values[i] = __fdiv_rn(values[i], temperature);
    keep_top_k(values, slot.top_k < 1 ? 1024 : slot.top_k, a.ids);
    float most = sampler_max(fmaxf(values[0], values[1]), scratch.floats);
    const int likeliest = first_id(values, most, a.ids, &scratch.drawn);
    int drawn = likeliest;
    if (slot.temperature > GREEDY_TEMPERATURE) {
#pragma unroll
        for (int i = 0; i < IDS; i++) values[i] = expf(__fsub_rn(values[i], most));
        normalize(values, scratch);
        if (slot.top_p > 0.0f && slot.top_p < 1.0f) {
            keep_top_p(values, slot.top_p, a.ids, all);
            normalize(values, scratch);
        }
        if (slot.min_p > 0.0f) {
            const float least = __fmul_rn(slot.min_p, sampler_max(fmaxf(values[0], values[1]), scratch.floats));
#pragma unroll
            for (int i = 0; i < IDS; i++) {
                if (values[i] < least) values[i] = 0.0f;
            }
            normalize(values, scratch);
        }
        drawn = draw(values, uniform(slot.seed, slot.made, codebook), likeliest, scratch);
    }
    int* ids = a.next_ids + row * (a.codebooks + 1);
    if (threadIdx.x == 0) ids[codebook] = drawn;
    if (!is_last_block(a.arrived + row, a.codebooks)) return;
    if (threadIdx.x < a.codebooks) frame[threadIdx.x] = __ldcg(ids + threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) {
        finish_frame(a, row, number, frame);
        __threadfence_system();
    }
}
