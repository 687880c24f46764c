// The CUDA driver's entry points that the kernels' crate calls, of a card that is simulated. Work is done when it is asked
// for; a stream that is captured keeps it for its graph. Memory of the card is memory of the process, so that an address
// that is not mapped ends it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "threads.hpp"

namespace {

enum Status : int {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NO_DEVICE = 100,
    NOT_FOUND = 500,
    CAPTURE_UNSUPPORTED = 900,
};

enum Attribute : int {
    MULTIPROCESSOR_COUNT = 16,
    COMPUTE_CAPABILITY_MAJOR = 75,
    COMPUTE_CAPABILITY_MINOR = 76,
    MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
    VIRTUAL_ADDRESS_MANAGEMENT_SUPPORTED = 102,
};

enum FunctionAttribute : int { SHARED_SIZE_BYTES = 1, PTX_VERSION = 5 };

enum LaunchAttribute : unsigned { COOPERATIVE = 2, PROGRAMMATIC = 6 };

struct LaunchAttributeValue {
    unsigned id;
    char pad[4];
    union {
        char bytes[64];
        int allowed;
    };
};

struct LaunchConfig {
    simulator::Index grid, threads;
    unsigned shared;
    struct Stream* stream;
    LaunchAttributeValue* attributes;
    unsigned attribute_count;
};

using Graph = std::vector<std::function<void()>>;

struct Stream {
    // What is captured; null: nothing is.
    std::unique_ptr<Graph> captured;
    // Whether a kernel that allows it could begin before what came last has ended: only another kernel has an end to wait for.
    bool kernel_came_last = false;
};

// Whether this thread captures; what waits or allocates is not allowed then.
thread_local bool captures = false;

constexpr size_t ALIGNMENT = 256;
constexpr size_t GRANULARITY = 64 << 10;
constexpr size_t FREE_MEMORY = size_t{4} << 30;
constexpr int ARCHITECTURE = ZONOS_SIMULATOR;

Status enqueue(Stream* stream, std::function<void()> work, bool is_kernel = false) {
    if (stream) stream->kernel_came_last = is_kernel;
    if (stream && stream->captured) {
        stream->captured->push_back(std::move(work));
    } else {
        work();
    }
    return SUCCESS;
}

void* at(uint64_t address) { return reinterpret_cast<void*>(address); }

Status copy(void* to, const void* from, size_t bytes) {
    if (captures) return CAPTURE_UNSUPPORTED;
    memcpy(to, from, bytes);
    return SUCCESS;
}

Status copy_later(void* to, const void* from, size_t bytes, Stream* stream) {
    return enqueue(stream, [=] { memcpy(to, from, bytes); });
}

// Memory that nobody wrote has bytes that are no number.
Status allocate(void** memory, size_t bytes) {
    if (captures) return CAPTURE_UNSUPPORTED;
    if (bytes == 0) return INVALID_VALUE;
    if (bytes > FREE_MEMORY) return OUT_OF_MEMORY;
    *memory = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (!*memory) return OUT_OF_MEMORY;
    memset(*memory, simulator::UNWRITTEN, bytes);
    return SUCCESS;
}

bool fits(const LaunchConfig& config, const simulator::Kernel& kernel, bool together) {
    const simulator::Index grid = config.grid, threads = config.threads;
    const size_t blocks = size_t{grid.x} * grid.y * grid.z;
    return blocks > 0 && threads.x > 0 && threads.x <= kernel.most_threads && threads.x % 32 == 0 && threads.y == 1 &&
           threads.z == 1 && config.shared <= simulator::MOST_SHARED && (!together || blocks <= simulator::multiprocessors());
}

bool allows(const LaunchConfig& config, LaunchAttribute attribute) {
    for (unsigned i = 0; i < config.attribute_count; i++) {
        if (config.attributes[i].id == attribute) return config.attributes[i].allowed;
    }
    return false;
}

}  // namespace

#define ENTRY extern "C" __attribute__((visibility("default"))) int

ENTRY cuInit(unsigned) { return SUCCESS; }

ENTRY cuGetErrorName(int, const char** name) {
    *name = "an error of the CUDA simulator";
    return SUCCESS;
}

ENTRY cuGetErrorString(int status, const char** text) {
    switch (status) {
        case INVALID_VALUE: *text = "invalid argument"; break;
        case OUT_OF_MEMORY: *text = "out of memory"; break;
        case NO_DEVICE: *text = "no CUDA-capable device is detected"; break;
        case NOT_FOUND: *text = "named symbol not found"; break;
        case CAPTURE_UNSUPPORTED: *text = "operation not permitted when stream is capturing"; break;
        default: *text = "unknown error";
    }
    return SUCCESS;
}

ENTRY cuDeviceGet(int* device, int ordinal) {
    *device = 0;
    return ordinal == 0 ? SUCCESS : NO_DEVICE;
}

