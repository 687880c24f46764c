// What the blocks of a frame's kernel know and tell each other, and how they ask for weights.
#pragma once
#include "attention.cuh"
#include "embed.cuh"
#include "heads.cuh"
#include "ring.cuh"
#include "router.cuh"
#include "told.cuh"

// The products of a layer: those whose weights go through the ring, in their order, and the router's first one.
// Gates that are stored like queries, keys and values are projected with them; else they have a job of their own.
enum Job : int { PROJECT = 0, GATES = 1, OUTPUT = 2, UP = 3, DOWN = 4, ROUTE = 5 };
constexpr int RING_JOBS = 5;
constexpr int JOBS = 6;

// A layer; the same as `FrameLayer` on the host. Inputs and outputs of the products, projected heads, gates, attention's sums
// and output and the router's input are words that blocks tell each other.
struct FrameLayer {
    Matvec jobs[JOBS];
    Router router;
    Heads heads;
    Attention attention;
    int kinds[RING_JOBS];
    // Experts of a row; 0: a dense layer.
    int used;
};
constexpr int LAYER_WORDS = sizeof(FrameLayer) / 16;
static_assert(sizeof(FrameLayer) % 16 == 0 && LAYER_WORDS <= THREADS, "a thread copies sixteen bytes");

struct Frame {
    Embed embed;
    Matvec head;
    const FrameLayer* layers;
    // Experts and their probabilities, words that the router's block tells.
    unsigned long long* chosen;
    // Tags that were given out.
    unsigned* count;
    // Blocks that are done.
    unsigned* left;
    const int* slots;
    const int* positions;
    int head_kind;
    int layer_count;
    // Parts that the ring holds.
    int parts;
    // Bytes of shared memory before the ring.
    int scratch;
};

#if __CUDA_ARCH__ >= 900

// Tiles that a block multiplies one after the other before it finishes them.
constexpr int MAX_TOGETHER = 2;

// The warp that asks for weights; it stores no results.
constexpr int ASKING_WARP = WARPS - 1;

// Parts that a job may ask for of the next before it is done.
constexpr int AHEAD_PARTS = 4;

// Where the asking warp is: behind what it asked for last.
struct Asking {
    // The layer; the head counts as one behind the last.
    int number;
    int job;
    int tile;
    int part;
    // Tiles of the jobs before, so that blocks take turns with who has one more.
    int start;
    int slot;
    // Parts of the ring that are free, and those asked for that are for jobs after the one at work.
    int free;
    int beyond;
    // Of the job, if it is described: its tiles, those of one expert, whether experts must be known, and parts of a tile.
    int aimed;
    int tiles;
    int of_choice;
    int mixed;
    int parts;
};

// What a block knows.
struct FrameBlock {
    Frame frame;
    // The layer at work and the one after it.
    __align__(16) FrameLayer layers[2];
    // The last layer that is described there, and the last one whose experts are known.
    int described;
    int known;
    int experts[MAX_USED];
    float weights[MAX_USED];
    Asking asking;
    // The tag of what comes before the first layer.
    unsigned first_tag;
    // Jobs that are done, all layers' counted; the asking warp's.
    int done;
    // By warps, of the staged row and the one before: the sum of the squares before the norm, and the largest number.
    float squares[2][WARPS];
    float largest[2][WARPS];
    float partials[2][MAX_TOGETHER][WARPS * PART_ROWS];
    uint64_t gates[MAX_PARTS];
};
__shared__ FrameBlock block;

// Where a block is, in registers: the next tile in the ring, tiles of the jobs before, whose turn the partials and the sums
// of a staged row are.
struct Progress {
    Place place;
    int start;
    int parity;
    int row_parity;
};

__device__ __forceinline__ int workers() { return gridDim.x - 1; }

__device__ __forceinline__ uint16_t* staged_row() {
    BLOCK_MEMORY(uint4, shared_words);
    return reinterpret_cast<uint16_t*>(shared_words);
}

__device__ __forceinline__ Ring ring() {
    BLOCK_MEMORY(uint4, shared_words);
    return {reinterpret_cast<uint8_t*>(shared_words) + block.frame.scratch, block.gates, block.frame.parts};
}

__device__ __forceinline__ bool is_head(int number) { return number == block.frame.layer_count; }

__device__ __forceinline__ const FrameLayer& layer_of(int number) { return block.layers[number % 2]; }

__device__ __forceinline__ const Matvec& matvec_of(int number, int job) {
    return is_head(number) ? block.frame.head : layer_of(number).jobs[job];
}

