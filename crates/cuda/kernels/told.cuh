// Numbers that the blocks of a frame's kernel tell each other. A number and the tag of when it is told are one word, so
// that who sees the tag has the number: nobody waits for writes to arrive before saying so. A word is told again and
// again, with another tag each time, and never before all have heard what it held.
#pragma once
#include "common.cuh"

#if __CUDA_ARCH__ >= 900

using Word = unsigned long long;

// A tag leaves room for a small number.
constexpr unsigned SMALL = 0xff;

struct Told {
    unsigned tag;
    float value;

    __device__ __forceinline__ Told(Word word) : tag(word >> 32), value(__uint_as_float(static_cast<uint32_t>(word))) {}
};

__device__ __forceinline__ void tell(Word* at, unsigned tag, float value) {
    const Word word = static_cast<Word>(tag) << 32 | __float_as_uint(value);
    store_relaxed(at, word);
}

// Four neighbouring numbers.
__device__ __forceinline__ void tell4(Word* at, unsigned tag, float4 v) {
    tell(at, tag, v.x), tell(at + 1, tag, v.y), tell(at + 2, tag, v.z), tell(at + 3, tag, v.w);
}

// A number, with a small one in the tag.
__device__ __forceinline__ Told hear(const Word* at, unsigned tag) {
    Told told(load_relaxed(at));
    while ((told.tag & ~SMALL) != tag) told = Told(load_relaxed(at));
    return told;
}

// Words that neighbour each other and are looked at again and again until all are told; none, if not `any`.
template <int COUNT> struct Listening {
    Word words[COUNT];

    // Nothing depends on what is found, so that several can be looked at together.
    __device__ __forceinline__ void look(const Word* at, bool any, unsigned tag) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) words[i] = static_cast<Word>(tag) << 32;
#pragma unroll
        for (int i = 0; i < COUNT; i += 2) load_relaxed2(at + i, any, words[i], words[i + 1]);
    }

    // Zero if all are told.
    __device__ __forceinline__ unsigned missing(unsigned tag) const {
        unsigned all = 0;
#pragma unroll
        for (int i = 0; i < COUNT; i++) all |= Told(words[i]).tag ^ tag;
        return all;
    }

    __device__ __forceinline__ float value(int i) const { return Told(words[i]).value; }
    __device__ __forceinline__ float2 value2() const { return make_float2(value(0), value(1)); }
    __device__ __forceinline__ float4 value4() const { return make_float4(value(0), value(1), value(2), value(3)); }
};

// Has `look` look for each of several until all are told.
template <int COUNT, int WORDS, typename Look>
__device__ __forceinline__ void listen(Listening<WORDS> (&heard)[COUNT], unsigned tag, Look look) {
    unsigned missing;
    do {
        missing = 0;
#pragma unroll
        for (int i = 0; i < COUNT; i++) look(heard[i], i);
#pragma unroll
        for (int i = 0; i < COUNT; i++) missing |= heard[i].missing(tag);
    } while (missing);
}

#endif