ENTRY cuDeviceGetCount(int* count) {
    *count = 1;
    return SUCCESS;
}

ENTRY cuDeviceGetName(char* name, int len, int) {
    snprintf(name, len, "CUDA simulator");
    return SUCCESS;
}

ENTRY cuDeviceGetAttribute(int* value, int attribute, int) {
    switch (attribute) {
        case MULTIPROCESSOR_COUNT: *value = static_cast<int>(simulator::multiprocessors()); break;
        case COMPUTE_CAPABILITY_MAJOR: *value = ARCHITECTURE / 10; break;
        case COMPUTE_CAPABILITY_MINOR: *value = ARCHITECTURE % 10; break;
        case MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: *value = simulator::MOST_SHARED; break;
        case VIRTUAL_ADDRESS_MANAGEMENT_SUPPORTED: *value = 1; break;
        default: *value = 0;
    }
    return SUCCESS;
}

ENTRY cuDevicePrimaryCtxRetain(void** context, int) {
    static int primary;
    *context = &primary;
    return SUCCESS;
}

ENTRY cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
ENTRY cuCtxDestroy_v2(void*) { return SUCCESS; }
ENTRY cuCtxSynchronize() { return captures ? CAPTURE_UNSUPPORTED : SUCCESS; }

namespace {
thread_local void* bound;
}

ENTRY cuCtxSetCurrent(void* context) {
    bound = context;
    return SUCCESS;
}

ENTRY cuCtxGetCurrent(void** context) {
    *context = bound;
    return SUCCESS;
}

ENTRY cuModuleLoadData(void** module, const void*) {
    static int all;
    *module = &all;
    return SUCCESS;
}

ENTRY cuModuleUnload(void*) { return SUCCESS; }

ENTRY cuModuleGetFunction(const simulator::Kernel** function, void*, const char* name) {
    *function = simulator::find_kernel(name);
    return *function ? SUCCESS : NOT_FOUND;
}

ENTRY cuFuncGetAttribute(int* value, int attribute, const simulator::Kernel*) {
    *value = attribute == SHARED_SIZE_BYTES ? static_cast<int>(simulator::OWN_SHARED) : attribute == PTX_VERSION ? ARCHITECTURE : 0;
    return SUCCESS;
}

ENTRY cuFuncSetAttribute(const simulator::Kernel*, int, int) { return SUCCESS; }

ENTRY cuLaunchKernelEx(const LaunchConfig* config, const simulator::Kernel* kernel, void** parameters, void**) {
    const bool together = allows(*config, COOPERATIVE);
    if (!fits(*config, *kernel, together)) return INVALID_VALUE;
    const auto* first = static_cast<const char*>(parameters[0]);
    auto arguments = std::make_shared<std::vector<char>>(first, first + kernel->argument_bytes);
    const bool overlaps = allows(*config, PROGRAMMATIC) && config->stream && config->stream->kernel_came_last;
    const simulator::Launch launch = {kernel, arguments->data(), config->grid, config->threads, config->shared, overlaps};
    return enqueue(config->stream, [launch, arguments, together] { simulator::run(launch, together); }, true);
}

ENTRY cuStreamCreate(Stream** stream, unsigned) {
    *stream = new Stream;
    return SUCCESS;
}

ENTRY cuStreamDestroy_v2(Stream* stream) {
    delete stream;
    return SUCCESS;
}

ENTRY cuStreamSynchronize(Stream* stream) {
    if (stream) stream->kernel_came_last = false;
    return captures ? CAPTURE_UNSUPPORTED : SUCCESS;
}

ENTRY cuStreamWaitEvent(Stream*, void*, unsigned) { return SUCCESS; }

ENTRY cuStreamIsCapturing(Stream* stream, int* capturing) {
    *capturing = stream && stream->captured;
    return SUCCESS;
}

ENTRY cuStreamBeginCapture_v2(Stream* stream, int) {
    if (!stream || stream->captured) return INVALID_VALUE;
    stream->captured = std::make_unique<Graph>(), stream->kernel_came_last = false, captures = true;
    return SUCCESS;
}

ENTRY cuStreamEndCapture(Stream* stream, Graph** graph) {
    if (!stream->captured) return INVALID_VALUE;
    *graph = stream->captured.release(), captures = false;
    return SUCCESS;
}

ENTRY cuGraphInstantiateWithFlags(Graph** executable, const Graph* graph, unsigned long long) {
    *executable = new Graph(*graph);
    return SUCCESS;
}

ENTRY cuGraphUpload(Graph*, Stream*) { return SUCCESS; }

ENTRY cuGraphLaunch(const Graph* graph, Stream* stream) {
    if (stream) stream->kernel_came_last = false;
    for (const auto& work : *graph) work();
    return SUCCESS;
}

