// Stands in for one of NVIDIA's libraries while linking (x86-64, System V). Each entry point opens the real library at
// its first call and jumps there; from then on it costs one indirect jump. Where the library or the entry is missing
// it returns FAILED. A program linked with this starts on machines that have no driver.
//
// LIBRARY  the name to open, in quotes; FAILED  the status that a caller sees; ENTRIES  a file of ENTRY(name) lines.
#include <dlfcn.h>
#include <stddef.h>

static long failed(void) { return FAILED; }

static void *library(void) {
    static void *opened;
    void *handle = __atomic_load_n(&opened, __ATOMIC_ACQUIRE);
    if (!handle) {
        handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        // Where toolkits live that no loader was told of.
        if (!handle) handle = dlopen("/usr/local/cuda/lib64/" LIBRARY, RTLD_NOW | RTLD_LOCAL);
        __atomic_store_n(&opened, handle, __ATOMIC_RELEASE);
    }
    return handle;
}

// Called by the assembly below only. A failure is not remembered: nothing is kept that a later call could trip over.
__attribute__((used)) static void *find(const char *name, void **slot) {
    void *handle = library();
    void *entry = handle ? dlsym(handle, name) : NULL;
    if (!entry) return (void *)failed;
    __atomic_store_n(slot, entry, __ATOMIC_RELEASE);
    return entry;
}

// r10 holds the entry's name and r11 its slot: the two registers that carry no argument. Everything that may carry one
// is kept around `find`. On entry the stack is 8 bytes off a multiple of 16; seven pushes and 128 bytes put it right.
__asm__(
    ".text\n"
    ".type open_entry, @function\n"
    "open_entry:\n"
    "  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n  push %rax\n"
    "  sub $128, %rsp\n"
    "  movups %xmm0, 0(%rsp)\n  movups %xmm1, 16(%rsp)\n  movups %xmm2, 32(%rsp)\n  movups %xmm3, 48(%rsp)\n"
    "  movups %xmm4, 64(%rsp)\n  movups %xmm5, 80(%rsp)\n  movups %xmm6, 96(%rsp)\n  movups %xmm7, 112(%rsp)\n"
    "  mov %r10, %rdi\n"
    "  mov %r11, %rsi\n"
    "  call find\n"
    "  mov %rax, %r11\n"
    "  movups 0(%rsp), %xmm0\n  movups 16(%rsp), %xmm1\n  movups 32(%rsp), %xmm2\n  movups 48(%rsp), %xmm3\n"
    "  movups 64(%rsp), %xmm4\n  movups 80(%rsp), %xmm5\n  movups 96(%rsp), %xmm6\n  movups 112(%rsp), %xmm7\n"
    "  add $128, %rsp\n"
    "  pop %rax\n  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n"
    "  jmp *%r11\n");

#define ENTRY(name)                                                                   \
    __asm__(".section .rodata\n"                                                      \
            "text_" #name ": .asciz \"" #name "\"\n"                                  \
            ".section .data\n.balign 8\n"                                             \
            "slot_" #name ": .quad first_" #name "\n"                                 \
            ".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n"       \
            "  jmp *slot_" #name "(%rip)\n"                                           \
            "first_" #name ":\n"                                                      \
            "  lea text_" #name "(%rip), %r10\n  lea slot_" #name "(%rip), %r11\n"    \
            "  jmp open_entry\n");
#include ENTRIES

__asm__(".section .note.GNU-stack,\"\",@progbits\n.text\n");
