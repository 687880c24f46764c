// Stands in for the driver of a card, as far as the backbone goes: what it answers is said by the environment. Calls
// succeed, memory is the host's, and kernels do nothing.
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static long said(const char *name, long otherwise) {
    const char *value = getenv(name);
    return value ? atol(value) : otherwise;
}

int cuInit(unsigned flags) { return (int)said("STAND_IN_INIT", 0); }
int cuDriverGetVersion(int *version) { *version = (int)said("STAND_IN_VERSION", 99000); return 0; }
int cuDeviceGetCount(int *count) { *count = (int)said("STAND_IN_CARDS", 1); return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int len, int device) { strncpy(name, "Stand-in", (size_t)len); return 0; }

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    const long capability = said("STAND_IN_CAPABILITY", 90);
    switch (attribute) {
    case 75: *value = (int)(capability / 10); break;
    case 76: *value = (int)(capability % 10); break;
    case 97: *value = 227 << 10; break; // shared memory of a block
    case 102: *value = (int)said("STAND_IN_MAPS", 1); break; // whether memory can be mapped
    default: *value = 1; // a small number
    }
    return 0;
}

int cuMemGetInfo_v2(size_t *available, size_t *total) {
    *available = (size_t)said("STAND_IN_FREE", 64L << 30);
    *total = (size_t)64 << 30;
    return 0;
}

static int made(void **handle) { *handle = malloc(64); return *handle ? 0 : 2; }
static int allocated(void **address, size_t bytes) { *address = calloc(1, bytes ? bytes : 1); return *address ? 0 : 2; }

int cuDevicePrimaryCtxRetain(void **context, int device) { return made(context); }
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
int cuCtxSetCurrent(void *context) { return 0; }
int cuCtxGetCurrent(void **context) { *context = NULL; return 0; }
int cuCtxSynchronize(void) { return 0; }
int cuStreamCreate(void **stream, unsigned flags) { return made(stream); }
int cuStreamDestroy_v2(void *stream) { return 0; }
int cuStreamSynchronize(void *stream) { return 0; }
int cuDeviceGetDefaultMemPool(void **pool, int device) { return made(pool); }
int cuMemPoolSetAttribute(void *pool, int attribute, void *value) { return 0; }
int cuMemAllocAsync(void **address, size_t bytes, void *stream) { return allocated(address, bytes); }
int cuMemFreeAsync(void *address, void *stream) { free(address); return 0; }
int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t bytes, void *stream) { memcpy(to, from, bytes); return 0; }
int cuMemAlloc_v2(void **address, size_t bytes) { return allocated(address, bytes); }
int cuMemFree_v2(void *address) { free(address); return 0; }
int cuMemsetD8Async(void *to, unsigned char value, size_t bytes, void *stream) { memset(to, value, bytes); return 0; }
int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { memcpy(to, from, bytes); return 0; }
int cuMemcpyDtoH_v2(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); return 0; }
int cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t bytes, void *stream) { memcpy(to, from, bytes); return 0; }
int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) { return allocated(memory, bytes); }
int cuMemFreeHost(void *memory) { free(memory); return 0; }
int cuMemHostGetDevicePointer_v2(void **address, void *memory, unsigned flags) { *address = memory; return 0; }
int cuEventCreate(void **event, unsigned flags) { return made(event); }
int cuEventDestroy_v2(void *event) { free(event); return 0; }
int cuEventRecord(void *event, void *stream) { return 0; }
int cuEventSynchronize(void *event) { return 0; }

// Memory that is mapped: so many pages, or none on a card that cannot.
static long pages;
static int maps(void) { return said("STAND_IN_MAPS", 1) ? 0 : 801; }
int cuMemGetAllocationGranularity(size_t *bytes, const void *properties, int option) { *bytes = 4096; return maps(); }
int cuMemAddressReserve(void **address, size_t bytes, size_t alignment, void *wanted, unsigned long long flags) {
    return maps() ? maps() : allocated(address, bytes);
}
int cuMemAddressFree(void *address, size_t bytes) { free(address); return maps(); }
int cuMemCreate(void **page, size_t bytes, const void *properties, unsigned long long flags) {
    if (pages >= said("STAND_IN_PAGES", 1000000)) return 2;
    pages++;
    return maps() ? maps() : made(page);
}
int cuMemRelease(void *page) { pages--; free(page); return 0; }
int cuMemMap(void *address, size_t bytes, size_t offset, void *page, unsigned long long flags) { return maps(); }
int cuMemUnmap(void *address, size_t bytes) { return maps(); }
int cuMemSetAccess(void *address, size_t bytes, const void *description, size_t count) { return maps(); }

int cuModuleLoadData(void **module, const void *image) {
    const int refused = (int)said("STAND_IN_MODULE", 0);
    return refused ? refused : made(module);
}
int cuModuleUnload(void *module) { return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) { return made(function); }
int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **arguments, void **extra) {
    return 0;
}
int cuLaunchKernelEx(const void *config, void *function, void **arguments, void **extra) { return 0; }
int cuFuncGetAttribute(int *value, int attribute, void *function) { *value = 0; return 0; }
int cuFuncSetAttribute(void *function, int attribute, int value) { return 0; }
int cuGetErrorString(int error, const char **text) { *text = "said by the stand-in"; return 0; }

// Of libcublas and libcurand, which are opened with the card.
int cublasCreate_v2(void **handle) { return made(handle); }
int cublasDestroy_v2(void *handle) { return 0; }
int cublasSetStream_v2(void *handle, void *stream) { return 0; }
int curandCreateGenerator(void **generator, int kind) { return made(generator); }
int curandDestroyGenerator(void *generator) { return 0; }
int curandSetStream(void *generator, void *stream) { return 0; }
int curandSetPseudoRandomGeneratorSeed(void *generator, unsigned long long seed) { return 0; }
