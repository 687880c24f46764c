#include "threads.hpp"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <climits>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "fiber.hpp"
#include "races.hpp"

namespace simulator {

thread_local Position* here;

namespace {

constexpr unsigned WARP = 32;
constexpr unsigned MOST_THREADS = 1024;
// Behind the memory of a block: bytes that nobody may write.
constexpr size_t FENCE = 256;
constexpr int FENCE_BYTE = 0xa5;
// A thread that looks again and again lets others run every so many times.
constexpr unsigned LOOKS = 16;
// Turns in which nothing came of looking, before a block sleeps a little between them.
constexpr unsigned PATIENCE = 4;
// How many turns of threads a stack is asked for before it is used.
constexpr unsigned AHEAD = 3;

[[noreturn]] void fail(const std::string& what) {
    fprintf(stderr, "CUDA simulator: %s\n", what.c_str());
    abort();
}

// What a variable of the environment says; what is no number of the range ends the program.
unsigned number_from(const char* variable, unsigned otherwise, unsigned least, unsigned most) {
    const char* text = getenv(variable);
    if (!text) return otherwise;
    unsigned number = 0;
    const char* const end = text + strlen(text);
    const auto [rest, error] = std::from_chars(text, end, number);
    if (error != std::errc{} || rest != end || number < least || number > most) {
        fail(std::string(variable) + " is to be " + std::to_string(least) + " to " + std::to_string(most));
    }
    return number;
}

// Threads that wait for each other. Who comes last opens the way to all, which starts a new generation.
struct Meeting {
    unsigned expected = 0;
    unsigned arrived = 0;
    unsigned generation = 0;
    // Of this generation and the one before.
    int holds[2] = {};

    void open() {
        arrived = 0, generation += 1;
        holds[generation % 2] = 0;
    }

    // A thread that ended is not waited for.
    void leave() {
        expected -= 1;
        if (expected > 0 && arrived == expected) open();
    }
};

// In which order threads and blocks have their turns. Of two threads that use the same memory without waiting for each
// other either may be first: what comes out then differs from order to order.
class Order {
public:
    // ZONOS_SIMULATOR_ORDER; 0, which most caches like best: as they are numbered, from another warp in every turn.
    static unsigned number() {
        static const unsigned asked = number_from("ZONOS_SIMULATOR_ORDER", 0, 0, UINT_MAX);
        return asked;
    }

    void begin_turn(unsigned count) {
        this->count = count;
        at = number() == 0 ? (at + 7 * WARP) % count : random() % count;
        do {
            stride = number() == 0 ? 1 : 1 + random() % count;
        } while (std::gcd(stride, count) != 1);
    }

    unsigned next() {
        const unsigned place = at;
        at = (at + stride) % count;
        return place;
    }

    // Which block of `count` is the `index`-th to begin.
    static unsigned block(unsigned index, unsigned count) { return number() % 2 == 0 ? index : count - 1 - index; }

private:
    unsigned random() { return state = state * 1664525 + 1013904223, state >> 8; }

    unsigned state = number();
    unsigned count = 1;
    unsigned at = 0;
    unsigned stride = 1;
};

struct Warp {
    Meeting meeting;
    // Of this generation and the one before, which some lanes may still read.
    uint32_t shown[2][WARP][MOST_SHOWN];
};

// Which of all launches a kernel's is, and the first that may not have ended when it begins.
struct Number {
    uint32_t own = 0, first_open = 0;
};

struct Copy {
    void* to;
    const void* from;
    uint32_t bytes;
    uint64_t* gate;

