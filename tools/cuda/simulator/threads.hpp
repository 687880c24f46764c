// How a kernel's blocks run on a processor: a multiprocessor is a thread of the system, which takes one block at a time; a
// thread of the block is a fiber, which runs until it must wait for others.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simulator {

// CUDA's three-part numbers.
struct Index {
    unsigned x, y, z;
};

// Which thread of which block runs.
struct Position {
    Index thread, block, grid, threads;
};
extern thread_local Position* here __attribute__((tls_model("initial-exec")));

// A kernel, known by its name from its definition on.
struct Kernel {
    const char* name;
    size_t argument_bytes;
    void (*run)(const void* arguments);
    unsigned most_threads;

    Kernel(const char* name, size_t argument_bytes, void (*run)(const void*), unsigned most_threads);
};
const Kernel* find_kernel(const char* name);

// Of launch bounds, the threads of a block.
constexpr unsigned bounds(unsigned threads, unsigned = 1) { return threads; }

// Memory that a block can be started with.
constexpr size_t MOST_SHARED = 227 << 10;
// What the driver says of the part of it that a kernel takes itself: more than any of them does.
constexpr size_t OWN_SHARED = 16 << 10;

// Multiprocessors; ZONOS_SIMULATOR_MULTIPROCESSORS, else six.
unsigned multiprocessors();

// A kernel's blocks and what they are started with.
struct Launch {
    const Kernel* kernel;
    const void* arguments;
    Index grid, threads;
    size_t shared;
    // Whether it may begin before the kernel before it has ended, for which its threads wait when they need what that wrote.
    bool overlaps;
};

// Runs all blocks. If they run `together`, there is a multiprocessor for each.
void run(const Launch& launch, bool together);

// From here on: what a thread of a block calls.

// Waits for the end of the kernel before.
void wait_for_inputs();

// The memory that its block was started with. What nobody wrote there are the bytes UNWRITTEN.
void* block_memory();
constexpr int UNWRITTEN = 0xff;

// Waits for all threads of the block; how many said that something holds.
int meet(bool holds);
// Waits for all lanes of the warp.
void meet_warp();

// What the lanes of a warp show each other, until they do so again. Who comes last may make something else of it first.
constexpr int MOST_SHOWN = 12;
using Shown = uint32_t (*)[MOST_SHOWN];
Shown show(const uint32_t* words, int count, void (*last)(Shown) = nullptr);

// Copies that come later than they are asked for: until they are waited for, there is nothing.
void open_gate(uint64_t* gate);
void expect_bytes(uint64_t* gate, uint32_t bytes);
void copy_bulk(void* to, const void* from, uint32_t bytes, uint64_t* gate);
void pass_gate(uint64_t* gate, uint32_t turn);
void copy_sixteen(void* to, const void* from);
void close_copies();
void wait_for_copies(unsigned open_groups);

// Called before a look at what other blocks write: they run, too.
void look_again();

}  // namespace simulator
