/* functions.c - exp, log, sin, cos and GELU of every element. */
#include "elementary.h"
#include "table.h"

/* clang-format off */
#define EACH(name)                                          \
    void KERNEL(name)(real *y, const real *x, int n)        \
    {                                                       \
        for (int i = 0; i < n * PARTS; i++)                 \
            store(y + i * VL, name##_vec(load(x + i * VL)));\
    }
/* clang-format on */
EACH(exp)
EACH(log)
EACH(sin)
EACH(cos)

/* GELU in its tanh form is x s(v) with the logistic function s and v = 2 sqrt(2/pi) (x + c x^3). */
static const real steepness = (real)1.5957691216057308, cubic = (real)0.044715;

INLINE vec gate(vec x)
{
    return logistic_vec(steepness * fma_vec(cubic * x, x * x, x));
}

static void gelu_alone(real *y, const real *x, int n)
{
    for (int i = 0; i < n * PARTS; i++) {
        vec value = load(x + i * VL);
        store(y + i * VL, value * gate(value));
    }
}

void KERNEL(gelu)(real *y, real *slope, const real *x, int n)
{
    if (!slope) {
        gelu_alone(y, x, n);
        return;
    }
    for (int i = 0; i < n * PARTS; i++) {
        vec value = load(x + i * VL), s = gate(value);
        vec dv = steepness * fma_vec(3 * cubic * value, value, all(1));
        store(slope + i * VL, fma_vec(value * dv, s * (1 - s), s));
        store(y + i * VL, value * s);
    }
}
