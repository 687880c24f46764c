#include "fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "fibers are written for x86-64 and aarch64"
#endif

// swap_stacks(save, load): keeps what a called function must keep on the stack, exchanges stacks, and takes it from there.
// first_turn: the first return of a fiber comes here, with its function and argument in kept registers.
#ifdef __x86_64__
__asm__(
    ".text\n.type swap_stacks, @function\nswap_stacks:\n"
    "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n  mov (%rsi), %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n  ret\n"
    ".type first_turn, @function\nfirst_turn:\n"
    "  mov %r13, %rdi\n  call *%r12\n  ud2\n");
#else
__asm__(
    ".text\n.type swap_stacks, %function\nswap_stacks:\n"
    "  sub sp, sp, #160\n"
    "  stp x19, x20, [sp]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n  stp x25, x26, [sp, #48]\n"
    "  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
    "  mov x9, sp\n  str x9, [x0]\n  ldr x9, [x1]\n  mov sp, x9\n"
    "  ldp x19, x20, [sp]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n  ldp x25, x26, [sp, #48]\n"
    "  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
    "  add sp, sp, #160\n  ret\n"
    ".type first_turn, %function\nfirst_turn:\n"
    "  mov x0, x20\n  blr x19\n  brk #0\n");
#endif

extern "C" void swap_stacks(void** save, void** load);
extern "C" void first_turn();

namespace simulator {

namespace {
constexpr size_t STACK = 128 << 10;
}

void Fiber::prepare(void (*enter)(void*), void* argument) {
    const size_t page = sysconf(_SC_PAGESIZE);
    stack = mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    // What grows beyond its end meets a page that cannot be written.
    if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE) != 0) {
        perror("CUDA simulator: a fiber's stack");
        abort();
    }
    // Stacks that begin at the same place of a page would meet in the same lines of the cache.
    static thread_local size_t color;
    color = (color + 5 * 64) % 4096;
    auto* top = reinterpret_cast<void**>(static_cast<uint8_t*>(stack) + STACK - color);
#ifdef __x86_64__
    // r15, r14, r13, r12, rbx, rbp and the place to return to; there the stack is to be a multiple of 16.
    void** at = top - 9;
    at[2] = argument, at[3] = reinterpret_cast<void*>(enter), at[6] = reinterpret_cast<void*>(first_turn);
#else
    void** at = top - 20;
    at[0] = reinterpret_cast<void*>(enter), at[1] = argument, at[11] = reinterpret_cast<void*>(first_turn);
#endif
    place = at;
}

Fiber::~Fiber() {
    if (stack) munmap(stack, STACK);
}

void Fiber::swap(Fiber& from, Fiber& to) {
    swap_stacks(&from.place, &to.place);
}

}  // namespace simulator
