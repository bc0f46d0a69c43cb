/* lanes.h - rows of LANES doubles, one task a lane; each lane for itself. */
#ifndef THEORY_LANES_H
#define THEORY_LANES_H

#include <math.h>
#include <string.h>

#include "theory/regression.h"

/* y += a x */
static inline void add_product(double *restrict y, const double *restrict a,
                               const double *restrict x)
{
    for (int b = 0; b < LANES; b++)
        y[b] += a[b] * x[b];
}

/* y -= a x */
static inline void subtract_product(double *restrict y, const double *restrict a,
                                    const double *restrict x)
{
    for (int b = 0; b < LANES; b++)
        y[b] -= a[b] * x[b];
}

/* y += a x with one a for all lanes. */
static inline void add_scaled(double *restrict y, double a, const double *restrict x)
{
    for (int b = 0; b < LANES; b++)
        y[b] += a * x[b];
}

static inline void copy_rows(double *to, const double *from, int rows)
{
    memcpy(to, from, sizeof(double) * (size_t)(rows * LANES));
}

static inline void clear_rows(double *rows, int count)
{
    memset(rows, 0, sizeof(double) * (size_t)(count * LANES));
}

/* Limits values to [-clip, clip]. */
static inline void limit_rows(double *values, int rows, double clip)
{
    for (int i = 0; i < rows * LANES; i++)
        values[i] = fabs(values[i]) > clip ? copysign(clip, values[i]) : values[i];
}

#endif
