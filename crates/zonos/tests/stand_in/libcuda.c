// Stands in for the driver of a card, as far as opening one goes: what it answers is said by the environment. Calls
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
    // The compute capability's two parts; anything else is a small number.
    *value = attribute == 75 ? (int)(capability / 10) : attribute == 76 ? (int)(capability % 10) : 1;
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
int cuGetErrorString(int error, const char **text) { *text = "said by the stand-in"; return 0; }

// Of libcublas and libcurand, which are opened with the card.
int cublasCreate_v2(void **handle) { return made(handle); }
int cublasDestroy_v2(void *handle) { return 0; }
int cublasSetStream_v2(void *handle, void *stream) { return 0; }
int curandCreateGenerator(void **generator, int kind) { return made(generator); }
int curandDestroyGenerator(void *generator) { return 0; }
int curandSetStream(void *generator, void *stream) { return 0; }
int curandSetPseudoRandomGeneratorSeed(void *generator, unsigned long long seed) { return 0; }
