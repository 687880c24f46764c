// The compiler announces every access of the kernels (-fsanitize=thread; its library is not used). Of two accesses by
// different threads to the same memory, of which one writes, the first must be ordered before the second: by a meeting of the
// block, or of the warp if both are in it, between blocks by their arrivals, and between kernels by the end of the first, for
// which threads of one that may begin earlier must have waited. What is atomic is not announced.
#include "races.hpp"

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

namespace simulator {
namespace {

constexpr uint32_t WARP = 32;
// What the variables of a kernel's functions take together, no less.
constexpr size_t OWN_FRAMES = 16 << 10;
// Pairs of places in the code that are told, and what a program that came to know of one ends with.
constexpr size_t MOST_REPORTS = 16;
constexpr int EXIT_CODE = 66;

struct Access {
    Moment moment;
    // The place in the code, counted from the library's begin.
    uint32_t code;
};

// What is known of two bytes: who wrote them last and who read them last, and which warps read them since the reader's
// block last met.
struct Record {
    Access writer, reader;
    uint32_t warps;
    bool several_lanes;
    bool written, read;
};
constexpr size_t GRAIN = 2;

// A region of memory has its records in one stretch, which takes memory where it is used.
constexpr size_t REGION_BITS = 24, ADDRESS_BITS = 47;
constexpr size_t REGION_BYTES = sizeof(Record) * (size_t{1} << REGION_BITS) / GRAIN;
std::atomic<Record*> regions[size_t{1} << (ADDRESS_BITS - REGION_BITS)];

Record* new_region(std::atomic<Record*>& place) {
    void* made = mmap(nullptr, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) {
        perror("CUDA simulator: records of accesses");
        abort();
    }
    Record* expected = nullptr;
    if (place.compare_exchange_strong(expected, static_cast<Record*>(made))) return static_cast<Record*>(made);
    munmap(made, REGION_BYTES);
    return expected;
}

Record& record_of(size_t address) {
    std::atomic<Record*>& place = regions[address >> REGION_BITS];
    Record* region = place.load(std::memory_order_acquire);
    if (!region) region = new_region(place);
    return region[(address & ((size_t{1} << REGION_BITS) - 1)) / GRAIN];
}

// Blocks are at work at the same time. What an access touches lies in one line, as long as it is aligned.
class Lock {
public:
    explicit Lock(size_t address) : flag(flags[(address >> 6) % COUNT]) {
        while (flag.test_and_set(std::memory_order_acquire)) sched_yield();
    }
    ~Lock() { flag.clear(std::memory_order_release); }

private:
    static constexpr size_t COUNT = 4096;
    static std::atomic_flag flags[COUNT];
    std::atomic_flag& flag;
};
std::atomic_flag Lock::flags[Lock::COUNT];

// When blocks arrived at a counter for the last time, and in which order.
struct Arrival {
    Moment moment;
    uint32_t turn;
};
constexpr size_t MOST_BLOCKS = 1 << 16;
Arrival arrivals[MOST_BLOCKS];
std::mutex arriving;

bool blocks_are_ordered(const Moment& before, const Moment& now) {
    const std::lock_guard<std::mutex> lock(arriving);
    const Arrival &first = arrivals[before.block % MOST_BLOCKS], &second = arrivals[now.block % MOST_BLOCKS];
    if (first.moment.launch != now.launch || second.moment.launch != now.launch) return false;
    const bool was_before = before.block_met <= first.moment.block_met;
    const bool is_behind = now.thread == second.moment.thread || now.block_met > second.moment.block_met;
    return was_before && is_behind && first.turn < second.turn;
}

bool is_ordered(const Moment& before, const Moment& now) {
    const bool same_launch = before.launch == now.launch;
    if (!same_launch || before.block != now.block) {
        // A multiprocessor runs one block after the other, in the same memory.
        if (before.multiprocessor == now.multiprocessor) return true;
        return same_launch ? blocks_are_ordered(before, now) : before.launch < now.first_open;
    }
    if (before.thread == now.thread || before.block_met != now.block_met) return true;
    return before.thread / WARP == now.thread / WARP && before.warp_met != now.warp_met;
}

const char* library_begin() {
    static const char* const begin = [] {
        Dl_info info;
        return dladdr(reinterpret_cast<void*>(&record_of), &info) ? static_cast<const char*>(info.dli_fbase) : nullptr;
    }();
    return begin;
}

// A place in the library, as addr2line takes it: of the call, not of what comes behind it.
uint32_t place_of(const Access& access) { return access.code - 1; }

void report(const char* what, const Access& before, const Access& own) {
    static std::mutex mutex;
    static std::set<std::pair<uint32_t, uint32_t>> seen;
    const std::lock_guard<std::mutex> lock(mutex);
    if (seen.size() == MOST_REPORTS || !seen.insert({before.code, own.code}).second) return;
    if (seen.size() == 1) atexit([] { _exit(EXIT_CODE); });
    fprintf(stderr, "CUDA simulator: %s: nothing orders %s: block %u thread %u at 0x%x, block %u thread %u at 0x%x\n",
            kernel_at_work(), what, before.moment.block, before.moment.thread, place_of(before), own.moment.block,
            own.moment.thread, place_of(own));
}

// Whether a place was read since the block of `now` last met.
bool is_read_since(const Record& record, const Moment& now) {
    const Moment& last = record.reader.moment;
    return record.read && last.launch == now.launch && last.block == now.block && last.block_met == now.block_met;
}

// Whether, since the block last met, others read than the thread that read last: other warps, or lanes since the warp did.
bool others_read(const Record& record, const Moment& now) {
    if (!is_read_since(record, now)) return false;
    const uint32_t others = record.warps & ~(1u << now.thread / WARP);
    return others || (record.several_lanes && record.reader.moment.warp_met == now.warp_met);
}

void note_read(Record& record, const Access& own) {
    if (record.written && !is_ordered(record.writer.moment, own.moment)) {
        report("a write and the read after it", record.writer, own);
    }
    const Moment &last = record.reader.moment, &now = own.moment;
    const bool same_time = is_read_since(record, now);
    record.several_lanes = same_time && last.warp_met == now.warp_met && last.thread / WARP == now.thread / WARP &&
                           (record.several_lanes || last.thread != now.thread);
    record.warps = (same_time ? record.warps : 0) | 1u << now.thread / WARP;
    record.reader = own, record.read = true;
}

void note_write(Record& record, const Access& own, bool remember) {
    if (record.written && !is_ordered(record.writer.moment, own.moment)) {
        report("two writes", record.writer, own);
    }
    if (others_read(record, own.moment) || (record.read && !is_ordered(record.reader.moment, own.moment))) {
        report("a read and the write after it", record.reader, own);
    }
    record.writer = own, record.written = remember, record.read = false;
}

template <typename Note> void each_record(const void* at, size_t bytes, Note note) {
    const size_t address = reinterpret_cast<size_t>(at), end = address + bytes;
    const Lock lock(address);
    for (size_t grain = address / GRAIN * GRAIN; grain < end; grain += GRAIN) note(record_of(grain));
}

// Whether memory is that of callers' variables: nobody else has an address in it.
inline __attribute__((always_inline)) bool is_of_frames_above(const void* at) {
    const auto* frame = static_cast<const char*>(__builtin_frame_address(0));
    return static_cast<size_t>(static_cast<const char*>(at) - frame) < OWN_FRAMES;
}

Access access_from(const void* caller) {
    return {now(), static_cast<uint32_t>(static_cast<const char*>(caller) - library_begin())};
}

void read_at(const void* at, size_t bytes, const void* caller) {
    if (is_of_frames_above(at)) return;
    const Access own = access_from(caller);
    each_record(at, bytes, [&](Record& record) { note_read(record, own); });
}

void write_at(const void* at, size_t bytes, const void* caller) {
    if (is_of_frames_above(at)) return;
    const Access own = access_from(caller);
    each_record(at, bytes, [&](Record& record) { note_write(record, own, true); });
}

}  // namespace

void write_by_copy(const void* at, size_t bytes) {
    const Access own = access_from(__builtin_return_address(0));
    each_record(at, bytes, [&](Record& record) { note_write(record, own, false); });
}

void note_arrival() {
    static uint32_t turns;
    const Moment moment = now();
    const std::lock_guard<std::mutex> lock(arriving);
    arrivals[moment.block % MOST_BLOCKS] = {moment, ++turns};
}

}  // namespace simulator

#define CALLER __builtin_return_address(0)
#define ACCESSES(bytes)                                                                               \
    void __tsan_read##bytes(void* at) { simulator::read_at(at, bytes, CALLER); }                      \
    void __tsan_write##bytes(void* at) { simulator::write_at(at, bytes, CALLER); }                    \
    void __tsan_unaligned_read##bytes(void* at) { simulator::read_at(at, bytes, CALLER); }            \
    void __tsan_unaligned_write##bytes(void* at) { simulator::write_at(at, bytes, CALLER); }

extern "C" {
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
void __tsan_read_range(void* at, size_t bytes) { simulator::read_at(at, bytes, CALLER); }
void __tsan_write_range(void* at, size_t bytes) { simulator::write_at(at, bytes, CALLER); }
// Two bytes share a record; of those who read and write single ones nothing is known.
void __tsan_read1(void*) {}
void __tsan_write1(void*) {}
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
