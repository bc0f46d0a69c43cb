/* rows.c - softmax and the normalisations: one row of n numbers in every lane. */
#include "elementary.h"
#include "table.h"

/* sum over i of x_i y_i, or of x_i when y is NULL (which the compiler sees). Element i goes into
 * chain i mod 4, the end is (0 + 1) + (2 + 3): one chain alone waits for each addition to end. */
INLINE vec chained(const real *x, const real *y, int n)
{
#define STEP(sum, i)                                                                               \
    sum = y ? fma_vec(load(x + (i)*LANES), load(y + (i)*LANES), sum) : sum + load(x + (i)*LANES)
    vec sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        STEP(sum0, i);
        STEP(sum1, i + 1);
        STEP(sum2, i + 2);
        STEP(sum3, i + 3);
    }
    if (i < n)
        STEP(sum0, i);
    if (i + 1 < n)
        STEP(sum1, i + 1);
    if (i + 2 < n)
        STEP(sum2, i + 2);
    return (sum0 + sum1) + (sum2 + sum3);
#undef STEP
}

INLINE vec dot(const real *x, const real *y, int n)
{
    return chained(x, y, n);
}

INLINE vec total(const real *x, int n)
{
    return chained(x, NULL, n);
}

INLINE vec highest_of(const real *x, int n)
{
    vec a = load(x), b = a, c = a, d = a;
    int i = 1;
    for (; i + 4 <= n; i += 4) {
        a = larger(load(x + i * LANES), a);
        b = larger(load(x + (i + 1) * LANES), b);
        c = larger(load(x + (i + 2) * LANES), c);
        d = larger(load(x + (i + 3) * LANES), d);
    }
    for (; i < n; i++)
        a = larger(load(x + i * LANES), a);
    return larger(larger(b, a), larger(d, c));
}

static void softmax_part(real *p, const real *s, real scale, int n)
{
    vec highest = highest_of(s, n), sum = {0};
    for (int i = 0; i < n; i++) {
        vec value = exp_vec(scale * (load(s + i * LANES) - highest));
        store(p + i * LANES, value);
        sum += value;
    }
    vec inverse = all(1) / sum;
    for (int i = 0; i < n; i++)
        store(p + i * LANES, inverse * load(p + i * LANES));
}

void KERNEL(softmax)(real *p, const real *s, real scale, int n)
{
    for (int part = 0; part < LANES; part += VL)
        softmax_part(p + part, s + part, scale, n);
}

void KERNEL(softmax_backward)(real *ds, const real *p, const real *dp, real scale, int n)
{
    for (int part = 0; part < LANES; part += VL) {
        vec mean = dot(p + part, dp + part, n);
        for (int i = part; i < n * LANES; i += LANES)
            store(ds + i, scale * load(p + i) * (load(dp + i) - mean));
    }
}

void KERNEL(normalise)(real *y, real *statistics, const real *x, int n)
{
    for (int part = 0; part < LANES; part += VL) {
        vec mean = total(x + part, n) / (real)n, variance = {0};
        for (int i = part; i < n * LANES; i += LANES) {
            vec difference = load(x + i) - mean;
            variance = fma_vec(difference, difference, variance);
        }
        vec inverse = all(1) / sqrt_vec(variance / (real)n + (real)1e-5);
        for (int i = part; i < n * LANES; i += LANES)
            store(y + i, (load(x + i) - mean) * inverse);
        store(statistics + part, mean);
        store(statistics + LANES + part, inverse);
    }
}

/* With y the normalised row: dx = (dy - mean(dy) - y mean(dy y)) / sqrt(variance + 1e-5). */
void KERNEL(normalise_backward)(real *dx, const real *dy, const real *y, const real *statistics,
                                enum update update, int n)
{
    for (int part = 0; part < LANES; part += VL) {
        vec mean = total(dy + part, n) / (real)n, slope = dot(dy + part, y + part, n) / (real)n;
        vec inverse = load(statistics + LANES + part);
        for (int i = part; i < n * LANES; i += LANES)
            update_at(dx + i, inverse * fnma_vec(load(y + i), slope, load(dy + i) - mean), update);
    }
}

void KERNEL(unit)(real *y, real *norm, const real *x, int n)
{
    for (int part = 0; part < LANES; part += VL) {
        vec length = sqrt_vec(dot(x + part, x + part, n) + (real)1e-12);
        vec inverse = all(1) / length;
        for (int i = part; i < n * LANES; i += LANES)
            store(y + i, load(x + i) * inverse);
        store(norm + part, length);
    }
}

/* dx = (dy - y (y . dy)) / norm, exact with the 1e-12 inside the root. */
void KERNEL(unit_backward)(real *dx, const real *dy, const real *y, const real *norm,
                           enum update update, int n)
{
    for (int part = 0; part < LANES; part += VL) {
        vec slope = dot(dy + part, y + part, n), inverse = all(1) / load(norm + part);
        for (int i = part; i < n * LANES; i += LANES)
            update_at(dx + i, inverse * fnma_vec(load(y + i), slope, load(dy + i)), update);
    }
}
