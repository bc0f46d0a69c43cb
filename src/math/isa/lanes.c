/* lanes.c - elementwise kernels: one register after the other, every lane alike. */
#include "table.h"

void KERNEL(fill)(real *y, real value, int n)
{
    for (int i = 0; i < n * PARTS; i++)
        store(y + i * VL, all(value));
}

void KERNEL(copy)(real *y, const real *x, int n)
{
    for (int i = 0; i < n * PARTS; i++)
        store(y + i * VL, load(x + i * VL));
}

void KERNEL(axpy)(real *y, const real *x, real a, int n)
{
    for (int i = 0; i < n * PARTS; i++)
        store(y + i * VL, fma_vec(all(a), load(x + i * VL), load(y + i * VL)));
}

void KERNEL(scale)(real *y, const real *x, real a, int n)
{
    for (int i = 0; i < n * PARTS; i++)
        store(y + i * VL, a * load(x + i * VL));
}

void KERNEL(multiply)(real *y, const real *x, const real *z, enum update update, int n)
{
    for (int i = 0; i < n * PARTS; i++) {
        real *at = y + i * VL;
        vec a = load(x + i * VL), b = load(z + i * VL);
        if (update == SET)
            store(at, a * b);
        else
            store(at, update == ADD ? fma_vec(a, b, load(at)) : fnma_vec(a, b, load(at)));
    }
}

void KERNEL(affine)(real *y, const real *x, const real *gain, const real *bias, int n)
{
    for (int i = 0; i < n; i++)
        for (int part = 0; part < LANES; part += VL) {
            vec value = load(x + i * LANES + part);
            if (gain)
                value = bias ? fma_vec(all(gain[i]), value, all(bias[i])) : gain[i] * value;
            else if (bias)
                value += bias[i];
            store(y + i * LANES + part, value);
        }
}

bool KERNEL(clip)(real *y, const real *x, real c, int n)
{
    bool outside = false;
    for (int i = 0; i < n * PARTS; i++) {
        vec value = load(x + i * VL);
        mask above = less(all(c), value), below = less(value, all(-c));
        outside |= any(above) || any(below);
        store(y + i * VL, choose(above, all(c), choose(below, all(-c), value)));
    }
    return outside;
}

void KERNEL(clip_backward)(real *dx, const real *dy, const real *x, real c, int n)
{
    for (int i = 0; i < n * PARTS; i++) {
        vec value = load(x + i * VL), gradient = load(dy + i * VL);
        gradient = choose(less(all(c), value), all(0), gradient);
        store(dx + i * VL, choose(less(value, all(-c)), all(0), gradient));
    }
}