    // From when a copy is asked for, what was there is lost.
    void begin() const {
        write_by_copy(to, bytes);
        memset(to, UNWRITTEN, bytes);
    }
    void end() const { memcpy(to, from, bytes); }
};

struct Thread {
    Fiber fiber;
    Position position;
    // What it waits for: that this generation ends; null: nothing.
    const unsigned* generation;
    unsigned waits_for;
    bool ended;
    // It looked at what other blocks write, and will again.
    bool looks;
    unsigned looked;
    // Whether the kernels before have ended for it.
    bool has_inputs;
    std::deque<std::vector<Copy>> groups;
    std::vector<Copy> group;
};

// Bytes that are still to come and, in the upper half, how often all had come.
struct Gate {
    int32_t missing;
    uint32_t turns : 31;
    uint32_t expects : 1;
};
static_assert(sizeof(Gate) == sizeof(uint64_t));

class Multiprocessor {
public:
    explicit Multiprocessor(unsigned index)
        : index(index), threads(MOST_THREADS), warps(MOST_THREADS / WARP), memory(MOST_SHARED + FENCE) {
        for (Thread& thread : threads) thread.fiber.prepare(enter, &thread);
    }

    void run(const Launch& launch, Number number, Index block);

    Moment now() const;
    const char* kernel_at_work() const { return launch->kernel->name; }

    static void enter(void* thread) { current->live(*static_cast<Thread*>(thread)); }

    // Leaves the thread that runs until others did.
    void pause() {
        Thread& thread = *running;
        (thread.looks ? looks : further) = true;
        Thread* other = next();
        Fiber::swap(thread.fiber, other ? other->fiber : main);
    }

    void wait(const unsigned& generation, unsigned value) {
        running->generation = &generation, running->waits_for = value;
        pause();
    }

    template <typename Last> int meet(Meeting& meeting, bool holds, Last last) {
        const unsigned generation = meeting.generation;
        meeting.holds[generation % 2] += holds;
        if (++meeting.arrived == meeting.expected) {
            last();
            meeting.open();
        } else {
            wait(meeting.generation, generation);
        }
        return meeting.holds[generation % 2];
    }

    Warp& warp() { return warps[running->position.thread.x / WARP]; }

    // Ends the copies of a gate.
    void bring(uint64_t* gate);

    const unsigned index;
    Thread* running = nullptr;
    Meeting all;
    std::vector<Copy> copies;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    uint8_t* shared = nullptr;

    static thread_local Multiprocessor* current;

private:
    void live(Thread& thread);
    void begin(const Launch& launch, Number number, Index block);
    Thread* next();
    bool turn();
    void check_fence(size_t bytes) const;