ENTRY cuGraphDestroy(Graph* graph) {
    delete graph;
    return SUCCESS;
}

ENTRY cuGraphExecDestroy(Graph* graph) {
    delete graph;
    return SUCCESS;
}

ENTRY cuEventCreate(void** event, unsigned) {
    static int any;
    *event = &any;
    return SUCCESS;
}

ENTRY cuEventDestroy_v2(void*) { return SUCCESS; }
ENTRY cuEventRecord(void*, Stream*) { return SUCCESS; }
ENTRY cuEventQuery(void*) { return SUCCESS; }
ENTRY cuEventSynchronize(void*) { return captures ? CAPTURE_UNSUPPORTED : SUCCESS; }

ENTRY cuEventElapsedTime_v2(float* milliseconds, void*, void*) {
    *milliseconds = 0.0f;
    return SUCCESS;
}

ENTRY cuMemGetInfo_v2(size_t* free, size_t* total) {
    *free = FREE_MEMORY, *total = 2 * FREE_MEMORY;
    return SUCCESS;
}

ENTRY cuMemAlloc_v2(uint64_t* address, size_t bytes) {
    void* memory = nullptr;
    const Status status = allocate(&memory, bytes);
    *address = reinterpret_cast<uint64_t>(memory);
    return status;
}

ENTRY cuMemFree_v2(uint64_t address) {
    if (captures) return CAPTURE_UNSUPPORTED;
    free(at(address));
    return SUCCESS;
}

ENTRY cuMemHostAlloc(void** memory, size_t bytes, unsigned) { return allocate(memory, bytes); }

ENTRY cuMemFreeHost(void* memory) {
    free(memory);
    return SUCCESS;
}

ENTRY cuMemHostGetDevicePointer_v2(uint64_t* address, void* memory, unsigned) {
    *address = reinterpret_cast<uint64_t>(memory);
    return SUCCESS;
}

ENTRY cuMemsetD8_v2(uint64_t address, unsigned char value, size_t bytes) {
    memset(at(address), value, bytes);
    return captures ? CAPTURE_UNSUPPORTED : SUCCESS;
}

ENTRY cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes, Stream* stream) {
    return enqueue(stream, [=] { memset(at(address), value, bytes); });
}

ENTRY cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) { return copy(at(to), from, bytes); }
ENTRY cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) { return copy(to, at(from), bytes); }
ENTRY cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) { return copy(at(to), at(from), bytes); }

ENTRY cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, Stream* stream) {
    return copy_later(at(to), from, bytes, stream);
}

ENTRY cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, Stream* stream) {
    return copy_later(to, at(from), bytes, stream);
}

ENTRY cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, Stream* stream) {
    return copy_later(at(to), at(from), bytes, stream);
}

// Addresses are pages that cannot be touched; a piece of memory is a file without a name, mapped where it is wanted.

ENTRY cuMemGetAllocationGranularity(size_t* bytes, const void*, int) {
    *bytes = GRANULARITY;
    return SUCCESS;
}

ENTRY cuMemAddressReserve(uint64_t* address, size_t bytes, size_t, uint64_t, unsigned long long) {
    void* reserved = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *address = reinterpret_cast<uint64_t>(reserved);
    return reserved == MAP_FAILED ? OUT_OF_MEMORY : SUCCESS;
}

ENTRY cuMemAddressFree(uint64_t address, size_t bytes) { return munmap(at(address), bytes) ? INVALID_VALUE : SUCCESS; }

ENTRY cuMemCreate(unsigned long long* handle, size_t bytes, const void*, unsigned long long) {
    if (captures) return CAPTURE_UNSUPPORTED;
    const int file = memfd_create("piece", MFD_CLOEXEC);
    if (file < 0) return OUT_OF_MEMORY;
    *handle = static_cast<unsigned long long>(file);
    return ftruncate(file, static_cast<off_t>(bytes)) ? OUT_OF_MEMORY : SUCCESS;
}

ENTRY cuMemRelease(unsigned long long handle) { return close(static_cast<int>(handle)) ? INVALID_VALUE : SUCCESS; }

ENTRY cuMemMap(uint64_t address, size_t bytes, size_t offset, unsigned long long handle, unsigned long long) {
    const int file = static_cast<int>(handle);
    void* mapped = mmap(at(address), bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, file, static_cast<off_t>(offset));
    return mapped == MAP_FAILED ? INVALID_VALUE : SUCCESS;
}

ENTRY cuMemSetAccess(uint64_t address, size_t bytes, const void*, size_t) {
    return mprotect(at(address), bytes, PROT_READ | PROT_WRITE) ? INVALID_VALUE : SUCCESS;
}

ENTRY cuMemUnmap(uint64_t address, size_t bytes) {
    void* reserved = mmap(at(address), bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return reserved == MAP_FAILED ? INVALID_VALUE : SUCCESS;
}