__device__ __forceinline__ int kind_of(int number, int job) {
    if (job == ROUTE) return F32;
    return is_head(number) ? block.frame.head_kind : layer_of(number).kinds[job];
}

// Experts that a job's tiles are of, one after the other; 1 where they are of none.
__device__ __forceinline__ int choices_of(int number, int job) {
    return !is_head(number) && (job == UP || job == DOWN) ? max(layer_of(number).used, 1) : 1;
}

__device__ __forceinline__ int tiles_of(int number, int job) {
    return tiles_of(matvec_of(number, job)) * choices_of(number, job);
}

__device__ __forceinline__ Word* words(const float* numbers) {
    return reinterpret_cast<Word*>(const_cast<float*>(numbers));
}

// The tag of what a layer tells; that of layer -1: of the embedding.
__device__ __forceinline__ unsigned tag_of(int number) { return block.first_tag + (number + 1) * (SMALL + 1); }

// The tag of a job's input.
__device__ __forceinline__ unsigned tag_of_input(int number, int job) {
    return tag_of(job == PROJECT || job == GATES ? number - 1 : number);
}

// The job whose input is what a job's products are added to.
__device__ __forceinline__ int added_to(int job) { return job == OUTPUT ? PROJECT : UP; }

// The first tile of this block in the job that has `before` tiles before it.
__device__ __forceinline__ int first_tile(int before) {
    const int tile = static_cast<int>(blockIdx.x) - before;
    return tile < 0 ? tile + workers() : tile;
}

__device__ __forceinline__ int start_after(int start, int tiles) { return (start + tiles) % workers(); }

__device__ __forceinline__ bool takes_part(int number, int job, int start) {
    return first_tile(start) < tiles_of(number, job);
}

// Where asking goes on: the job that comes next.
__device__ __forceinline__ void aim_at_job(Asking& at) {
    at.aimed = at.number <= block.frame.layer_count && at.number <= block.described;
    if (!at.aimed) return;
    const Matvec& a = matvec_of(at.number, at.job);
    at.part = 0, at.tile = first_tile(at.start);
    at.of_choice = tiles_of(a), at.tiles = tiles_of(at.number, at.job);
    at.mixed = !is_head(at.number) && at.job >= UP && layer_of(at.number).used > 0;
    at.parts = parts_of_tile(a, kind_of(at.number, at.job));
}

// Asks for weights while there is room and it is known which; `freed` more parts are free. Weights stand in the way of
// everything else that goes through the cache, so that a job at work, if `bounded`, asks for little of the next. By the
// asking warp.
__device__ __noinline__ void ask(int freed, bool bounded) {
    if (threadIdx.x / 32 != ASKING_WARP) return;
    Asking at = block.asking;
    at.free += freed;
    if (!bounded) at.beyond = 0;
    const int limit = bounded ? AHEAD_PARTS : MAX_PARTS, done = block.done;
    while (at.free > 0 && at.number <= block.described && at.number <= block.frame.layer_count) {
        if (!at.aimed) aim_at_job(at);
        if (at.tile >= at.tiles) {
            at.start = start_after(at.start, at.tiles), at.job += 1;
            if (at.job == RING_JOBS || is_head(at.number)) at.number += 1, at.job = 0;
            aim_at_job(at);
            continue;
        }
        if (at.mixed && at.number > block.known) break;
        const bool later = at.number * RING_JOBS + at.job > done;
        const int room = later ? min(at.free, limit - at.beyond) : at.free;
        if (room <= 0) break;
        const int choice = at.tiles > at.of_choice ? at.tile / at.of_choice : 0;
        const int expert = at.mixed ? block.experts[choice] : 0, count = min(room, at.parts - at.part);
        ask_for_parts(matvec_of(at.number, at.job), kind_of(at.number, at.job), at.mixed,
                      (at.tile - choice * at.of_choice) * PART_ROWS, expert, at.part, count, ring(), at.slot);
        at.slot = at.slot + count < block.frame.parts ? at.slot + count : at.slot + count - block.frame.parts;
        at.free -= count, at.part += count;
        if (later) at.beyond += count;
        if (at.part == at.parts) at.part = 0, at.tile += workers();
    }
    __syncwarp();
    if (threadIdx.x % 32 == 0) block.asking = at;
    __syncwarp();
}

// Has a layer's description brought to shared memory, sixteen bytes by each thread.
__device__ __forceinline__ void copy_layer(int number, FrameLayer& to) {
    if (threadIdx.x < LAYER_WORDS) {
        reinterpret_cast<uint4*>(&to)[threadIdx.x] =
            __ldg(reinterpret_cast<const uint4*>(block.frame.layers + number) + threadIdx.x);
    }
}

#endif