    const Launch* launch = nullptr;
    Number number;
    // Which of its blocks is at work.
    uint32_t block = 0;
    Fiber main;
    std::vector<uint8_t> memory;
    // Threads that have not ended, and how many had their turn.
    unsigned left = 0;
    unsigned passed = 0;
    Order order;
    // Whether threads came further in this turn, and whether some only looked.
    bool further = false;
    bool looks = false;
};

thread_local Multiprocessor* Multiprocessor::current;

void Multiprocessor::begin(const Launch& launch, Number number, Index block) {
    const unsigned count = launch.threads.x;
    this->launch = &launch, this->number = number, left = count, copies.clear();
    this->block = (block.z * launch.grid.y + block.y) * launch.grid.x + block.x;
    all = Meeting{}, all.expected = count;
    for (unsigned warp = 0; warp < count / WARP; warp++) warps[warp].meeting = Meeting{}, warps[warp].meeting.expected = WARP;
    for (unsigned i = 0; i < count; i++) {
        Thread& thread = threads[i];
        thread.position = {{i, 0, 0}, block, launch.grid, launch.threads};
        thread.generation = nullptr, thread.ended = thread.looks = false, thread.looked = 0;
        thread.has_inputs = !launch.overlaps;
        thread.groups.clear(), thread.group.clear();
    }
    const size_t address = reinterpret_cast<size_t>(memory.data());
    shared = memory.data() + (FENCE / 2 - address % (FENCE / 2)) % (FENCE / 2);
    memset(shared, UNWRITTEN, launch.shared);
    memset(shared + launch.shared, FENCE_BYTE, FENCE / 2);
}

void Multiprocessor::check_fence(size_t bytes) const {
    for (size_t at = 0; at < FENCE / 2; at++) {
        if (shared[bytes + at] != FENCE_BYTE) fail(std::string(launch->kernel->name) + " writes beyond its block's memory");
    }
}

// Chooses the next thread of this turn that can run; null: none is left.
Thread* Multiprocessor::next() {
    const unsigned count = launch->threads.x;
    while (passed < count) {
        passed += 1;
        const unsigned place = order.next();
        Thread& thread = threads[place];
        if (thread.ended || (thread.generation && *thread.generation == thread.waits_for)) continue;
        thread.generation = nullptr, thread.looks = false;
        running = &thread, here = &thread.position;
        // Stacks are far apart: one is on its way while others run.
        if (place + AHEAD < count) threads[place + AHEAD].fiber.prefetch();
        return &thread;
    }
    return nullptr;
}

// Lets all threads run that can, from one to the next; whether one came further.
bool Multiprocessor::turn() {
    passed = 0, further = looks = false;
    order.begin_turn(launch->threads.x);
    if (Thread* thread = next()) Fiber::swap(main, thread->fiber);
    return further;
}

void Multiprocessor::run(const Launch& launch, Number number, Index block) {
    begin(launch, number, block);
    for (unsigned idle = 0; left > 0; idle++) {
        if (turn()) idle = 0;
        if (further) continue;
        if (!looks) fail(std::string("threads of ") + launch.kernel->name + " wait for each other in vain");
        // Others compute what it waits for: they need the processor.
        if (idle < PATIENCE) {
            sched_yield();
        } else {
            usleep(50);
        }
    }
    check_fence(launch.shared);
    if (!copies.empty()) fail(std::string(launch.kernel->name) + " ends before its copies");
}

// A fiber lives on from block to block.
void Multiprocessor::live(Thread& thread) {
    for (;;) {
        launch->kernel->run(launch->arguments);
        if (!thread.groups.empty() || !thread.group.empty()) wait_for_copies(0);
        thread.ended = true, left -= 1;
        warp().meeting.leave(), all.leave();
        pause();
    }
}

void Multiprocessor::bring(uint64_t* gate) {
    auto& state = *reinterpret_cast<Gate*>(gate);
    for (size_t i = 0; i < copies.size();) {
        if (copies[i].gate != gate) {
            i += 1;
            continue;
        }
        copies[i].end();
        state.missing -= static_cast<int32_t>(copies[i].bytes);
        copies[i] = copies.back(), copies.pop_back();
    }
    if (state.expects && state.missing == 0) state.expects = 0, state.turns += 1;
}

Moment Multiprocessor::now() const {
    const auto thread = static_cast<uint32_t>(running - threads.data());
    const uint32_t first_open = running->has_inputs ? number.own : number.first_open;
    return {number.own, first_open, index, block, thread, all.generation, warps[thread / WARP].meeting.generation};
}

// Threads of the system that wait for launches.
class Pool {
public:
    Pool() {
        for (unsigned i = 0; i < multiprocessors(); i++) std::thread(&Pool::serve, this, i).detach();
    }

    void run(const Launch& launch, bool together) {
        const std::lock_guard<std::mutex> alone(one_launch);
        std::unique_lock<std::mutex> lock(mutex);
        this->launch = &launch, this->together = together, next = 0, busy = multiprocessors(), number += 1;
        if (!launch.overlaps) first_open = static_cast<uint32_t>(number);
        started.notify_all();
        done.wait(lock, [&] { return busy == 0; });
    }

private:
    void serve(unsigned own) {
        Multiprocessor multiprocessor(own);
        Multiprocessor::current = &multiprocessor;
        for (uint64_t seen = 0;;) {
            std::unique_lock<std::mutex> lock(mutex);
            started.wait(lock, [&] { return number != seen; });
            seen = number;
            lock.unlock();
            take_blocks(multiprocessor, own);
            lock.lock();
            if (--busy == 0) done.notify_one();
        }
    }

    void take_blocks(Multiprocessor& multiprocessor, unsigned own) {
        const Index grid = launch->grid;
        const unsigned count = grid.x * grid.y * grid.z;
        const auto run = [&](unsigned index) {
            const unsigned block = Order::block(index, count);
            multiprocessor.run(*launch, {static_cast<uint32_t>(number), first_open},
                               {block % grid.x, block / grid.x % grid.y, block / grid.x / grid.y});
        };
        if (together) {
            if (own < count) run(own);
            return;
        }
        for (unsigned index = next++; index < count; index = next++) run(index);
    }

