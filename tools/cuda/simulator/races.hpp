// Finds accesses of the kernels to the same memory that nothing orders (build.sh with RACES=1).
#pragma once
#include <cstddef>
#include <cstdint>

// Of functions that are the simulator's own: their accesses are not looked at.
#ifdef ZONOS_RACES
#define NOT_CHECKED __attribute__((no_sanitize("thread")))
#else
#define NOT_CHECKED
#endif

namespace simulator {

// When a thread does something: how often its block and its warp have met since the block began.
struct Moment {
    uint32_t launch;
    // The first launch that may not have ended for the thread.
    uint32_t first_open;
    uint32_t multiprocessor;
    uint32_t block;
    uint32_t thread;
    uint32_t block_met;
    uint32_t warp_met;
};
Moment now();

// The name of the kernel at work.
const char* kernel_at_work();

#ifdef ZONOS_RACES
// A copy writes when it is asked for; who reads it then waits for it, which poisoned memory checks.
void write_by_copy(const void* at, size_t bytes);
// The thread's block arrived at a counter: what blocks did that had arrived before is over.
void note_arrival();
#else
inline void write_by_copy(const void*, size_t) {}
inline void note_arrival() {}
#endif

}  // namespace simulator
