#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#ifdef MESASWEEP_HAS_X86
extern const struct kernels kernels_avx512, kernels_avx2;

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif
extern const struct kernels kernels_generic;

static bool always(void)
{
    return true;
}

static const struct {
    const struct kernels *kernels;
    bool (*runs_here)(void);
} objects[] = {
#ifdef MESASWEEP_HAS_X86
    {&kernels_avx512, has_avx512},
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_generic, always},
};

const struct kernels *kernels_at(int i)
{
    for (size_t o = 0; o < sizeof objects / sizeof objects[0]; o++)
        if (objects[o].runs_here() && i-- == 0)
            return objects[o].kernels;
    return NULL;
}

enum status kernels_best(const struct kernels **kernels, struct error *err)
{
    const char *wanted = getenv("MESASWEEP_ISA");
    char names[64] = "";
    size_t used = 0;
    const struct kernels *at;
    for (int i = 0; (at = kernels_at(i)); i++) {
        if (!wanted || !*wanted || strcmp(wanted, at->name) == 0) {
            *kernels = at;
            return OK;
        }
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", at->name);
    }
    return error_set(err, ERR_USAGE, "MESASWEEP_ISA: '%s' is not among what this CPU runs: %s",
                     wanted, names);
}

void random_seed(struct random_lanes *random, uint64_t seed, uint32_t stream, uint32_t step,
                 uint64_t task)
{
    const struct kernels *fastest = kernels_at(0);
    assert(fastest); /* the generic ones run everywhere */
    fastest->seed(random, seed, stream, step, task);
}

void kernels_flush_denormals(void)
{
#if defined(__SSE2__)
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    _mm_setcsr(_mm_getcsr() | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | (uint64_t)1 << 24));
#endif
}
