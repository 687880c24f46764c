// A thread of control of which many take turns in one thread of the system.
#pragma once

namespace simulator {

class Fiber {
public:
    Fiber() = default;
    Fiber(const Fiber&) = delete;
    ~Fiber();

    // Gives it a stack, on which `enter` will run when it first has its turn, and never return.
    void prepare(void (*enter)(void*), void* argument);

    // Stops at this place and goes on with the other one.
    static void swap(Fiber& from, Fiber& to);

    // Has the top of its stack brought to the cache.
    void prefetch() const {
        __builtin_prefetch(place);
        __builtin_prefetch(static_cast<const char*>(place) + 64);
    }

private:
    void* stack = nullptr;
    // Where it stopped.
    void* place = nullptr;
};

}  // namespace simulator
