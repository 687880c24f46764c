// Tells ThreadSanitizer (build.sh with SANITIZE=1) what orders the threads of a block: it then names every pair of accesses
// to memory that nothing does. Without it, all of this is nothing.
#pragma once

#ifdef ZONOS_SANITIZE
extern "C" {
void* __tsan_get_current_fiber();
void* __tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#define NOT_CHECKED __attribute__((no_sanitize("thread")))
#else
#define NOT_CHECKED
#endif

namespace simulator {

// What threads did before they gave is seen by those who then take from the same place.
inline void give(const void* place) {
#ifdef ZONOS_SANITIZE
    __tsan_release(const_cast<void*>(place));
#endif
    (void)place;
}

inline void take(const void* place) {
#ifdef ZONOS_SANITIZE
    __tsan_acquire(const_cast<void*>(place));
#endif
    (void)place;
}

}  // namespace simulator
