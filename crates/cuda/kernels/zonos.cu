// All kernels, compiled together.
#include "attention.cuh"
#include "common.cuh"
#include "embed.cuh"
#include "fill.cuh"
#include "heads.cuh"
#include "matvec.cuh"
#include "router.cuh"
#include "sampler.cuh"