    std::mutex one_launch, mutex;
    std::condition_variable started, done;
    const Launch* launch = nullptr;
    bool together = false;
    std::atomic<unsigned> next{0};
    unsigned busy = 0;
    uint64_t number = 0;
    uint32_t first_open = 0;
};

std::map<std::string, const Kernel*>& kernels() {
    static std::map<std::string, const Kernel*> all;
    return all;
}

Multiprocessor& own() { return *Multiprocessor::current; }

}  // namespace

Kernel::Kernel(const char* name, size_t argument_bytes, void (*run)(const void*), unsigned most_threads)
    : name(name), argument_bytes(argument_bytes), run(run), most_threads(most_threads) {
    kernels()[name] = this;
}

const Kernel* find_kernel(const char* name) {
    const auto found = kernels().find(name);
    return found == kernels().end() ? nullptr : found->second;
}

unsigned multiprocessors() {
    static const unsigned count = number_from("ZONOS_SIMULATOR_MULTIPROCESSORS", 6, 1, 256);
    return count;
}

void run(const Launch& launch, bool together) {
    // Never taken down: its threads may still be there when the program ends.
    static Pool* pool = new Pool;
    pool->run(launch, together);
}

Moment now() { return own().now(); }

const char* kernel_at_work() { return own().kernel_at_work(); }

void wait_for_inputs() { own().running->has_inputs = true; }

void* block_memory() { return own().shared; }

int meet(bool holds) {
    Meeting& all = own().all;
    const int count = own().meet(all, holds, [] {});
    return count;
}

void meet_warp() {
    Warp& warp = own().warp();
    own().meet(warp.meeting, false, [] {});
}

Shown show(const uint32_t* words, int count, void (*last)(Shown)) {
    Warp& warp = own().warp();
    auto& shown = warp.shown[warp.meeting.generation % 2];
    uint32_t* own_words = shown[here->thread.x % WARP];
    for (int i = 0; i < count; i++) own_words[i] = words[i];
    own().meet(warp.meeting, false, [&] {
        if (last) last(shown);
    });
    return shown;
}

void open_gate(uint64_t* gate) { *reinterpret_cast<Gate*>(gate) = {}; }

void expect_bytes(uint64_t* gate, uint32_t bytes) {
    auto& state = *reinterpret_cast<Gate*>(gate);
    if (state.expects) fail("a gate expects bytes that it still waits for");
    state.missing += static_cast<int32_t>(bytes), state.expects = 1;
}

void copy_bulk(void* to, const void* from, uint32_t bytes, uint64_t* gate) {
    if ((reinterpret_cast<size_t>(to) | reinterpret_cast<size_t>(from) | bytes) % 16 != 0) fail("a copy is not of sixteens");
    const Copy copy = {to, from, bytes, gate};
    copy.begin();
    own().copies.push_back(copy);
}

void pass_gate(uint64_t* gate, uint32_t turn) {
    const auto& state = *reinterpret_cast<Gate*>(gate);
    while (state.turns % 2 == turn) {
        own().bring(gate);
        if (state.turns % 2 != turn) break;
        own().running->looks = true;
        own().pause();
    }
}

void copy_sixteen(void* to, const void* from) {
    const Copy copy = {to, from, 16, nullptr};
    copy.begin();
    own().running->group.push_back(copy);
}

void close_copies() {
    Thread& thread = *own().running;
    thread.groups.push_back(std::move(thread.group));
    thread.group.clear();
}

void wait_for_copies(unsigned open_groups) {
    auto& groups = own().running->groups;
    for (; groups.size() > open_groups; groups.pop_front()) {
        for (const Copy& copy : groups.front()) copy.end();
    }
}

void look_again() {
    Thread& thread = *own().running;
    if (++thread.looked % LOOKS != 0) return;
    thread.looks = true;
    own().pause();
}

}  // namespace simulator
