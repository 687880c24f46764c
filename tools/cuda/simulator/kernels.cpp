// The kernels, as they are for a card.
#include "zonos.cu"
