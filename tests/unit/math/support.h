/* support.h - what the tests of the kernels share: numbers to feed, and every object of this CPU.
 */
#ifndef TESTS_MATH_SUPPORT_H
#define TESTS_MATH_SUPPORT_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "math/kernels.h"
#include "test.h"

#define UNUSED __attribute__((unused))

/* Half the distance from 1 to the next number: the largest relative error of one rounding. */
#ifdef MESASWEEP_DOUBLE
static const double unit_roundoff UNUSED = 0x1p-53;
#else
static const double unit_roundoff UNUSED = 0x1p-24;
#endif

struct source {
    uint64_t x;
};

static inline uint64_t source_word(struct source *source) /* splitmix64 */
{
    uint64_t z = (source->x += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline int source_between(struct source *source, int low, int high)
{
    return low + (int)(source_word(source) % (uint64_t)(high - low + 1));
}

static inline real source_real(struct source *source) /* in [-1, 1) */
{
    return (real)((double)(source_word(source) >> 11) * 0x1p-52 - 1);
}

static inline void source_fill(real *x, struct source *source, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = source_real(source);
}

#define EACH_OBJECT(name)                                                                          \
    for (int object_ = 0; object_ < 3 && kernels_at(object_); object_++)                           \
        for (const struct kernels *name = kernels_at(object_); name; name = NULL)

static inline int flush_denormals(void **state)
{
    (void)state;
    kernels_flush_denormals();
    return 0;
}

#endif
